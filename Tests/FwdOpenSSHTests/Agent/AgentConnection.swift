import Foundation
import FwdOpenSSH
import FwdTestSupport

/// A plain blocking connection to an agent.
final class AgentConnection {
    private let descriptor: CInt
    private var frames = AgentFrames()

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw TestSupportError("no agent listens on \(path)") }
        // A silent agent fails the test instead of stopping it.
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func ask(_ message: [UInt8]) throws -> AgentReply {
        guard send(descriptor, message, message.count, 0) == message.count else {
            throw TestSupportError("the agent does not take a message")
        }
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            if let frame = try frames.next() { return try AgentReply(frame) }
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { throw TestSupportError("the agent does not answer") }
            frames.append(chunk[..<count])
        }
    }
}
