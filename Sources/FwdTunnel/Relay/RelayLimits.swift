import FwdCore
import NIOCore

/// What the relays of one forward have to keep to, together and each for itself. Loop-bound.
final class RelayLimits {
    /// No limits: for relays that belong to no forward.
    static func none(_ loop: any EventLoop) -> RelayLimits { RelayLimits(.none, loop: loop) }

    let idleTimeout: Duration?
    /// From the near side into the channel, and from the channel to the near side.
    let toFar: RateLimiter?
    let toNear: RateLimiter?
    /// What the far side may send ahead at first.
    let window: Int
    /// Most bytes of one read from the near side; `nil` is the near connection's own choice.
    let readSize: Int?

    init(_ limits: ForwardLimits, loop: any EventLoop) {
        idleTimeout = limits.idleTimeout
        toFar = limits.bytesPerSecond.map { RateLimiter(bytesPerSecond: $0, loop: loop) }
        toNear = limits.bytesPerSecond.map { RateLimiter(bytesPerSecond: $0, loop: loop) }
        // A quarter of a second's worth, but no less than two packets of sshd.
        window =
            limits.bytesPerSecond.map { min(FlowWindow.Policy.initial, max(65_536, $0 / 4)) }
            ?? FlowWindow.Policy.initial
        // Small against the rate, so that many relays that read at once are not far ahead of it.
        readSize = limits.bytesPerSecond.map { min(65_536, max(512, $0 / 32)) }
    }
}

@available(*, unavailable)
extension RelayLimits: Sendable {}
