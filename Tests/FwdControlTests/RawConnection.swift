import Foundation
import NIOCore

/// A client without manners: it writes bytes and reads to the end, on the thread that calls it.
enum RawConnection {
    struct Failure: Error { let step: String, number: Int32 }

    /// - Returns: `nil` where the server neither answers nor closes for ten seconds.
    static func exchange(_ bytes: [UInt8], at path: String) throws -> [UInt8]? {
        let descriptor = try check(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0), "socket")
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let address = try SocketAddress(unixDomainSocketPath: path)
        _ = try check(address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }, "connect")
        // The server may have closed already; what it said before can still be read.
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == ECONNRESET { return answer }
            if count < 0, errno == EAGAIN { return nil }
            guard try check(Int32(count), "recv") > 0 else { return answer }
            answer += chunk[..<count]
        }
    }

    private static func check(_ result: Int32, _ step: String) throws -> Int32 {
        guard result >= 0 else { throw Failure(step: step, number: errno) }
        return result
    }
}
