import Foundation
import FwdTestSupport
import Testing

@testable import FwdOpenSSH

/// SSHFP records of a real name server, as ssh-keygen makes them.
@Suite struct SSHFPTests {
    @Test(
        .enabled(if: NameServer.isAvailable, "dnsmasq of Debian's package dnsmasq-base is not installed"),
        arguments: [SSHKey.KeyType.ed25519, .rsa3072, .ecdsa256, .ecdsa521])
    func aRecordIsOfOneKeyOnly(_ type: SSHKey.KeyType) async throws {
        let (key, other) = (try await Self.key(type, "host"), try await Self.key(type, "other-host"))
        let stranger = try await Self.key(type == .ed25519 ? .rsa3072 : .ed25519, "host")
        try await NameServer.with(records: try await Self.records(type)) { server in
            let found = try SSHFPRecords.lookUp(host: "host.test", server: server)
            #expect(found.records.count == 1)
            #expect(found.verdict(on: key) == .match)
            #expect(found.verdict(on: other) == .mismatch)
            #expect(found.verdict(on: stranger) == SSHFPRecords.Verdict.none)
            #expect(!found.isAuthenticated)
        }
    }

    @Test(.enabled(if: NameServer.isAvailable, "dnsmasq of Debian's package dnsmasq-base is not installed"))
    func aNameWithoutRecordsHasNone() async throws {
        try await NameServer.with(records: ["other.test,44,0402"]) { server in
            for host in ["host.test", "other.test"] {
                // The record of the second is too short to be one.
                let found = try SSHFPRecords.lookUp(host: host, server: server)
                #expect(found.records == [])
            }
        }
    }

    @Test func withoutANameServerThereIsNoAnswer() {
        let nobody = SSHFPRecords.Server(address: "127.0.0.1", port: FreePorts.next())
        #expect(throws: FormatProblem.self) { try SSHFPRecords.lookUp(host: "host.test", server: nobody) }
    }

    @Test(arguments: [false, true]) func onlyTheADBitAuthenticates(_ isAuthenticated: Bool) throws {
        let found = try SSHFPRecords(message: Self.message(flags: isAuthenticated ? 0xA0 : 0x80))
        #expect(found.isAuthenticated == isAuthenticated)
        #expect(found.records == [SSHFPRecords.Record(algorithm: 4, fingerprint: Array(repeating: 7, count: 32))])
    }

    @Test func aMessageThatIsCutShortIsRefused() {
        let whole = Self.message(flags: 0x80)
        for length in 0..<whole.count {
            #expect(throws: FormatProblem.self) { try SSHFPRecords(message: Array(whole.prefix(length))) }
        }
    }

    @Test(arguments: [("127.0.0.1", true), ("::1", true), ("fe80::1%eth0", true), ("host", false), ("1.2.3", false)])
    func anAddressIsNoName(_ host: String, _ isAddress: Bool) {
        #expect(SSHFPRecords.isAddress(host) == isAddress)
    }

    /// RFC 1035 section 4: header, no question, one SSHFP record of the root with 32 bytes of 7.
    private static func message(flags: UInt8) -> [UInt8] {
        let header: [UInt8] = [0, 1, 0x81, flags, 0, 0, 0, 1, 0, 0, 0, 0]
        let record: [UInt8] = [0, 0, 44, 0, 1, 0, 0, 0, 0, 0, 34, 4, 2]
        return header + record + Array(repeating: 7, count: 32)
    }

    private static func key(_ type: SSHKey.KeyType, _ name: String) async throws -> PublicKey {
        try PublicKey(line: try await SSHKey.shared(type, name: name).publicLine)
    }

    /// `host.test IN SSHFP 4 2 0123…` as dnsmasq wants it; SHA-1 records (type 1) as well.
    private static func records(_ type: SSHKey.KeyType) async throws -> [String] {
        let path = try await SSHKey.shared(type, name: "host").path + ".pub"
        let text = try await ProcessRun.output(of: "ssh-keygen", ["-r", "host.test", "-f", path])
        return try text.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            try #require(words.count == 6)
            return "host.test,44,0\(words[3])0\(words[4])\(words[5])"
        }
    }
}

/// dnsmasq on a loopback port, with records of our own and nobody to ask.
enum NameServer {
    static let path = try? ChildProcess.find("dnsmasq")
    static var isAvailable: Bool { path != nil }

    static func with(records: [String], _ body: (SSHFPRecords.Server) async throws -> Void) async throws {
        let program = try #require(path)
        let server = SSHFPRecords.Server(address: "127.0.0.1", port: FreePorts.next())
        let arguments = [
            "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
            "--listen-address=127.0.0.1", "--port=\(server.port)", "--pid-file=", "--user=\(NSUserName())",
            "--local=/test/", "--log-facility=-",
        ]
        try await ProcessRun.running(program, arguments + records.map { "--dns-rr=\($0)" }) { process in
            try await eventually("dnsmasq answers: \(process.standardError)") {
                (try? SSHFPRecords.lookUp(host: "ready.test", server: server)) != nil
            }
            try await body(server)
        }
    }
}
