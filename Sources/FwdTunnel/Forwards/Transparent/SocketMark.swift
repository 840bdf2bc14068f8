import Glibc
import NIOCore
import NIOPosix

/// The mark of our connections to SSH servers (socket(7), SO_MARK): no rule of ours may send them into a tunnel.
enum SocketMark {
    /// Our choice: "fwd" in ASCII.
    static let value: CInt = 0x66_77_64

    static let option = ChannelOptions.Types.SocketOption(
        level: .socket, name: NIOBSDSocket.Option(rawValue: SO_MARK))

    /// Whether this process may set it, which takes CAP_NET_ADMIN or CAP_NET_RAW: without, it has no rules either.
    static let isPossible: Bool = {
        let probe = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return false }
        defer { close(probe) }
        var mark = value
        return setsockopt(probe, SOL_SOCKET, SO_MARK, &mark, socklen_t(MemoryLayout<CInt>.size)) == 0
    }()
}

extension ClientBootstrap {
    /// Keeps the connection out of what transparent forwards redirect.
    func marked() -> ClientBootstrap {
        SocketMark.isPossible ? channelOption(SocketMark.option, value: .init(SocketMark.value)) : self
    }
}
