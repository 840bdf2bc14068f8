import FwdControl
import FwdCore
import Testing

@testable import fwd

@Suite struct StatusViewTests {
    static let session = SessionStatus(
        serverVersion: "SSH-2.0-OpenSSH_9.2p1",
        hostKey: HostKeyPin(type: "ssh-ed25519", fingerprint: "SHA256:abc"), keyExchange: "curve25519-sha256",
        hostKeyAlgorithm: "ssh-ed25519", cipherIn: "aes256-gcm@openssh.com", cipherOut: "chacha", macIn: "implicit",
        macOut: "implicit", identity: "key file /k", rttSeconds: 0.012)

    @Test func aGatewayInDepth() {
        var gateway = ListViewTests.gateway("amsterdam", .up, [ListViewTests.forward("db", .up)])
        gateway.address = "192.0.2.1:22"
        gateway.route = "via berlin"
        gateway.credentials = [
            CredentialStatus(credential: "key file /old", outcome: .unusable, reason: "is readable by others"),
            CredentialStatus(credential: "key file /k", outcome: .accepted),
            CredentialStatus(credential: "password", outcome: .untried),
        ]
        gateway.session = Self.session
        gateway.sessions = 1
        gateway.connects = 3
        gateway.failures = ["timeout": 1, "lost": 2, "dns": 0]
        gateway.lastError = LastError(at: Timestamp(secondsSince1970: 9_000), cause: ListViewTests.lost)
        gateway.channelOpen.record(.milliseconds(4))
        let text = StatusView(now: Timestamp(secondsSince1970: 10_000), style: .plain).render(gateway)
        #expect(text == Self.expected)
    }

    static let expected = """
        amsterdam  up for 16 min
          server        u@h:22
          address       192.0.2.1:22
          route         via berlin
          software      SSH-2.0-OpenSSH_9.2p1
          host key      ssh-ed25519 SHA256:abc (ssh-ed25519)
          trusted by    pin
          key exchange  curve25519-sha256
          cipher        aes256-gcm@openssh.com in, chacha out
          mac           implicit
          identity      key file /k
          round trip    12 ms
          sessions      1
          credential    key file /old  unusable: is readable by others
          credential    key file /k  accepted
          credential    password  untried
          came up       3 times
          failures      lost 2, timeout 1
          last error    16 min ago: the server closed the connection
          channels      1 opened, in 4.0 ms on average
          forward       db  -L 5432:db:5432  up
        """

    @Test func aGatewayThatIsDownSaysWhyAndWhenItTriesAgain() {
        let gateway = ListViewTests.gateway("b", .backingOff, [ListViewTests.forward("x", .waiting)])
        let text = StatusView(now: Timestamp(secondsSince1970: 10_000), style: .plain).render(gateway)
        #expect(text.contains("cause     the server closed the connection (lost)"))
        #expect(text.contains("next try  in 12 s"))
    }

    @Test func aReloadIsALineForEachGateway() {
        let reply = ReloadReply(
            isSuccessful: false, errors: [], warnings: [],
            gateways: [
                .init(
                    gateway: "a", action: .updated, started: ["n"], stopped: ["o"], changed: ["c"], kept: ["k", "l"]),
                .init(gateway: "b", action: .refused),
            ])
        #expect(ReloadView.render(reply, .plain) == "a: updated +n -o ~c (2 kept)\nb: refused")
    }

    @Test func theOutcomeOfAForwardNamesItsCause() {
        let id = ForwardID(gateway: "a", forward: "db")
        let up = ListViewTests.gateway("a", .up, [])
        let parked = ListViewTests.gateway("a", .parked, [])
        #expect(
            Outcome.line(id, ListViewTests.forward("db", .up), up, .plain)
                == "a/db: up, -L 5432:db:5432, listening on localhost:5432")
        #expect(
            Outcome.line(id, ListViewTests.forward("db", .waiting), parked, .plain)
                == "a/db: waiting: the server closed the connection")
    }
}
