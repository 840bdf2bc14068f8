import FwdCore
import FwdOpenSSH

/// Which host keys a login accepts, and why. Made anew for every attempt: known_hosts may have changed.
struct HostKeyPolicy: Sendable {
    struct TrustedKey: Hashable, Sendable {
        let pin: HostKeyPin
        /// As in `SessionStatus.hostKeySource`.
        let source: String
        let isRetiring: Bool
    }

    private(set) var trusted: [TrustedKey]
    /// Keys that are never accepted, and the lines of known_hosts that say so.
    private(set) var revoked: [HostKeyPin: String] = [:]
    /// The first line that trusts a certificate authority for this host; libssh2 cannot negotiate host certificates.
    private var authority: String?
    /// Where nothing was found.
    private var emptyPlaces: [String] = []
    /// A file that is there and cannot be read: it may revoke any key.
    private var unreadable: String?

    /// Reads the files; not for an event loop.
    init(_ trust: HostTrust, host: String, port: UInt16) {
        trusted = trust.pins.map { pin in
            let isRetiring = trust.retiring.contains(pin)
            return TrustedKey(pin: pin, source: isRetiring ? "retiring pin" : "pin", isRetiring: isRetiring)
        }
        guard !trust.knownHosts.isEmpty else { return }
        let files = KnownHosts.read(trust.knownHosts)
        unreadable = files.problems.first { $0.place.line == 0 }?.description
        let known = files.lookUp(host: host, port: port, alias: trust.hostKeyAlias)
        for line in known.revoked { revoked[line.key.pin] = line.place.description }
        guard trusted.isEmpty else { return }
        // A type that libssh2 cannot negotiate can never be offered.
        let usable = known.trusted.filter { HostKeyPin.signatureAlgorithms[$0.key.type] != nil }
        trusted = usable.map { line in
            TrustedKey(pin: line.key.pin, source: line.place.description, isRetiring: false)
        }
        authority = known.authorities.first?.place.description
        emptyPlaces = trust.knownHosts
    }

    /// Types to negotiate, out of `preference`: the trusted ones, those that only retiring keys have last; all of them
    /// where nothing is trusted, to show what the server offers.
    func types(inOrderOf preference: [String]) -> [String] {
        guard !trusted.isEmpty else { return preference }
        let usable = preference.filter { type in trusted.contains { $0.pin.type == type } }
        let lasting = usable.filter { type in trusted.contains { $0.pin.type == type && !$0.isRetiring } }
        return lasting + usable.filter { !lasting.contains($0) }
    }

    /// - Parameter gateway: its name, for the command that mends it.
    /// - Returns: the trusted key that `offered` is.
    /// - Throws: `Cause` (hostKey).
    func verify(_ offered: HostKeyPin, gateway: String) throws(Cause) -> TrustedKey {
        if let unreadable {
            throw refusal(
                "\(unreadable), so nobody knows whether it revokes \(offered): mend it, or leave it out of known-hosts")
        }
        if let place = revoked[offered] {
            throw refusal("HOST KEY REVOKED: the server offers \(offered), which \(place) revokes")
        }
        if let match = trusted.first(where: { $0.pin == offered }) { return match }
        let expect = "--expect \(offered.fingerprint)"
        guard !trusted.isEmpty else {
            throw refusal(
                "no host key is pinned\(nothingFound); the server offers \(offered): compare it with the server's own"
                    + " (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then: fwd trust \(gateway) \(expect)")
        }
        throw refusal(
            "HOST KEY MISMATCH: expected \(expectation), offered \(offered): somebody may be in between, or the server"
                + " was reinstalled; only if the server's console shows the same key:"
                + " fwd trust \(gateway) --replace \(expect)")
    }

    /// No key of a trusted type any more.
    func missingType(offered: [String], gateway: String) -> Cause {
        refusal(
            "HOST KEY MISMATCH: expected \(expectation), the server offers only"
                + " \(printable(offered.joined(separator: ", "))): see what it has: fwd trust \(gateway) --replace")
    }

    private var expectation: String {
        trusted.map { key in key.source.hasSuffix("pin") ? key.pin.description : "\(key.pin) (\(key.source))" }
            .joined(separator: " or ")
    }

    private var nothingFound: String {
        if let authority {
            return ", and host certificates (@cert-authority, \(authority)) are not supported by this engine"
        }
        return emptyPlaces.isEmpty ? "" : " and known_hosts has none"
    }

    private func refusal(_ text: String) -> Cause {
        Cause(.hostKey, .needsOperator, text)
    }
}
