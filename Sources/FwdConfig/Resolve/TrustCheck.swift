import FwdCore
import FwdOpenSSH

/// What known_hosts says about a gateway before anybody connects.
struct TrustCheck {
    enum Finding: Hashable {
        case error(String)
        case warning(String)
    }

    private var read: [[String]: KnownHosts] = [:]

    /// - Parameter advice: what to do where no key is known.
    mutating func findings(on gateway: GatewayConfiguration, advice: String) -> [Finding] {
        let (trust, files) = (gateway.trust, gateway.trust.knownHosts)
        let known = read[files] ?? KnownHosts.read(files)
        read[files] = known
        let answer = known.lookUp(host: gateway.hostName, port: gateway.port, alias: trust.hostKeyAlias)
        // What is wrong with single lines is ssh's daily bread; a file that cannot be read at all is not, nor a line that
        // may have been meant to revoke a key.
        let unreadable = known.problems.filter { $0.place.line == 0 || $0.isOfMarkedLine }.map {
            Finding.warning("gateway.known-hosts: \($0)")
        }
        return unreadable
            + (trust.pins.isEmpty ? onKnownHosts(answer, gateway, advice) : onPins(trust.pins, answer))
    }

    private func onPins(_ pins: [HostKeyPin], _ answer: KnownHosts.Answer) -> [Finding] {
        pins.compactMap { pin in
            answer.revoked.first { $0.key.pin == pin }
                .map { .error("gateway.host-key: \(pin) is revoked (@revoked, \($0.place)): remove the pin") }
        }
    }

    private func onKnownHosts(
        _ answer: KnownHosts.Answer, _ gateway: GatewayConfiguration, _ advice: String
    ) -> [Finding] {
        let usable = answer.trusted.contains { entry in
            HostKeyPin.signatureAlgorithms[entry.key.type] != nil && answer.revocation(of: entry.key) == nil
        }
        guard let authority = answer.authorities.first else {
            // Without any file the message about known-hosts has been given already.
            if usable || gateway.trust.knownHosts.isEmpty { return [] }
            return [
                .warning(
                    "gateway.host-key: no pin, and no key of \(Self.name(of: gateway)) in "
                        + "\(gateway.trust.knownHosts.joined(separator: ", ")): the gateway will park; \(advice)")
            ]
        }
        let text =
            "host certificates (@cert-authority, \(authority.place)) are not supported by this engine "
            + "(libssh2 cannot negotiate them)"
        return [
            usable
                ? .warning("gateway.host-key: \(text): only the plain keys of known_hosts count")
                : .error("gateway.host-key: \(text): pin the key")
        ]
    }

    /// As known_hosts writes it.
    private static func name(of gateway: GatewayConfiguration) -> String {
        if let alias = gateway.trust.hostKeyAlias { return alias }
        return gateway.port == 22 ? gateway.hostName : "[\(gateway.hostName)]:\(gateway.port)"
    }
}
