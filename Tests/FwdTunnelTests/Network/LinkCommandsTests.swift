import FwdCore
import Testing

@testable import FwdTunnel

@Suite("What sets a network device up") struct LinkCommandsTests {
    private static func address(_ bytes: [UInt8], _ length: Int) throws -> InterfaceAddress {
        try #require(InterfaceAddress(bytes: bytes, prefixLength: length))
    }

    private static func range(_ bytes: [UInt8], _ length: Int) throws -> AddressRange {
        try #require(AddressRange(network: bytes, prefixLength: length))
    }

    @Test("is one line for each thing, the device up before its routes")
    func isInOrder() throws {
        let ours = [0xFD] + Array(repeating: 0, count: 14) + [1] as [UInt8]
        let link = NetworkLink(
            addresses: [try Self.address([10, 99, 0, 1], 30), try Self.address(ours, 64)],
            peers: [try Self.range([10, 99, 0, 2], 32), try Self.range([192, 0, 2, 9], 32)],
            routes: [try Self.range([10, 2, 0, 0], 16)], mtu: 1400)
        let commands = LinkCommands(link: link, device: "fwd3")
        #expect(
            commands.setUp(hasIPv6: true) == [
                "link set dev fwd3 addrgenmode none", "link set dev fwd3 mtu 1400",
                "address add 10.99.0.1/30 dev fwd3", "address add fd00::1/64 dev fwd3 nodad", "link set dev fwd3 up",
                "route add 192.0.2.9 dev fwd3",
            ])
        #expect(commands.setUp(hasIPv6: false).first == "link set dev fwd3 mtu 1400")
        #expect(commands.addRoutes == ["route add 10.2.0.0/16 dev fwd3"])
        #expect(commands.withdrawRoutes == ["route del 10.2.0.0/16 dev fwd3"])
    }

    @Test("says which network would carry an address")
    func knowsWhatItCovers() throws {
        let link = NetworkLink(
            addresses: [try Self.address([10, 99, 0, 1], 30)], peers: [try Self.range([10, 99, 0, 2], 32)],
            routes: [try Self.range([10, 2, 0, 0], 16)])
        #expect(link.network(covering: [10, 2, 3, 4])?.description == "10.2.0.0/16")
        #expect(link.network(covering: [10, 99, 0, 3])?.description == "10.99.0.0/30")
        #expect(link.network(covering: [10, 3, 0, 1]) == nil)
        #expect(link.network(covering: []) == nil)
        #expect(link.description == "10.99.0.1/30")
        #expect(link.peerText == "10.99.0.2")
    }
}
