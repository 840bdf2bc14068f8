/// Lets one at a time through, in the order of coming. It lives inside an actor, which makes its methods atomic.
struct Turnstile {
    private var isTaken = false
    private var queue: [CheckedContinuation<Void, Never>] = []

    /// `true`: go on, and call `leave` afterwards. `false`: wait by `queue`, without a suspension in between.
    mutating func enter() -> Bool {
        if isTaken { return false }
        isTaken = true
        return true
    }

    /// Resumes `continuation` when it is its turn.
    mutating func queue(_ continuation: CheckedContinuation<Void, Never>) {
        queue.append(continuation)
    }

    mutating func leave() {
        if queue.isEmpty {
            isTaken = false
        } else {
            queue.removeFirst().resume()
        }
    }
}
