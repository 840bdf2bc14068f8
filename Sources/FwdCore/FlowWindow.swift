/// How much may be on its way on one channel in one direction: enough to fill the path, and no more. Pure.
///
/// A window below rate × round trip caps the channel (2 MiB at 100 ms: 20 MB/s). One far above it makes a queue, at
/// sshd, at the path's narrowest place or in its own buffers, and every other channel of the session waits behind it.
/// So the window starts small and follows what was taken within the last round trips.
///
/// - To us (`init(initial:)`), it is what we allow the far side to send ahead, and starts as sshd's own.
/// - To the far side (`sending`), it is what we send ahead of what the far side allows: sshd allows 2 MiB, on a short
///   path some milliseconds of a queue.
public struct FlowWindow: Hashable, Sendable {
    public typealias Instant = ContinuousClock.Instant

    /// Our choices.
    public enum Policy {
        /// sshd's own window (channels.h, CHAN_TCP_WINDOW_DEFAULT).
        public static let initial = 2 * 1024 * 1024
        /// What is sent ahead at least. Once 96 KiB of a channel have come, sshd says of all that its target takes that
        /// it was taken (channels.c, channel_check_window, since OpenSSH 4), so it must be more than that.
        public static let sendingInitial = 256 * 1024
        /// Of a tunnel, whose senders find out from drops how much it carries: a queue that is small, and must be more than
        /// those 96 KiB all the same.
        public static let tunnelSending = 160 * 1024
        /// From the far side credit goes in small parts, and it drops what does not fit: room for a burst.
        public static let tunnelReceiving = 256 * 1024
        /// Fills 1 Gbit/s at 250 ms.
        public static let maximum = 32 * 1024 * 1024
        /// Above rate × round trip, so that there is room to find out that the path carries more.
        static let headroom = 1.5
        /// The same for sending, where what is taken is known later, by those parts.
        static let sendingHeadroom = 2.0
        /// A shorter time than this says nothing about a rate.
        static let period = Duration.milliseconds(20)
        /// How long the window must have been twice too large before it shrinks.
        static let patience = Duration.seconds(5)
    }

    /// In bytes: what may be outstanding, unread by us.
    public private(set) var size: Int
    private let initial: Int
    private let headroom: Double
    private var periodStart: Instant?
    private var taken = 0
    private var tooLargeSince: Instant?

    public init(initial: Int = Policy.initial) {
        self.init(initial: initial, headroom: Policy.headroom)
    }

    /// For what we send.
    public static var sending: FlowWindow {
        FlowWindow(initial: Policy.sendingInitial, headroom: Policy.sendingHeadroom)
    }

    /// For the packets that we send through a tunnel.
    public static var tunnelSending: FlowWindow {
        FlowWindow(initial: Policy.tunnelSending, headroom: Policy.sendingHeadroom)
    }

    /// For those that we receive.
    public static var tunnelReceiving: FlowWindow {
        FlowWindow(initial: Policy.tunnelReceiving, headroom: Policy.headroom)
    }

    private init(initial: Int, headroom: Double) {
        self.initial = initial
        self.headroom = headroom
        size = initial
    }

    /// The receiver has taken `count` bytes.
    /// - Parameter roundTrip: the path's own, without what waits in buffers; `nil`: not known.
    /// - Returns: the size that the window should have from now on, if that is another one: the owner asks its budget,
    ///   then calls `resize`.
    public mutating func took(_ count: Int, roundTrip: Duration?, now: Instant) -> Int? {
        taken += count
        guard let roundTrip else { return nil }
        guard let start = periodStart else {
            begin(now)
            return nil
        }
        let elapsed = now - start
        guard elapsed >= max(roundTrip, Policy.period) else { return nil }
        let inFlight = Double(taken) * (roundTrip / elapsed)
        begin(now)
        return wanted(inFlight: inFlight, now: now)
    }

    public mutating func resize(to size: Int) {
        self.size = size
    }

    private mutating func begin(_ now: Instant) {
        periodStart = now
        taken = 0
    }

    private mutating func wanted(inFlight: Double, now: Instant) -> Int? {
        let ideal = min(max(initial, Int(inFlight * headroom)), max(initial, Policy.maximum))
        if ideal > size {
            tooLargeSince = nil
            return ideal
        }
        guard ideal < size / 2 else {
            tooLargeSince = nil
            return nil
        }
        guard let since = tooLargeSince else {
            tooLargeSince = now
            return nil
        }
        return now - since >= Policy.patience ? ideal : nil
    }
}

/// What all windows of a gateway together may have above their initial sizes. Loop-bound.
public final class WindowBudget {
    /// Our choice, in bytes: two channels at the largest window, or a dozen on a path of 50 ms and 1 Gbit/s.
    public static let standard = 64 * 1024 * 1024

    /// In bytes.
    public private(set) var left: Int

    public init(_ bytes: Int = standard) {
        left = bytes
    }

    /// - Returns: how much of `count` there was.
    public func take(_ count: Int) -> Int {
        let granted = min(count, left)
        left -= granted
        return granted
    }

    public func give(_ count: Int) {
        left += count
    }
}

extension WindowBudget {
    /// Makes a window smaller, or larger by as much of the difference as there is.
    public func resize(_ window: inout FlowWindow, to size: Int) {
        if size > window.size {
            window.resize(to: window.size + take(size - window.size))
        } else {
            give(window.size - size)
            window.resize(to: size)
        }
    }
}

@available(*, unavailable)
extension WindowBudget: Sendable {}
