import FwdCore

/// Listening sockets that live longer than this process: given by the service manager at the start, kept by it for the
/// next one. For all threads.
public protocol ListenerStore: Sendable {
    /// Sockets that listen for this forward already. They are the caller's from here on.
    func take(_ forward: ForwardID) -> [CInt]
    /// The forward listens on this socket, which stays the caller's; the service manager may keep a copy.
    func keep(_ socket: CInt, for forward: ForwardID)
    /// The forward does not listen any more, and its successor will not.
    func forget(_ forward: ForwardID)
}
