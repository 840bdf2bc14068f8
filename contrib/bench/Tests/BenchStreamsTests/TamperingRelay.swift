import BenchStreams
import BenchSystem

/// Carries one connection, and spoils one byte of a stream: the 100,001st in either direction.
final class TamperingRelay: Sendable {
    let endpoint: Endpoint
    private let listener: TCPSocket

    init(to target: Endpoint, losing: Bool) throws {
        let listener = try TCPSocket.listen()
        self.listener = listener
        endpoint = Endpoint(port: listener.localPort)
        _ = Worker.start {
            guard let near = listener.accept() else { return }
            let far = try TCPSocket.connect(to: target)
            _ = Worker.start { try Self.carry(from: near, to: far, losing: losing) }
            try Self.carry(from: far, to: near, losing: losing)
        }
    }

    func stop() { listener.shutDown() }

    private static func carry(from source: TCPSocket, to destination: TCPSocket, losing: Bool) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
        defer { buffer.deallocate() }
        var total = 0
        while true {
            let count = try source.receive(into: buffer)
            guard count > 0 else { return destination.endSending() }
            var piece = Array(buffer[..<count])
            let index = 100_000 - total
            total += count
            if piece.indices.contains(index) {
                if losing { piece.remove(at: index) } else { piece[index] ^= 1 }
            }
            try destination.send(piece)
        }
    }
}
