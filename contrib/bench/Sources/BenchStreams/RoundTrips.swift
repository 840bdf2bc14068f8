import BenchSystem

/// One byte there and back, over one connection, one after the other.
public struct RoundTrips: Sendable {
    public let endpoint: Endpoint
    public let place: Place

    public init(through endpoint: Endpoint, from place: Place = .here) {
        self.endpoint = endpoint
        self.place = place
    }

    /// Seconds of each round trip until `isOver`, at least one. The first ones, on a fresh channel, are left out.
    public func run(warmUp: Int = 20, until isOver: @escaping @Sendable (_ count: Int) -> Bool) throws -> [Double] {
        try Worker.start(in: place) {
            let socket = try TCPSocket.connect(to: endpoint)
            try socket.send(TargetOrder(deed: .echo, number: 0).bytes)
            for _ in 0..<warmUp { _ = try roundTrip(socket) }
            var times: [Double] = []
            repeat { times.append(try roundTrip(socket)) } while !isOver(times.count)
            return times
        }.result()
    }

    private func roundTrip(_ socket: TCPSocket) throws -> Double {
        let start = Moment.now
        try socket.send([0x62])
        _ = try socket.receive(exactly: 1)
        return Moment.now.seconds(since: start)
    }
}
