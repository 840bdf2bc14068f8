import FwdCore

/// What stands behind the control protocol: the supervisor, or a stand-in in tests.
public protocol ControlBackend: Sendable {
    func snapshot() async -> StatusSnapshot

    /// Reads `forwards.d` again and makes what runs equal to it. A bad file is part of the answer, not an error.
    func reload() async throws(ControlError) -> ReloadReply

    /// What `reload` would do now. Nothing is changed.
    func plan() async throws(ControlError) -> ReloadReply

    /// The last events.
    /// - Parameter gateway: `nil` for all.
    func history(gateway: String?) async throws(ControlError) -> HistoryReply

    /// Ends backoff and parking at once.
    /// - Parameter gateway: `nil` for all.
    func retry(gateway: String?) async throws(ControlError) -> RetryReply

    /// One element after every change of a state. Elements are merged while nobody takes them; the stream ends when the
    /// supervisor does.
    func changes() -> AsyncStream<Void>
}
