import FwdCore
import FwdTestSupport
import Testing

@testable import fwd

/// `fwd trust` and `fwd doctor` for gateways with a list of servers.
@Suite struct SeveralServersTests {
    private static func hosts(_ fixture: CommandFixture, _ list: String) -> String {
        fixture.gateway(hostKey: "").replacing("host: 127.0.0.1", with: "host: \(list)")
    }

    @Test func theKeysOfEachServerAreShownBesideItsName() async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("site", Self.hosts(fixture, "[127.0.0.1, localhost]"))
            let pin = fixture.server.hostKeyPins[0]
            let result = try await fixture.fwd(["trust", "site", "--expect", pin.fingerprint])
            #expect(result.exit == .exited(0), "\(result.errors)")
            let rows = result.output.split(separator: "\n").map { $0.split(separator: " ").prefix(3).map(String.init) }
            #expect(
                rows == [
                    ["SERVER", "TYPE", "FINGERPRINT"], ["127.0.0.1", pin.type, pin.fingerprint],
                    ["localhost", pin.type, pin.fingerprint],
                ])
            #expect(try fixture.read("site").contains("- \(pin)"))
        }
    }

    @Test func aServerThatCannotBeAskedKeepsNothingFromBeingPinnedButFromBeingReplaced() async throws {
        try await CommandFixture.with { fixture in
            // The fixture's server listens at the second address only.
            let text = Self.hosts(fixture, "[127.0.0.9, 127.0.0.1]")
            try fixture.write("site", text)
            let pin = fixture.server.hostKeyPins[0]
            let pinned = try await fixture.fwd(["trust", "site", "--expect", pin.fingerprint])
            #expect(pinned.exit == .exited(0), "\(pinned.errors)")
            #expect(pinned.errors.contains("127.0.0.9: the host keys of site cannot be fetched: "))
            #expect(try fixture.read("site").contains("- \(pin)"))
            let replaced = try await fixture.fwd(["trust", "site", "--replace", "--expect", pin.fingerprint])
            #expect(replaced.exit == .exited(1))
            #expect(replaced.errors.contains("the pins of a server that cannot be asked would go"))
        }
    }

    private static func gateway(
        _ name: String, _ hosts: [String], users: [String] = [], route: Route = .direct(),
        forwards: [ForwardConfiguration] = []
    ) -> GatewayConfiguration {
        var all = hosts.enumerated().map { index, host in
            GatewayConfiguration(
                name: name, host: host, login: LoginConfiguration(user: users.isEmpty ? "tunnel" : users[index]),
                route: route)
        }
        var first = all.removeFirst()
        first.fallbacks = all
        first.forwards = forwards
        return first
    }

    @Test func oneLineServesAllServersThatAreLoggedInToAlike() throws {
        let forward = ForwardConfiguration(name: "f", spec: try ForwardSpec(parsing: "-L 1:db:5432"))
        let gateway = Self.gateway("g", ["a", "b", "c"], forwards: [forward])
        let all = try Allowance.all(gateway, among: [gateway])
        #expect(all.map(\.places) == ["a, b and c"])
        #expect(all.map(\.privilege.opens) == [["db:5432"]])
    }

    @Test func aServerWithAnotherUserHasALineOfItsOwn() throws {
        let gateway = Self.gateway("g", ["a", "b", "c"], users: ["ann", "bob", "ann"])
        let all = try Allowance.all(gateway, among: [gateway])
        #expect(all.map(\.places) == ["a and c", "b"])
        #expect(all.map(\.privilege.user) == ["ann", "bob"])
    }

    @Test func everyServerOfAGatewayBehindAJumpMayBeReached() throws {
        let outer = Self.gateway("outer", ["o"])
        let inner = Self.gateway("inner", ["one", "two"], route: .via("outer"))
        let all = try Allowance.all(outer, among: [inner, outer])
        #expect(all.map(\.privilege.opens) == [["one:22", "two:22"]])
    }
}
