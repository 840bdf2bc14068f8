import FwdCore

extension ForwardSpec {
    /// Of a forward that listens on a port.
    public var listenPort: UInt16 {
        guard let port = listen.port else { preconditionFailure("\(self) listens on no port") }
        return port
    }
}
