import FwdCore
import Testing

@testable import FwdConfig

/// `transparent`, `exclude` and `dns` of a forward.
@Suite struct TransparentKeyTests {
    private func parsed(_ fields: String) -> GatewayFile {
        parse(head + "  net: {\(fields)}\n")
    }

    private func rule(_ fields: String) throws -> TransparentRule {
        let file = parsed(fields)
        #expect(file.diagnostics.errors == [])
        let forward = try #require(file.configuration?.forwards.first)
        #expect(forward.spec.kind == .transparent)
        #expect(forward.spec.target == .original)
        guard case .redirect(let rule) = forward.spec.listen else { throw Mismatch() }
        return rule
    }

    private struct Mismatch: Error {}

    @Test func oneNetworkIsEnough() throws {
        let rule = try rule("transparent: 10.2.0.0/16")
        #expect(rule.networks.map(\.description) == ["10.2.0.0/16"])
        #expect(rule.exclude == [] && rule.dns == nil)
        #expect(rule.description == "10.2.0.0/16")
    }

    @Test func everyKeyCounts() throws {
        let rule = try rule(
            """
            transparent: [10.2.0.0/16, "fd02::/64"], exclude: 10.2.9.0/24, \
            dns: {domains: [B.example., c.example], server: "[fd02::53]:5353", listen: 127.0.0.1:53}
            """)
        #expect(rule.networks.map(\.description) == ["10.2.0.0/16", "fd02::/64"])
        #expect(rule.exclude.map(\.description) == ["10.2.9.0/24"])
        let dns = try #require(rule.dns)
        #expect(dns.domains == ["b.example", "c.example"])
        #expect(dns.server == .init(host: "fd02::53", port: 5353))
        #expect(dns.listen == .init(host: "127.0.0.1", port: 53))
    }

    @Test func namesHaveTheirDefaults() throws {
        let rule = try rule("transparent: 10.2.0.0/16, dns: {domains: b.example, server: ns.b.example}")
        #expect(rule.dns?.server == .init(host: "ns.b.example", port: 53))
        #expect(rule.dns?.listen == DNSRule.defaultListen)
    }

    @Test(arguments: [
        ("transparent: []", "forwards.net.transparent: read an empty list, expected an address or a range"),
        ("transparent: 10.2.0.1/16", "10.2.0.1/16 has bits behind the prefix; did you mean 10.2.0.0/16?"),
        ("transparent: office", "forwards.net.transparent: read \"office\", expected an address or a range"),
        ("transparent: 10.2.0.0/16, spec: -L 1:b:2", "\"spec\" stands here already, expected one of the two"),
        ("spec: -L 1:b:2, exclude: 10.2.0.0/16", "forwards.net.exclude: only beside \"transparent\""),
        ("spec: -L 1:b:2, dns: {}", "forwards.net.dns: only beside \"transparent\""),
        ("transparent: 10.2.0.0/16, dns: {domains: b.example}", "forwards.net.dns.server: missing"),
        ("transparent: 10.2.0.0/16, dns: {server: a}", "forwards.net.dns.domains: missing"),
        ("transparent: 10.2.0.0/16, dns: {domains: \"*.b\", server: a}", "read \"*.b\", expected a domain"),
        ("transparent: 10.2.0.0/16, dns: {domains: b, server: \"a:0\"}", "read \"a:0\", expected a host, or host:port"),
        ("transparent: 10.2.0.0/16, dns: {domains: b, server: a, listen: localhost}", "expected an address of this"),
        (
            "transparent: 10.2.0.0/16, dns: {domains: b, server: a, listen: \"0.0.0.0:53\"}",
            "expected an address of this"
        ),
        ("transparent: 10.2.0.0/16, dns: {domains: b, server: a, port: 1}", "forwards.net.dns.port: unknown key"),
    ])
    func whatIsWrongIsTold(fields: String, message: String) {
        let file = parsed(fields)
        #expect(file.configuration == nil)
        #expect(file.diagnostics.contains { "\($0)".contains(message) }, "\(file.diagnostics)")
    }

    @Test func whoMayUseItIsAskedFor() {
        let warning =
            "forwards.net.transparent: every host that sends its packets through this machine can use it, from every link; "
            + "\"allow\" says who may"
        #expect(parsed("transparent: 10.2.0.0/16").diagnostics.map(\.message) == [warning])
        #expect(parsed("transparent: 10.2.0.0/16, allow: 10.1.0.0/16").diagnostics == [])
    }

    @Test func twoCannotTakeQuestionsAtOnePlace() throws {
        let directory = try TemporaryDirectory()
        for (name, network) in [("alpha", "10.2.0.0/16"), ("beta", "10.3.0.0/16")] {
            let forward = "  net: {transparent: \(network), dns: {domains: \(name).example, server: ns}}\n"
            try directory.write(head + forward, "\(name).yaml")
        }
        let contents = try directory.forwards.load()
        #expect(contents.refused == ["beta"])
        #expect(contents.diagnostics.errors.first?.message.contains("where \"alpha/net\"") == true)
    }

    @Test func twoCannotTakeTheSameConnection() {
        let file = parse(head + "  a: {transparent: 10.0.0.0/8}\n  b: {transparent: [192.168.0.0/16, 10.2.0.0/16]}\n")
        #expect(
            file.diagnostics.contains {
                "\($0)".contains(
                    "forwards.b: listens on 192.168.0.0/16, 10.2.0.0/16, where \"a\" of line 5 listens already")
            }, "\(file.diagnostics)")
    }

    @Test func whatIsWrittenReadsTheSame() throws {
        let fields = """
            transparent: [10.2.0.0/16, "fd02::/64"], exclude: 10.2.9.0/24, \
            dns: {domains: [b.example], server: 10.2.0.53, listen: "[::1]:53"}
            """
        let configuration = try #require(parsed(fields).configuration)
        let written = ForwardsFile.text(of: configuration)
        #expect(parse(written).configuration?.forwards == configuration.forwards, "\(written)")
    }
}
