import FwdCore
import NIOCore

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

    /// Blocks where it is a name.
    /// - Returns: `nil`: the name is not known.
    var address: SocketAddress? {
        switch self {
        case .host(let host, let port): try? SocketAddress.makeAddressResolvingHost(host, port: Int(port))
        case .path(let path): try? SocketAddress(unixDomainSocketPath: path)
        }
    }

    var description: String {
        switch self {
        case .host(let host, let port): ForwardSpec.Endpoint(host: host, port: port).description
        case .path(let path): path
        }
    }
}
