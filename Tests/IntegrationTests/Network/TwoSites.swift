import Foundation
import FwdCore
import FwdTestSupport

/// Two network namespaces with a link between them: fwd in one, sshd in the other, and a network behind each.
///
/// The far side has what its admin would make: a device that stays, with addresses and the way back.
struct TwoSites {
    /// The link between the two, of the networks set aside for documentation (RFC 5737).
    static let (hereOutside, thereOutside) = ("192.0.2.1", "192.0.2.2")
    /// What lies behind the far side, and what behind this one.
    static let (farIPv4, farIPv6, nearIPv4, nearIPv6) = ("10.2.0.1", "fd02::1", "10.1.0.1", "fd01::1")
    static let (peerIPv4, peerIPv6) = ("10.99.0.2", "fd99::2")
    static let farLink = "hither"
    static let thereName = "far.test"

    let here: NetworkNamespace
    let there: NetworkNamespace
    let sshd: SSHDFixture

    /// Why it cannot be here; `nil` where it can.
    static var obstacle: String? {
        if let obstacle = NetworkNamespace.obstacle { return "a network namespace \(obstacle)" }
        if access("/dev/net/tun", R_OK | W_OK) != 0 { return "needs /dev/net/tun" }
        for command in ["ping", "python3"] where (try? ChildProcess.find(command)) == nil { return "needs \(command)" }
        return nil
    }

    static func with(
        permitTunnel: String = "point-to-point", configuration: [String] = [], _ body: (TwoSites) async throws -> Void
    ) async throws {
        if let obstacle { return print("skipped: \(obstacle)") }
        try await NetworkNamespace.with { here in
            try await NetworkNamespace.with { there in
                try await connect(here, there)
                var options = SSHDOptions(configuration: ["PermitTunnel \(permitTunnel)"] + configuration)
                options.address = thereOutside
                options.wrapper = there.wrapper
                try await SSHDFixture.with(options) { sshd in
                    try await body(TwoSites(here: here, there: there, sshd: sshd))
                }
            }
        }
    }

    private static func connect(_ here: NetworkNamespace, _ there: NetworkNamespace) async throws {
        try await here.configure("link add thither type veth peer name \(farLink) netns \(there.name)")
        try await here.configure("address add \(hereOutside)/30 dev thither")
        try await here.configure("link set thither up")
        try await here.configure("address add \(nearIPv4)/32 dev lo")
        try await here.configure("address add \(nearIPv6)/128 dev lo")
        for command in [
            "address add \(thereOutside)/30 dev \(farLink)", "link set \(farLink) up",
            "address add \(farIPv4)/32 dev lo", "address add \(farIPv6)/128 dev lo",
            "tuntap add dev tun0 mode tun", "address add \(peerIPv4)/30 dev tun0",
            "address add \(peerIPv6)/64 dev tun0 nodad", "link set tun0 up", "route add 10.1.0.0/16 dev tun0",
            "route add fd01::/16 dev tun0",
        ] { try await there.configure(command) }
    }

    /// The gateway's file.
    func file(_ network: String = "", probe: String = "1s") -> String {
        """
        gateway:
          host: \(Self.thereOutside)
          port: \(sshd.port)
          user: \(sshd.user)
          identity: \(sshd.identityPath)
          host-key: \(sshd.hostKeyPins[0])
          liveness: {interval: 1s, count: 3}
          ssh-config: none
        forwards:
          office:
            network:
              address: [10.99.0.1/30, "fd99::1/64"]
              peer: [\(Self.peerIPv4), "\(Self.peerIPv6)"]
              routes: [10.2.0.0/16, "fd02::/16"]
              unit: 0
        \(network.split(separator: "\n").map { "      \($0)\n" }.joined())    probe: \(probe)
          web: -L \(FreePorts.next()):127.0.0.1:9

        """
    }

    /// The same with the server's name.
    func fileByName(_ network: String = "") -> String {
        file(network).replacing("host: \(Self.thereOutside)", with: "host: \(Self.thereName)")
    }

    /// Runs `body` while programs at this side know the server by `thereName`.
    func namingTheServer(_ body: () async throws -> Void) async throws {
        try await here.with(file: "hosts", "\(Self.thereOutside) \(Self.thereName)\n") { try await body() }
    }

    /// Runs `body` beside a supervisor at this side.
    func supervised(
        _ network: String = "", probe: String = "1s", under wrapper: [String] = [],
        _ body: (SupervisorFixture) async throws -> Void
    ) async throws {
        try await SupervisorFixture.with(
            [], files: ["b.yaml": file(network, probe: probe)], under: here.wrapper + wrapper
        ) { try await body($0) }
    }

    /// Whether an address answers one ping within some seconds, asked from a namespace.
    func answers(
        _ address: String, from space: NetworkNamespace, bytes: Int = 56, within seconds: Int = 1
    ) async throws -> Bool {
        let command = space.wrapper + ["ping", "-n", "-c", "1", "-W", "\(seconds)", "-s", "\(bytes)", address]
        return try await ProcessRun.run(command[0], Array(command.dropFirst())).exit.isSuccess
    }

    /// In seconds, from here; `nil`: there was no answer within two.
    func roundTrip(_ address: String) async throws -> Double? {
        let command = here.wrapper + ["ping", "-n", "-c", "1", "-W", "2", address]
        let result = try await ProcessRun.run(command[0], Array(command.dropFirst()))
        guard let match = result.output.firstMatch(of: #/time=([0-9.]+) ms/#) else { return nil }
        return Double(match.output.1).map { $0 / 1000 }
    }

    /// Sends packets without waiting for answers.
    func burst(_ address: String, packets: Int, bytes: Int = 1372) async throws {
        let count = "\(packets)"
        let command = ["ping", "-n", "-q", "-c", count, "-l", count, "-s", "\(bytes)", "-W", "1", address]
        _ = try await ProcessRun.run(here.wrapper[0], here.wrapper.dropFirst() + command)
    }

    /// What `ip` shows in a namespace.
    static func shown(_ space: NetworkNamespace, _ command: String) async throws -> String {
        try await ProcessRun.output(of: "ip", ["-n", space.name] + command.split(separator: " ").map(String.init))
    }
}
