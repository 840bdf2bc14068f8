import FwdCore
import Testing

@testable import FwdConfig

/// `permit` of a dynamic forward, and what its `probe` needs.
@Suite struct PermitKeyTests {
    private func parsed(_ keys: String, spec: String = "-D 1080") -> GatewayFile {
        parse(head + "  d: {spec: \(spec), \(keys)}\n")
    }

    @Test(arguments: [
        ("10.2.0.0/16:*", ["10.2.0.0/16:*"]), ("\"*.Internal.:443\"", ["*.internal:443"]),
        ("[db.internal:80-90, 10.0.0.7:22]", ["db.internal:80-90", "10.0.0.7:22"]),
        ("[\"[2001:DB8::]/32:443\", \"[::1]:1-65535\"]", ["[2001:db8::]/32:443", "[::1]:*"]),
        ("\"*:443\"", ["*:443"]), ("\"*:*\"", ["*:*"]), ("host-1:65535-65535", ["host-1:65535"]),
    ])
    func whatIsAccepted(text: String, permitted: [String]) throws {
        let file = parsed("permit: \(text)")
        #expect(file.diagnostics == [])
        #expect(try #require(file.configuration?.forwards.first).limits.permit?.map(\.description) == permitted)
    }

    @Test(arguments: [
        "db", "\"db:\"", "\":80\"", "\"*.:80\"", "\"a*:80\"", "db:0", "db:90-80", "db:65536", "\"2001:db8::1:80\"",
        "10.2.0:80", "10.0.0.0/33:80", "\"[10.0.0.1]:80\"", "\"[::1]x:80\"", "\"http://db:80\"", "\"a b:80\"",
    ])
    func whatIsNone(text: String) throws {
        let lines = parsed("permit: \(text)").said
        #expect(lines.count == 1 && lines[0].contains("forwards.d.permit: read "), "\(lines)")
        #expect(lines[0].hasSuffix(PermitText.expected), "\(lines)")
    }

    @Test func bitsBehindThePrefixAreNotMeant() {
        let lines = parsed("permit: 10.2.0.1/16:*").said
        #expect(lines.count == 1 && lines[0].contains("did you mean 10.2.0.0/16?"), "\(lines)")
    }

    @Test(arguments: ["-L 1:b:2", "-R 1:b:2"])
    func onlyDynamicForwardsHaveIt(spec: String) {
        let lines = parsed("permit: b:2", spec: spec).said
        #expect(lines.count == 1 && lines[0].contains("forwards.d.permit: only for -D"), "\(lines)")
    }

    @Test func aProbeNeedsATargetExactlyWhereTheForwardHasNone() throws {
        let file = parsed("probe: {to: \"[::1]:443\", every: 20s}")
        #expect(file.diagnostics == [])
        let expected = Probe(to: .init(host: "::1", port: 443), every: .seconds(20))
        #expect(try #require(file.configuration?.forwards.first).probe == expected)
        #expect(parsed("probe: 20s").said.first?.contains("name one with \"to: host:port\"") == true)
        #expect(parsed("probe: {every: 20s}").said.count == 1)
        #expect(parsed("probe: off").said == [])
        #expect(parsed("probe: {to: b}").said.count == 1)
        let twice = parsed("probe: {to: b:1}", spec: "-L 1:b:2").said
        #expect(twice.first?.contains("forwards.d.probe.to: the forward has its target already") == true, "\(twice)")
    }

    @Test(arguments: ["d: -D 1080", "d: {spec: -D 1080, hold: 1s}"])
    func noneIsMadeUnlessAskedFor(forward: String) throws {
        let file = try file(head + "  \(forward)\n")
        #expect(file.configuration.forwards.map(\.probe) == [nil])
        #expect(try file.adding(spec: "-D 1081").configuration.forwards.map(\.probe) == [nil, nil])
    }

    @Test func aProxyForOthersIsWarnedOf() {
        let open = parse(head + "  d: -D *:1080\n").said
        #expect(open.count == 1 && open[0].contains("warning") && open[0].contains("an open proxy"), "\(open)")
        #expect(open[0].contains("whatever the gateway can"), "\(open)")
        let permitted = parsed("permit: b:2", spec: "-D *:1080").said
        #expect(permitted.count == 1 && permitted[0].contains("what \"permit\" lists"), "\(permitted)")
        #expect(parsed("allow: 10.0.0.0/8", spec: "-D *:1080").said == [])
    }

    @Test func writtenOutItReadsBackAsItself() throws {
        let permit = "[10.2.0.0/16:*, \"*.internal:443\", db:80-90, \"[2001:db8::]/32:1\", \"[::1]:*\", \"*:443\"]"
        let text = head + "  d: {spec: -D 1080, permit: \(permit), probe: {to: \"[::1]:443\"}}\n"
        let configuration = try file(text).configuration
        #expect(configuration.forwards.first?.limits.permit?.count == 6)
        #expect(try file(ForwardsFile.text(of: configuration)).configuration == configuration)
    }

    @Test func itIsInTheWayOfALocalForwardOnItsPort() {
        let lines = parse(head + "  l: -L 1080:b:2\n  d: -D 1080\n").said
        #expect(lines.count == 1 && lines[0].contains("where \"l\" of line 5 listens already"), "\(lines)")
    }
}

extension GatewayFile {
    fileprivate var said: [String] { lines(diagnostics) }
}
