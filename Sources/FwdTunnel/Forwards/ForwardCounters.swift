import FwdCore

/// The counters of one forward, shared by its relays. Loop-bound. They live as long as the forward, over all sessions.
final class ForwardCounters {
    private let kind: ForwardSpec.Kind
    private(set) var values = RelayCounters()
    private var whenIdle: (() -> Void)?

    init(kind: ForwardSpec.Kind) {
        self.kind = kind
    }

    func began() {
        values.active += 1
    }

    func ended(_ result: RelayResult) {
        values.active -= 1
        values.count(result)
        if values.active == 0 { whenIdle?() }
    }

    /// A connection was not even begun with.
    func refused(_ result: RelayResult) {
        values.count(result)
    }

    /// Bytes from our side into the channel.
    func sent(_ count: Int) {
        switch kind {
        case .local, .dynamic, .transparent, .network: values.bytesToTarget += UInt64(count)
        case .remote: values.bytesFromTarget += UInt64(count)
        }
    }

    /// Bytes from the channel to our side.
    func received(_ count: Int) {
        switch kind {
        case .local, .dynamic, .transparent, .network: values.bytesFromTarget += UInt64(count)
        case .remote: values.bytesToTarget += UInt64(count)
        }
    }

    /// Calls `body` when no connection is carried any more; at once if that is so now.
    func notifyWhenIdle(_ body: @escaping () -> Void) {
        if values.active == 0 { return body() }
        whenIdle = body
    }
}

@available(*, unavailable)
extension ForwardCounters: Sendable {}
