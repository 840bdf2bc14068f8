import FwdCore
import FwdOpenSSH

/// What each server of a gateway offers. One that cannot be asked does not keep the others from being shown.
struct ServersInspection: Sendable {
    /// In the order of the file, without those that could not be asked.
    let found: [(server: GatewayConfiguration, inspection: HostKeyInspection)]
    /// Why the others could not.
    let failures: [TrustRefusal]

    /// - Parameter gateways: all of the directory, for the routes.
    /// - Throws: when no server could be asked.
    static func of(
        _ gateway: GatewayConfiguration, among gateways: [String: GatewayConfiguration]
    ) async throws(TrustRefusal) -> ServersInspection {
        var found: [(GatewayConfiguration, HostKeyInspection)] = []
        var failures: [TrustRefusal] = []
        for server in gateway.servers {
            do throws(TrustRefusal) {
                found.append((server, try await HostKeyInspection.of(server, among: gateways)))
            } catch {
                let server = gateway.fallbacks.isEmpty ? "" : "\(server.host): "
                failures.append(TrustRefusal("\(server)\(error)"))
            }
        }
        if found.isEmpty, let failure = failures.first { throw failure }
        return ServersInspection(found: found, failures: failures)
    }

    /// What to ask about the pins.
    func query(_ gateway: GatewayConfiguration, expected: [String]) -> TrustQuery {
        let revoked = found.map(\.inspection.revoked).reduce(into: [:]) { all, some in
            all.merge(some, uniquingKeysWith: { first, _ in first })
        }
        return TrustQuery(
            gateway: gateway.name, trust: gateway.trust,
            servers: found.map { TrustQuery.Server(name: $0.server.host, offered: $0.inspection.keys.map(\.pin)) },
            isComplete: failures.isEmpty, revoked: revoked, expected: expected)
    }

    func evidence(expected: [String]) -> [HostKeyEvidence] {
        let hasSeveral = found.count + failures.count > 1
        return found.flatMap { server, inspection in
            inspection.evidence(server.trust, server: hasSeveral ? server.host : nil, expected: expected)
        }
    }
}
