import Foundation

/// A port on 127.0.0.1 that swallows SYNs, as a host behind a dropping firewall does.
///
/// The queue of a listener that never accepts is full after a few connections; Linux then drops every further SYN, and
/// who connects waits for its own timeout. No privileges are needed.
public final class BlackHole: Sendable {
    public let host = "127.0.0.1"
    public let port: UInt16
    private let descriptors: [CInt]

    private init(port: UInt16, descriptors: [CInt]) {
        self.port = port
        self.descriptors = descriptors
    }

    public static func with<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (BlackHole) async throws -> Result
    ) async throws -> Result {
        let hole = try open()
        return try await withCleanUp {
            try await body(hole)
        } cleanUp: {
            hole.close()
        }
    }

    /// Opens one, and returns when connections to it hang. The caller closes it.
    public static func open() throws -> BlackHole {
        let listener = socket(AF_INET, socketType, 0)
        var address = sockaddr_in.loopback(port: 0)
        guard withSocketAddress(&address, { bind(listener, $0, $1) }) == 0, listen(listener, 0) == 0 else {
            throw TestSupportError("cannot listen on loopback: \(errorText(errno))")
        }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withSocketAddress(&address) { pointer, _ in getsockname(listener, pointer, &size) }
        var descriptors = [listener]
        for _ in 0..<16 {
            let filler = socket(AF_INET, socketType, 0)
            descriptors.append(filler)
            if try !isConnected(filler, to: address) {
                return BlackHole(port: UInt16(bigEndian: address.sin_port), descriptors: descriptors)
            }
        }
        for descriptor in descriptors { Foundation.close(descriptor) }
        throw TestSupportError("a full listener still accepts connections")
    }

    public func close() {
        // The fillers first: none of them may find the queue emptied by the end of the listener.
        for descriptor in descriptors.reversed() { Foundation.close(descriptor) }
    }

    private static let socketType =
        CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)

    /// On loopback a connection that is not complete after this long has lost its SYN.
    private static let patience: CInt = 100

    private static func isConnected(_ descriptor: CInt, to address: sockaddr_in) throws -> Bool {
        var address = address
        let result = withSocketAddress(&address) { connect(descriptor, $0, $1) }
        if result == 0 { return true }
        guard errno == EINPROGRESS else { throw TestSupportError("cannot fill the queue: \(errorText(errno))") }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&waiting, 1, patience) == 1
    }
}
