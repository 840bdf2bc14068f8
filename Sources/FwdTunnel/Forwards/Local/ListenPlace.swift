import FwdCore
import NIOCore
import NIOPosix

/// One socket of a listener here: ssh's bind addresses may stand for two.
enum ListenPlace: Hashable, CustomStringConvertible {
    /// An address or a name.
    case host(String, UInt16)
    case path(String)

    /// - Parameter listen: a port or a socket.
    static func places(of listen: ForwardSpec.Listen) -> [ListenPlace] {
        switch listen {
        case .port(let listen):
            switch listen.address {
            case .loopback: [.host("127.0.0.1", listen.port), .host("::1", listen.port)]
            case .any: [.host("0.0.0.0", listen.port), .host("::", listen.port)]
            case .address(let host): [.host(host, listen.port)]
            }
        case .socket(let path): [.path(path)]
        case .redirect, .device: preconditionFailure("\(listen) is no place to listen at")
        }
    }

    /// The first one of a name.
    /// - Throws: `Cause` (dns) where the name is not known.
    func address(on loop: any EventLoop) -> EventLoopFuture<SocketAddress> {
        switch self {
        case .host(let host, let port):
            if let literal = try? SocketAddress(ipAddress: host, port: Int(port)) {
                return loop.makeSucceededFuture(literal)
            }
            return BlockingPool.shared.runIfActive(eventLoop: loop) { try Connector.lookUpFirst(host, port: port) }
        case .path(let path):
            return loop.makeCompletedFuture { try SocketAddress(unixDomainSocketPath: path) }
        }
    }

    var description: String {
        switch self {
        case .host(let host, let port): ForwardSpec.Endpoint(host: host, port: port).description
        case .path(let path): path
        }
    }
}
