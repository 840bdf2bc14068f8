import BenchSystem
import CBench
import Foundation

/// One thread for all connections that wait, echo or are only held; a stream gets a thread of its own.
final class TargetDispatcher {
    private enum Stage {
        case ordering([UInt8])
        case echoing
        case holding
    }

    private let listener: TCPSocket
    private let desk: StreamDesk
    private let poll: CInt
    private var connections: [CInt: (socket: TCPSocket, stage: Stage)] = [:]
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)

    init(listener: TCPSocket, desk: StreamDesk) throws {
        self.listener = listener
        self.desk = desk
        poll = bench_poll_new()
        guard poll >= 0 else { throw BenchError.call("epoll_create1") }
    }

    deinit {
        close(poll)
    }

    /// Until the listener is shut down.
    func run() throws {
        try watch(listener.descriptor)
        var ready = [CInt](repeating: 0, count: 256)
        while true {
            let count = bench_poll_wait(poll, &ready, CInt(ready.count))
            guard count >= 0 || errno == EINTR else { throw BenchError.call("epoll_wait") }
            for descriptor in ready.prefix(Int(max(count, 0))) {
                if descriptor != listener.descriptor {
                    serve(descriptor)
                } else if try !acceptOne() {
                    return
                }
            }
        }
    }

    private func watch(_ descriptor: CInt) throws {
        guard bench_poll_add(poll, descriptor) == 0 else { throw BenchError.call("epoll_ctl") }
    }

    private func acceptOne() throws -> Bool {
        guard let socket = listener.accept() else { return false }
        connections[socket.descriptor] = (socket, .ordering([]))
        try watch(socket.descriptor)
        return true
    }

    private func serve(_ descriptor: CInt) {
        guard let (socket, stage) = connections[descriptor] else { return }
        let got = (try? buffer.withUnsafeMutableBytes { try socket.receive(into: limit($0, for: stage)) }) ?? 0
        guard got > 0 else { return drop(descriptor) }
        do {
            switch stage {
            case .echoing: try buffer.withUnsafeBytes { try socket.send(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
            case .holding: break
            case .ordering(let before): try order(before + buffer[..<got], from: socket)
            }
        } catch {
            drop(descriptor)
        }
    }

    /// Not one byte more than the order: what follows is the stream's.
    private func limit(_ whole: UnsafeMutableRawBufferPointer, for stage: Stage) -> UnsafeMutableRawBufferPointer {
        guard case .ordering(let before) = stage else { return whole }
        return UnsafeMutableRawBufferPointer(rebasing: whole[..<(TargetOrder.length - before.count)])
    }

    private func order(_ bytes: [UInt8], from socket: TCPSocket) throws {
        guard bytes.count == TargetOrder.length else {
            connections[socket.descriptor]?.stage = .ordering(bytes)
            return
        }
        guard let order = TargetOrder(bytes: bytes) else { throw BenchError("no order: \(bytes)") }
        switch order.deed {
        case .echo: connections[socket.descriptor]?.stage = .echoing
        case .hold:
            connections[socket.descriptor]?.stage = .holding
            try socket.send([order.deed.rawValue])
        case .source, .sink:
            let connection = TargetStream(socket: socket, desk: desk, order: order)
            drop(socket.descriptor)
            _ = Worker.start { connection.run() }
        }
    }

    private func drop(_ descriptor: CInt) {
        bench_poll_remove(poll, descriptor)
        connections[descriptor] = nil
    }
}
