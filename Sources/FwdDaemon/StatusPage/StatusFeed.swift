import FwdControl
import FwdCore
import NIOCore
import Synchronization

/// What the open status pages are told: the snapshot whenever it has changed, and the history when that has.
///
/// One look a second serves all pages. A page that reads slowly gets the newest state and misses those between; each
/// holds one unsent message at most.
final class StatusFeed: Sendable {
    /// Our choices.
    enum Policy {
        static let period = Duration.seconds(1)
        /// Without news for this long, a sign of life: proxies keep the connection, and a page that is gone is noticed.
        static let silence = Duration.seconds(15)
        /// Pages at a time; scrapers share the endpoint's connections with them.
        static let pages = 16
    }

    typealias Messages = AsyncStream<ByteBuffer>

    private struct Page {
        let continuation: Messages.Continuation
        /// Between its first message and its admission a look may have passed it by.
        var isNew = true
    }

    private struct Pages {
        var open: [Int: Page] = [:]
        var lastID = 0
        var isClosed = false
    }

    private let snapshot: @Sendable () async -> StatusSnapshot
    private let history: @Sendable () async -> HistoryReply
    private let pages = Mutex(Pages())
    private let last = Mutex<(status: StatusSnapshot, history: HistoryReply, sent: ContinuousClock.Instant)?>(nil)

    init(
        snapshot: @escaping @Sendable () async -> StatusSnapshot, history: @escaping @Sendable () async -> HistoryReply
    ) {
        self.snapshot = snapshot
        self.history = history
    }

    /// A page's messages, beginning with the state as it is; `nil` where there are too many pages, or at the end.
    func open() async -> Messages? {
        let (messages, continuation) = Messages.makeStream(bufferingPolicy: .bufferingNewest(1))
        let first = StatusMessage.make(await snapshot(), await history())
        guard let id = admit(continuation, first) else { return nil }
        continuation.onTermination = { [weak self] _ in
            self?.pages.withLock { _ = $0.open.removeValue(forKey: id) }
        }
        return messages
    }

    /// The first message is sent here, so that no later one can be lost to it.
    private func admit(_ continuation: Messages.Continuation, _ first: ByteBuffer) -> Int? {
        pages.withLock { pages in
            guard !pages.isClosed, pages.open.count < Policy.pages else { return nil }
            pages.lastID += 1
            pages.open[pages.lastID] = Page(continuation: continuation)
            continuation.yield(first)
            return pages.lastID
        }
    }

    /// Tells the pages of changes, until it is cancelled.
    func run() async throws {
        while true {
            // Counters change without an event; a page is told of them so often.
            try await Task.sleep(for: Policy.period)
            if pages.withLock({ !$0.open.isEmpty }) { await look() }
        }
    }

    /// Tells the pages what has changed since the last look, or that nothing has for long.
    func look(now: ContinuousClock.Instant = .now) async {
        let (status, events) = (await snapshot(), await history())
        let before = last.withLock { $0 }
        let hasNewHistory = events != before?.history
        let isNews = hasNewHistory || !status.says(sameAs: before?.status)
        let hasNewPage = pages.withLock { $0.open.values.contains(where: \.isNew) }
        if let before, !isNews, !hasNewPage, now - before.sent < Policy.silence { return }
        last.withLock { $0 = (status, events, now) }
        let news = isNews ? StatusMessage.make(status, hasNewHistory ? events : nil) : StatusMessage.alive
        tell(news, everything: StatusMessage.make(status, events))
    }

    /// Ends all pages, so that nothing waits for them at a shutdown.
    func close() {
        let open = pages.withLock { pages in
            pages.isClosed = true
            return pages.open.values.map(\.continuation)
        }
        for continuation in open { continuation.finish() }
    }

    /// - Parameter everything: for pages that may have missed something; even a sign of life drops what was not read.
    private func tell(_ news: ByteBuffer, everything: ByteBuffer) {
        pages.withLock { pages in
            for (id, page) in pages.open {
                let result = page.continuation.yield(page.isNew ? everything : news)
                if case .dropped = result { page.continuation.yield(everything) }
                pages.open[id]?.isNew = false
            }
        }
    }
}

/// One message of a stream: `event:` and `data:` lines (HTML Standard, section 9.2.6).
enum StatusMessage {
    static let alive = ByteBuffer(string: "event: alive\ndata: {}\n\n")

    static func make(_ status: StatusSnapshot?, _ history: HistoryReply?) -> ByteBuffer {
        var buffer = ByteBuffer()
        if let status { write("status", status, to: &buffer) }
        if let history { write("history", history, to: &buffer) }
        return buffer
    }

    private static func write(_ event: String, _ value: some Encodable, to buffer: inout ByteBuffer) {
        // JSON has no line feeds of its own, so one data line is enough.
        guard var json = try? ControlJSON.buffer(value) else { return }
        buffer.writeString("event: \(event)\ndata: ")
        buffer.writeBuffer(&json)
        buffer.writeString("\n\n")
    }
}

extension StatusSnapshot {
    /// Whether nothing but the time is another.
    fileprivate func says(sameAs other: StatusSnapshot?) -> Bool {
        guard var other else { return false }
        other.takenAt = takenAt
        return self == other
    }
}
