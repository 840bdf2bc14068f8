import FwdCore
import NIOCore
import NIOPosix

extension ClientBootstrap {
    /// Connects from here.
    func connect(to destination: ForwardSpec.Destination) -> EventLoopFuture<any Channel> {
        switch destination {
        case .host(let endpoint): connect(host: endpoint.host, port: Int(endpoint.port))
        case .socket(let path): connect(unixDomainSocketPath: path)
        }
    }
}
