import BenchSystem

/// What a forwarder is to do: the same -L forwards on each of some gateways, all of them the same server.
public struct ForwardPlan: Sendable {
    public struct Forward: Hashable, Sendable {
        public let listen: UInt16
        public let target: Endpoint
    }

    public let server: SSHServer
    /// One list for each gateway.
    public let gateways: [[Forward]]
    /// Where the forwarder runs.
    public let place: Place

    /// Takes fresh ports to listen on.
    public init(
        server: SSHServer, targets: [Endpoint], gateways: Int = 1, in place: Place = .here
    ) {
        self.server = server
        self.place = place
        self.gateways = (0..<gateways).map { _ in targets.map { Forward(listen: Ports.next(), target: $0) } }
    }

    public var ports: Set<UInt16> { Set(gateways.joined().map(\.listen)) }
}
