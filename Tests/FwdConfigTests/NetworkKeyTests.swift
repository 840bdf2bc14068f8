import FwdCore
import Testing

@testable import FwdConfig

/// `network` of a forward.
@Suite struct NetworkKeyTests {
    private func parsed(_ network: String, beside: String = "") -> GatewayFile {
        parse(head + "  office: {network: {\(network)}\(beside)}\n")
    }

    private func link(_ network: String) throws -> NetworkLink {
        let file = parsed(network)
        #expect(file.diagnostics == [])
        let forward = try #require(file.configuration?.forwards.first)
        #expect(forward.spec.kind == .network)
        guard case .device(let link) = forward.spec.listen else { throw Mismatch() }
        #expect(forward.spec.target == .peer(link.peerText))
        return link
    }

    private struct Mismatch: Error {}

    @Test func theShortestHasItsDefaults() throws {
        let link = try link("address: 10.99.0.1/30, peer: 10.99.0.2")
        #expect(link.addresses.map(\.description) == ["10.99.0.1/30"])
        #expect(link.peerText == "10.99.0.2")
        #expect(link.routes == [])
        #expect(link.unit == nil && link.device == nil)
        #expect(link.mtu == 1500 && link.whileDown == .keep)
    }

    @Test func everyKeyCounts() throws {
        let link = try link(
            """
            address: [10.99.0.1/30, "fd00:99::1/64"], peer: [10.99.0.2, "fd00:99::2"], \
            routes: [10.2.0.0/16, "fd00:2::/32"], unit: 3, device: office0, mtu: 1400, while-down: withdraw
            """)
        #expect(link.description == "office0 10.99.0.1/30, fd00:99::1/64")
        #expect(link.peerText == "10.99.0.2, fd00:99::2")
        #expect(link.routes.map(\.description) == ["10.2.0.0/16", "fd00:2::/32"])
        #expect(link.unit == 3)
        #expect(link.mtu == 1400 && link.whileDown == .withdraw)
        #expect(try self.link("address: 10.99.0.1, peer: 10.99.0.2, unit: any").addresses[0].prefixLength == 32)
    }

    @Test func whatIsWrittenIsRead() throws {
        let full =
            "address: [10.99.0.1/30, \"fd00:99::1/64\"], peer: 10.99.0.2, routes: 10.2.0.0/16, unit: 3, device: x0"
        for network in [full, "address: 10.99.0.1/30, peer: 10.99.0.2, mtu: 1400, while-down: withdraw"] {
            let configuration = try #require(parsed(network, beside: ", probe: 5s").configuration)
            let again = parse(ForwardsFile.text(of: configuration))
            #expect(again.diagnostics.errors == [])
            #expect(again.configuration?.forwards == configuration.forwards)
        }
    }

    private static let path = "forwards.office.network"
    private static let start = "address: 10.99.0.1/30, peer: 10.99.0.2"

    @Test(arguments: [
        ("peer: 10.99.0.2", "\(path).address: missing, expected the device's address with its prefix"),
        ("address: 10.99.0.1/30", "\(path).peer: missing, expected the far side's address"),
        ("address: 10.99.0.1/33, peer: 10.99.0.2", "\(path).address: read \"10.99.0.1/33\", expected the device's"),
        ("address: 10.99.0.1/30, peer: 10.99.0.2/30", "\(path).peer: read \"10.99.0.2/30\", expected the far side's"),
        ("address: 10.99.0.1/30, peer: 10.99.0.1", "\(path).peer: 10.99.0.1 is this side's own address"),
        ("address: 10.99.0.1/30, peer: \"fd00::2\"", "\(path).peer: fd00::2 needs an address of its kind"),
        ("\(start), routes: [10.2.0.1/16]", "\(path).routes: 10.2.0.1/16 has bits behind the prefix; did you mean"),
        ("\(start), routes: [\"fd00::/16\"]", "\(path).routes: fd00::/16 needs an address of its kind in \"address\""),
        ("\(start), routes: []", "\(path).routes: read an empty list, expected a network behind the far side"),
        (
            "\(start), routes: [10.3.0.0/16, 10.3.0.0/16]",
            "\(path).routes: 10.3.0.0/16 is a way into the tunnel already"
        ),
        ("\(start), routes: 10.99.0.0/30", "\(path).routes: 10.99.0.0/30 is a way into the tunnel already"),
        ("\(start), unit: two", "\(path).unit: read \"two\", expected any, or the number of a device"),
        ("\(start), unit: -1", "\(path).unit: read \"-1\", expected any, or the number of a device"),
        ("\(start), device: \"a b\"", "\(path).device: read \"a b\", expected a device's name"),
        ("\(start), device: abcdefghijklmnop", "\(path).device: read \"abcdefghijklmnop\", expected a device's name"),
        ("\(start), device: \"fwd%d\"", "\(path).device: read \"fwd%d\", expected a device's name"),
        ("\(start), mtu: 575", "\(path).mtu: read \"575\", expected a number from 576 to 32000"),
        ("\(start), mtu: 32001", "\(path).mtu: read \"32001\", expected a number from 576 to 32000"),
        ("address: \"fd00::1/64\", peer: \"fd00::2\", mtu: 1279", "\(path).mtu: IPv6 needs 1280 at least"),
        ("\(start), while-down: drop", "\(path).while-down: read \"drop\", expected keep or withdraw"),
        ("\(start), route: 10.2.0.0/16", "\(path).route: unknown key, did you mean \"routes\"?"),
    ])
    func whatIsRefused(network: String, message: String) {
        let file = parsed(network)
        #expect(file.configuration == nil)
        let messages = file.diagnostics.errors.map(\.message)
        #expect(messages.contains { $0.hasPrefix(message) }, "\(messages)")
        #expect(messages.count == 1, "\(messages)")
    }

    @Test(arguments: [
        (", spec: -L 1:b:2", "forwards.office.network: \"spec\" stands here already, expected one of the two"),
        (", allow: 10.0.0.0/8", "forwards.office.allow: a network forward carries packets, and has no connections"),
        (", hold: 10s", "forwards.office.hold: a network forward carries packets, and has no connections"),
        (", probe: {http: /}", "forwards.office.probe.http: the peer of a network forward is asked for an echo"),
    ])
    func whatDoesNotGoTogether(beside: String, message: String) {
        let file = parsed(Self.start, beside: beside)
        #expect(file.configuration == nil)
        #expect(file.diagnostics.errors.map(\.message) == [message])
    }

    @Test func aProbeMayHaveItsInterval() throws {
        let file = parsed(Self.start, beside: ", probe: 10s")
        #expect(file.configuration?.forwards.first?.probe?.every == .seconds(10))
        #expect(parsed(Self.start, beside: ", probe: off").configuration?.forwards.first?.probe == nil)
    }

    @Test(arguments: [
        "address: 10.99.0.1/30, peer: 10.98.0.2, device: x0", "address: 10.97.0.1/30, peer: 10.99.0.2",
        "address: 10.97.0.1/30, peer: 10.97.0.2, device: office0",
        "address: 10.97.0.1/30, peer: 10.97.0.2, routes: 10.2.0.0/16",
    ])
    func twoForwardsCannotHaveTheSame(network: String) {
        let first = "address: 10.99.0.1/30, peer: 10.99.0.2, routes: 10.2.0.0/16, device: office0"
        let file = parse(head + "  a: {network: {\(first)}}\n  b: {network: {\(network)}}\n")
        #expect(file.configuration == nil)
        #expect(
            file.diagnostics.errors.map(\.message).contains { $0.contains("where \"a\" of line 5 listens already") })
    }

    @Test(arguments: [("10.2.3.4", true), ("10.3.0.1", false)])
    func aGatewayInsideItsOwnTunnelIsRefused(host: String, isRefused: Bool) throws {
        let directory = try TemporaryDirectory()
        let text = head.replacing("t2.example.org", with: host)
        try directory.write(text + "  a: {network: {\(Self.start), routes: 10.2.0.0/16}}\n", "alpha.yaml")
        let contents = try directory.forwards.load()
        let message =
            "forwards.a.network: the gateway's own address \(host) lies in 10.2.0.0/16, expected networks without it"
        #expect(contents.diagnostics.errors.contains { $0.message.hasPrefix(message) } == isRefused)
        #expect(contents.refused == (isRefused ? ["alpha"] : []))
    }

    @Test(arguments: [("10.2.3.4", true, true), ("10.2.3.4", false, false), ("10.3.0.1", true, false)])
    func aJumpInsideTheTunnelOfWhatIsBehindItIsRefused(jump: String, isEnabled: Bool, isRefused: Bool) throws {
        let directory = try TemporaryDirectory()
        try directory.write(head.replacing("t2.example.org", with: jump) + "  b: -L 1:h:2\n", "jump.yaml")
        let network = "network: {\(Self.start), routes: 10.2.0.0/16}, enabled: \(isEnabled)"
        let behind = head.replacing("  host: t2.example.org\n", with: "  host: t2.example.org\n  via: jump\n")
        try directory.write(behind + "  a: {\(network)}\n", "alpha.yaml")
        let contents = try directory.forwards.load()
        #expect(contents.refused == (isRefused ? ["alpha"] : []))
        let message = "forwards.a.network: the address of the jump \"jump\" \(jump) lies in 10.2.0.0/16"
        #expect(contents.diagnostics.errors.contains { $0.message.hasPrefix(message) } == isRefused)
    }

    @Test func twoGatewaysCannotHaveTheSameDevice() throws {
        let directory = try TemporaryDirectory()
        let forward = "  a: {network: {\(Self.start), device: office0}}\n"
        for name in ["alpha", "beta"] { try directory.write(head + forward, "\(name).yaml") }
        let contents = try directory.forwards.load()
        #expect(contents.refused == ["beta"])
        #expect(contents.diagnostics.errors.first?.message.contains("\"alpha/a\"") == true)
    }

    @Test func aNarrowerNetworkIsNoConflict() {
        let file = parse(
            head + "  a: {network: {\(Self.start), routes: 10.0.0.0/8}}\n"
                + "  b: {network: {address: 10.97.0.1/30, peer: 10.97.0.2, routes: 10.2.0.0/16}}\n")
        #expect(file.diagnostics == [])
    }
}
