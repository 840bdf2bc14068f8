/// Who wants to know what the supervisor does with `forwards.d`. It is called on the supervisor's actor, so it must not
/// wait.
protocol SupervisorObserver: Sendable {
    func reloadBegins()
    /// All gateways have been told what the files say, at the start and at each reload.
    func applied(_ configuration: LoadedConfiguration)
    /// Follows `reloadBegins`, also where nothing could be read.
    func reloadEnds()
}
