/// A relay's place with one rate limiter: it asks for a turn, and keeps it until bytes have flowed. Loop-bound.
final class RateTurn {
    private enum State {
        case none, queued, mine
    }

    private let limiter: RateLimiter?
    private var state = State.none

    /// - Parameter limiter: `nil`: it is always our turn.
    init(_ limiter: RateLimiter?) {
        self.limiter = limiter
    }

    var isQueued: Bool { state == .queued }

    /// `false`: `body` is called when it is our turn, and says whether it has any use for it.
    func isMine(orLater body: @escaping () -> Bool) -> Bool {
        guard let limiter, state != .mine else { return true }
        if state == .queued { return false }
        if limiter.admits(orLater: { [weak self] in self?.take(body) ?? false }) {
            state = .mine
            return true
        }
        state = .queued
        return false
    }

    private func take(_ body: () -> Bool) -> Bool {
        state = .mine
        if body() { return true }
        state = .none
        return false
    }

    /// So many bytes have flowed.
    func spend(_ count: Int) {
        limiter?.spend(count)
    }

    /// The next bytes need another turn.
    func end() {
        if state == .mine { state = .none }
    }
}

@available(*, unavailable)
extension RateTurn: Sendable {}
