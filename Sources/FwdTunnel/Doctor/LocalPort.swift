import FwdCore
import Glibc
import NIOCore

/// Whether a local forward could listen, found out without listening: nobody is accepted and dropped.
enum LocalPort {
    /// Blocks where the address is a name; not for an event loop.
    /// - Returns: why it could not, in the words of the listener itself.
    static func problem(with listen: ForwardSpec.Listen) -> Cause? {
        let results = ListenPlace.places(of: listen).map { place in Result { try bind(place) } }
        let errors = results.compactMap { result -> (any Error)? in
            if case .failure(let error) = result { error } else { nil }
        }
        let fatal = errors.first { !LocalListener.isMissingProtocol($0) }
        guard let error = fatal ?? (errors.count == results.count ? errors.first : nil) else { return nil }
        return LocalListener.cause(of: error, listen)
    }

    private static func bind(_ place: ListenPlace) throws {
        switch place {
        case .host(let host, let port): try bind(host, port)
        case .path(let path): if let problem = UnixSocketFile.problem(with: path) { throw problem }
        }
    }

    private static func bind(_ host: String, _ port: UInt16) throws {
        let address = try Connector.lookUpFirst(host, port: port)
        let family = address.protocol == .inet6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        defer { close(descriptor) }
        var on: CInt = 1
        // As the listener does: Linux then refuses a port that is listened on, and no other.
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        if family == AF_INET6 {
            setsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &on, socklen_t(MemoryLayout<CInt>.size))
        }
        let result = address.withSockAddr { Glibc.bind(descriptor, $0, socklen_t($1)) }
        guard result == 0 else { throw IOError(errnoCode: errno, reason: "bind") }
    }
}
