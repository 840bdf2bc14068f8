import FwdCore
import Testing

@testable import FwdConfig

@Suite("Transparent forwards in a file")
struct TransparentKeyTests {
    private static let head = "gateway: {host: h, user: u}\nforwards:\n  net:\n"

    private static func read(_ lines: String) -> (configuration: GatewayConfiguration?, diagnostics: [String]) {
        let result = GatewayFile.parse(head + lines, path: "gw.yaml", environment: .test)
        return (result.configuration, result.diagnostics.map(\.description))
    }

    @Test("networks, exclusions and names are read, and written as they read")
    func readsAll() throws {
        let text = """
                transparent: [10.2.0.0/16, "fd02::/64"]
                exclude: 10.2.9.0/24
                dns: {domains: [B.example., c.example], server: "[fd02::53]:5353", listen: 127.0.0.1:53}
            """
        let (configuration, diagnostics) = Self.read(text)
        #expect(diagnostics.isEmpty)
        let forward = try #require(configuration?.forwards.first)
        guard case .redirect(let rule) = forward.spec.listen else { return }
        #expect(rule.networks.map(\\.description) == ["10.2.0.0/16", "fd02::/64"])
        #expect(rule.exclude.map(\\.description) == ["10.2.9.0/24"])
        #expect(rule.dns?.domains == ["b.example", "c.example"])
        #expect(rule.dns?.server == .init(host: "fd02::53", port: 5353))
        #expect(rule.dns?.listen == .init(host: "127.0.0.1", port: 53))
        #expect(forward.spec.target == .original)
    }
}
