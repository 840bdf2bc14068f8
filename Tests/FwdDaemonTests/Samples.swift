import FwdCore

/// A snapshot with one of everything.
enum Samples {
    static let lost = Cause(.lost, "the server closed the connection")

    static var snapshot: StatusSnapshot {
        StatusSnapshot(
            version: "0.1.0", libssh2: "1.11.1", pid: 7, startedAt: Timestamp(secondsSince1970: 100),
            takenAt: Timestamp(secondsSince1970: 200), directory: "/d", configuration: configuration(),
            gateways: [amsterdam, berlin])
    }

    static func configuration(refused: [String] = [], errors: [String] = []) -> ConfigurationStatus {
        ConfigurationStatus(
            loadedAt: Timestamp(secondsSince1970: 100), isSuccessful: refused.isEmpty && errors.isEmpty, errors: errors,
            refusedGateways: refused)
    }

    static var amsterdam: GatewayStatus {
        var channelOpen = DurationHistogram()
        channelOpen.record(.milliseconds(2))
        channelOpen.record(.milliseconds(500))
        channelOpen.record(.seconds(20))
        return GatewayStatus(
            name: "amsterdam", host: "t2.example.org", port: 22, user: "tunnel", state: .up,
            since: Timestamp(secondsSince1970: 150), address: "192.0.2.1:22", session: session, sessions: 1,
            failures: ["lost": 2], connects: 3, channelOpen: channelOpen,
            forwards: [forward("db", .local, .up), forward("old", .remote, .disabled)])
    }

    static var berlin: GatewayStatus {
        GatewayStatus(
            name: "berlin", host: "b", port: 2222, user: "u", state: .backingOff, cause: lost,
            since: Timestamp(secondsSince1970: 190), nextRetry: Timestamp(secondsSince1970: 210.5),
            forwards: [forward("home", .remote, .waiting)])
    }

    static var session: SessionStatus {
        SessionStatus(
            serverVersion: "SSH-2.0-OpenSSH_9.2p1",
            hostKey: HostKeyPin(type: "ssh-ed25519", fingerprint: "SHA256:abc"), keyExchange: "curve25519-sha256",
            hostKeyAlgorithm: "ssh-ed25519", cipherIn: "aes256-gcm@openssh.com", cipherOut: "aes256-gcm@openssh.com",
            macIn: "implicit", macOut: "implicit", identity: "/k", rttSeconds: 0.0125)
    }

    static func forward(
        _ name: String, _ kind: ForwardSpec.Kind, _ state: ForwardState, cause: Cause? = nil
    ) -> ForwardStatus {
        ForwardStatus(
            name: name, kind: kind, spec: "\(kind.flag) 1:t:2", listen: "localhost:1", target: "t:2", state: state,
            cause: cause, since: Timestamp(secondsSince1970: 150),
            relays: RelayCounters(active: 2, ended: ["completed": 5], bytesToTarget: 1000, bytesFromTarget: 2000))
    }
}
