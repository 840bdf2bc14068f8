/// Waits until `poll` gives a value, and returns it. This is the only wait in the tests.
///
/// - Parameters:
///   - deadline: after this long it gives up with an error that names `what`.
///   - what: what is waited for, as a clause: "the forward is up".
///   - poll: asked about every 5 ms. `nil` means not yet; an error ends the wait at once.
public func eventually<Value>(
    within deadline: Duration = .seconds(30), _ what: String, isolation: isolated (any Actor)? = #isolation,
    poll: () async throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let start = clock.now
    while true {
        if let value = try await poll() { return value }
        let elapsed = clock.now - start
        if elapsed >= deadline { throw DeadlineExceeded(what: what, deadline: deadline) }
        try await clock.sleep(for: min(.milliseconds(5), deadline - elapsed))
    }
}

/// Waits until `condition` holds.
public func eventually(
    within deadline: Duration = .seconds(30), _ what: String, isolation: isolated (any Actor)? = #isolation,
    condition: () async throws -> Bool
) async throws {
    try await eventually(within: deadline, what) { () async throws -> Void? in
        try await condition() ? () : nil
    }
}

/// A wait came to its end in vain.
public struct DeadlineExceeded: Error, Equatable, Sendable, CustomStringConvertible {
    public let what: String
    public let deadline: Duration

    public init(what: String, deadline: Duration) {
        self.what = what
        self.deadline = deadline
    }

    public var description: String { "waited \(deadline) in vain until \(what)" }
}

/// Runs `body`, then `cleanUp` whether or not `body` threw.
func withCleanUp<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result, cleanUp: () async -> Void
) async throws -> Result {
    do {
        let result = try await body()
        await cleanUp()
        return result
    } catch {
        await cleanUp()
        throw error
    }
}
