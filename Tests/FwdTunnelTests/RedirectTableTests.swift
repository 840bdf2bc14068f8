import FwdCore
import Testing

@testable import FwdTunnel

@Suite("The table of a transparent forward")
struct RedirectTableTests {
    private let rule: TransparentRule = {
        let networks = [([10, 2, 0, 0], 16), ([0xFD, 2] + Array(repeating: 0, count: 14), 64)]
        return TransparentRule(
            networks: networks.compactMap { AddressRange(network: $0.0.map { UInt8($0) }, prefixLength: $0.1) },
            exclude: [AddressRange(network: [10, 2, 9, 0], prefixLength: 24)].compactMap { $0 })
    }()

    @Test("it leaves local addresses, our own connections and what is excluded alone, in this order")
    func ordersItsRules() {
        let table = RedirectTable(
            name: "fwd_1_1", comment: "a/b", rule: rule, ports: .init(ipv4: 4000, ipv6: 6000))
        let output = table.commands.split(separator: "\n").filter { $0.contains(" fwd_1_1 output ") }.dropFirst()
        #expect(
            output.map { $0.replacing("add rule inet fwd_1_1 output ", with: "") } == [
                "meta mark 6715236 return", "fib daddr type local return", "ip daddr 10.2.9.0/24 return",
                "ip daddr 10.2.0.0/16 meta l4proto tcp redirect to :4000",
                "ip6 daddr fd02::/64 meta l4proto tcp redirect to :6000",
            ])
        #expect(table.commands.contains("input meta nfproto ipv4 tcp dport 4000 ct status & dnat == 0 reject"))
        #expect(table.commands.contains("input meta nfproto ipv6 tcp dport 6000 ct status & dnat == 0 reject"))
    }

    @Test("a protocol that this machine does not have is not redirected")
    func leavesOutProtocols() {
        let table = RedirectTable(name: "fwd_1_1", comment: "a/b", rule: rule, ports: .init(ipv4: 4000))
        #expect(!table.commands.contains("ip6 daddr"))
        #expect(!table.commands.contains("nfproto ipv6"))
    }

    @Test(
        "a rule covers its networks without what it excludes",
        arguments: [
            ([10, 2, 0, 1], true), ([10, 2, 9, 1], false), ([10, 3, 0, 1], false), ([], false),
        ] as [([UInt8], Bool)])
    func covers(address: [UInt8], isCovered: Bool) {
        #expect(rule.covers(address) == isCovered)
    }
}

@Suite("What the process may do")
struct CapabilitiesTests {
    @Test(
        "is read from the kernel's words",
        arguments: [
            ("CapPrm:\t0\nCapEff:\t0000000000001000\nCapBnd:\t0\n", true),
            ("CapPrm:\t0000000000001000\nCapEff:\t0000000000000000\n", false),
            ("CapEff:\t000001ffffffffff\n", true), ("CapEff:\t000001ffffffefff\n", false), ("", true),
        ])
    func reads(status: String, isThere: Bool) {
        #expect(Capabilities.includesNetworkAdministration(status) == isThere)
    }
}
