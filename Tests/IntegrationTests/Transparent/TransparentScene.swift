import FwdConfig
import FwdCore
import FwdTestSupport

/// `fwd run` in a network namespace, with a transparent forward for all that is at the other end of its link: an sshd
/// and targets. So the address of the gateway itself is among those that are redirected.
struct TransparentScene: Sendable {
    let space: NetworkNamespace
    let sshd: SSHDFixture
    let fixture: SupervisorFixture
    let gateway: GatewayConfiguration

    static let id = "gw/net"

    static func with(
        excludingAll: Bool = false, hold: Duration = .seconds(10), besides: [ForwardConfiguration] = [],
        networks: [AddressRange]? = nil, dns: DNSRule? = nil, limits: ForwardLimits = .none,
        under wrapper: [String] = [],
        _ body: (TransparentScene) async throws -> Void
    ) async throws {
        try await NetworkNamespace.with { space in
            var options = SSHDOptions.standard
            options.address = space.outside
            try await SSHDFixture.with(options) { sshd in
                let rule = TransparentRule(
                    networks: try networks ?? [try range(space.outside)],
                    exclude: excludingAll ? [try range(space.outside)] : [],
                    dns: dns)
                let spec = ForwardSpec(kind: .transparent, listen: .redirect(rule), target: .original)
                let gateway = sshd.gatewayConfiguration(
                    name: "gw",
                    forwards: [ForwardConfiguration(name: "net", spec: spec, hold: hold, limits: limits)] + besides)
                try await SupervisorFixture.with([gateway], under: space.wrapper + wrapper) { fixture in
                    try await body(
                        TransparentScene(space: space, sshd: sshd, fixture: fixture, gateway: gateway))
                }
            }
        }
    }

    private static func range(_ address: String) throws -> AddressRange {
        let bytes = address.split(separator: ".").compactMap { UInt8($0) }
        guard let range = AddressRange(network: bytes, prefixLength: 32) else {
            throw TestSupportError("\(address) is no IPv4 address")
        }
        return range
    }

    /// Runs a shell command in the namespace.
    func shell(_ command: String, within deadline: Duration = .seconds(60)) async throws -> ProcessResult {
        let words = space.wrapper + ["env", "LC_ALL=C", "bash", "-c", command]
        return try await ProcessRun.run(words[0], Array(words.dropFirst()), within: deadline)
    }

    /// The rules of the namespace, as nft lists them.
    func rules() async throws -> String {
        try await shell("nft list ruleset").output
    }

    func relays() async throws -> RelayCounters {
        guard let id = ForwardID(Self.id), let status = try await fixture.snapshot().forward(id) else {
            throw TestSupportError("no forward \(Self.id)")
        }
        return status.relays
    }
}
