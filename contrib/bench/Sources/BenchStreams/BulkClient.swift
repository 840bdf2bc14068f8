import BenchSystem

/// The client's end of one stream.
struct BulkClient {
    let direction: Direction
    let plan: StreamPlan
    let desk: StreamDesk

    /// - Returns: what the receiving end has seen, after a comparison with the sending end.
    func run(through endpoint: Endpoint, from starts: StartingLine) throws -> StreamSummary {
        let socket = try TCPSocket.connect(to: endpoint)
        let deed: TargetOrder.Deed = direction == .down ? .source : .sink
        try socket.send(TargetOrder(deed: deed, number: plan.number).bytes)
        _ = try socket.receive(exactly: 1)
        try starts.wait()
        switch direction {
        case .down:
            try socket.send([0])
            let near = try receiveStream(plan, from: socket)
            socket.shutDown()
            return try compare(sent: desk.farEnd(of: plan.number, within: .seconds(20)), received: near)
        case .up:
            let sent = try sendStream(plan, over: socket)
            socket.endSending()
            let far = try desk.farEnd(of: plan.number, within: .seconds(60))
            return try compare(sent: sent.summary(), received: far)
        }
    }

    private func compare(sent: StreamSummary, received: StreamSummary) throws -> StreamSummary {
        guard sent.bytes == received.bytes, sent.hash == received.hash else {
            throw BenchError("\(received.bytes) bytes of \(sent.bytes) arrived, or others than those sent")
        }
        return received
    }
}
