import BenchSystem

/// Fresh connections to the target's `greeter`: connect, read its byte and the end, close.
public struct Greetings: Sendable {
    public let endpoint: Endpoint
    public let place: Place

    public init(through endpoint: Endpoint, from place: Place = .here) {
        self.endpoint = endpoint
        self.place = place
    }

    /// Connections per second of clients that each make one after the other.
    public func rate(clients: Int, duration: Duration) throws -> Double {
        let start = Moment.now
        let deadline = start + duration
        let counts = try onThreads(clients, in: place) { _ in
            var count = 0
            while Moment.now < deadline {
                try greet()
                count += 1
            }
            return count
        }
        return Double(counts.reduce(0, +)) / Moment.now.seconds(since: start)
    }

    /// Seconds from the start until each of `count` simultaneous connections has its first byte, in ascending order.
    public func burst(of count: Int) throws -> [Double] {
        let starts = StartingLine(runners: count, whenReady: {})
        let ends = try onThreads(count, in: place) { _ in
            try starts.wait()
            let socket = try TCPSocket.connect(to: endpoint, timeout: .seconds(5))
            _ = try socket.receive(exactly: 1)
            return Moment.now
        }
        return ends.map { $0.seconds(since: starts.moment) }.sorted()
    }

    /// One connection; throws unless the greeting comes.
    public func greet(timeout: Duration = .seconds(5)) throws {
        let socket = try TCPSocket.connect(to: endpoint, timeout: timeout)
        _ = try socket.receive(exactly: 1)
        _ = try socket.drain()
    }
}

extension Greetings {
    /// Tries until one works.
    public func greetEventually(within limit: Duration) throws {
        var failure: any Error = BenchError("no greeting within \(limit)")
        let deadline = Moment.now + limit
        repeat {
            do {
                return try place.run { try greet(timeout: .seconds(5)) }
            } catch {
                failure = error
                pause(.milliseconds(20))
            }
        } while Moment.now < deadline
        throw failure
    }
}
