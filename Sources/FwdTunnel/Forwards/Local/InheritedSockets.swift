import FwdCore
import Glibc
import Logging
import NIOCore

/// Listening sockets from before this process, sorted by the addresses that a forward listens on.
struct InheritedSockets {
    typealias Handle = NIOBSDSocket.Handle

    private var byPlace: [ListenPlace: Handle] = [:]

    /// Takes what the store has for the forward. What is not one of its addresses is closed, with a warning.
    /// - Parameter wanted: without the addresses of names that are not known.
    init(
        from store: any ListenerStore, for forward: ForwardID,
        wanted: [(place: ListenPlace, address: SocketAddress?)], logger: Logger
    ) {
        for socket in store.take(forward) {
            let bound = Self.address(of: socket)
            let match = wanted.first { $0.address == bound && bound != nil && byPlace[$0.place] == nil }
            if let match, Self.isListening(socket) {
                byPlace[match.place] = socket
                // The service manager's descriptors may come without; children must not hold the port.
                _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            } else {
                let found = bound.map { describe($0) } ?? "no address"
                let listen = wanted.map { $0.address.map { describe($0) } ?? $0.place.description }.joined(
                    separator: " and ")
                logger.warning("closed an inherited socket for \(found): the forward listens on \(listen)")
                Glibc.close(socket)
            }
        }
    }

    /// It is the caller's from here on.
    mutating func take(_ place: ListenPlace) -> Handle? {
        byPlace.removeValue(forKey: place)
    }

    private static func isListening(_ socket: Handle) -> Bool {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0
    }

    /// `nil`: neither an IP socket nor a Unix one.
    private static func address(of socket: Handle) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage in
            let result = storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(socket, $0, &length)
            }
            guard result == 0 else { return nil }
            switch CInt(storage.pointee.ss_family) {
            case AF_INET:
                return storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
            case AF_INET6:
                return storage.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
            case AF_UNIX:
                return storage.withMemoryRebound(to: sockaddr_un.self, capacity: 1) { SocketAddress($0.pointee) }
            default:
                return nil
            }
        }
    }
}
