import Dispatch
import FwdConfig
import FwdCore
import FwdOpenSSH
import FwdTunnel
import Logging

/// What a server offers, and what known_hosts and DNS say about it.
struct HostKeyInspection: Sendable {
    let keys: [PublicKey]
    let known: KnownHosts.Answer
    /// `nil`: DNS was not asked, or did not answer.
    let dns: SSHFPRecords?

    /// - Parameter gateways: all of the directory, for the route.
    static func of(
        _ gateway: GatewayConfiguration, among gateways: [String: GatewayConfiguration]
    ) async throws(TrustRefusal) -> HostKeyInspection {
        async let dns = dns(of: gateway)
        do {
            let silent = Logger(label: "fwd") { _ in SwiftLogNoOpLogHandler() }
            let keys = try await HostKeyScan(gateway, among: gateways, logger: silent).keys()
            return HostKeyInspection(keys: keys, known: known(gateway), dns: await dns)
        } catch {
            throw TrustRefusal("the host keys of \(gateway.name) cannot be fetched: \(error)")
        }
    }

    /// Which of the keys known_hosts revokes, and where.
    var revoked: [HostKeyPin: String] {
        let lines = known.revoked.map { ($0.key.pin, $0.place.description) }
        return Dictionary(lines, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter server: what to call it; `nil` where there is no other.
    func evidence(_ trust: HostTrust, server: String?, expected: [String]) -> [HostKeyEvidence] {
        keys.map {
            HostKeyEvidence($0, trust: trust, known: known, dns: dns, expected: expected, server: server)
        }
    }

    private static func known(_ gateway: GatewayConfiguration) -> KnownHosts.Answer {
        KnownHosts.read(gateway.trust.knownHosts)
            .lookUp(host: gateway.hostName, port: gateway.port, alias: gateway.trust.hostKeyAlias)
    }

    /// Off the threads that Swift's tasks share: the system's resolver blocks.
    private static func dns(of gateway: GatewayConfiguration) async -> SSHFPRecords? {
        // An address has no name to look under, and what a name means behind a jump, only the jump knows.
        guard case .direct = gateway.route, !SSHFPRecords.isAddress(gateway.hostName) else { return nil }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: try? SSHFPRecords.lookUp(host: gateway.hostName))
            }
        }
    }
}
