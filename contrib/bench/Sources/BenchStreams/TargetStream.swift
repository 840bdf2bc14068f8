import BenchSystem

/// The target's end of one stream.
struct TargetStream: Sendable {
    let socket: TCPSocket
    let desk: StreamDesk
    let order: TargetOrder

    func run() {
        desk.leave(Result { try summary() }, for: order.number)
    }

    private func summary() throws -> StreamSummary {
        guard let plan = desk.plan(order.number) else { throw BenchError("no stream \(order.number)") }
        socket.setTimeout(.seconds(20))
        try socket.send([order.deed.rawValue])
        if order.deed == .sink { return try receiveStream(plan, from: socket) }
        _ = try socket.receive(exactly: 1)
        let sent = try sendStream(plan, over: socket)
        socket.endSending()
        // Closed only once the client has taken all and closed: a close with unread bytes would reset.
        _ = try socket.drain()
        return sent.summary()
    }
}
