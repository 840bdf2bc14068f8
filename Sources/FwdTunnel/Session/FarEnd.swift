import FwdCore
import LibSSH2
import NIOCore

/// What a channel leads to at the far side.
enum FarEnd: Hashable, CustomStringConvertible {
    case destination(ForwardSpec.Destination)
    /// A tun device, by its number; `nil`: any.
    case tunnel(unit: UInt32?)

    static func host(_ endpoint: ForwardSpec.Endpoint) -> FarEnd { .destination(.host(endpoint)) }

    var description: String {
        switch self {
        case .destination(let destination): destination.description
        case .tunnel(let unit): unit.map { "the device tun\($0)" } ?? "a tun device"
        }
    }

    /// What decides at the server whether it may be opened (sshd_config(5), sshd(8)).
    var permission: String {
        switch self {
        case .destination(.host): "AllowTcpForwarding, PermitOpen or permitopen"
        case .tunnel: "PermitTunnel"
        case .destination(.socket): "AllowStreamLocalForwarding, or no port-forwarding for the key"
        }
    }

    /// What a refusal leaves open: sshd answers for a Unix socket that it forbids as for one that does not exist
    /// (serverloop.c, server_request_direct_streamlocal).
    var refusalNote: String {
        switch self {
        case .destination(.host), .tunnel: ""
        case .destination(.socket): " (nothing listens there, or it is forbidden by \(permission))"
        }
    }

    /// - Parameter originator: who connected here; sshd writes it into its log.
    func channelTarget(for originator: SocketAddress?) -> ChannelTarget {
        switch self {
        case .destination(.host(let target)):
            .directTCPIP(
                host: target.host, port: target.port, originator: originator?.ipAddress ?? "127.0.0.1",
                originatorPort: UInt16(clamping: originator?.port ?? 0))
        case .destination(.socket(let path)): .directStreamLocal(path: path)
        case .tunnel(let unit): .tunnel(unit: unit)
        }
    }
}
