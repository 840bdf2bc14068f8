import Foundation
import FwdOpenSSH
import FwdTestSupport
import Testing

/// A key that is good for known_hosts; nobody has its private half.
func placeholder(_ number: UInt8 = 1) -> String {
    let blob = [0, 0, 0, 11] + Array("ssh-ed25519".utf8) + [0, 0, 0, 32] + [UInt8](repeating: number, count: 32)
    return "ssh-ed25519 \(Data(blob).base64EncodedString())"
}

@Suite struct KnownHostsTests {
    @Test(
        "a field of hosts matches as sshd(8) says",
        arguments: [
            ("host", "host", 22, true), ("host", "HOST", 22, true), ("HOST", "host", 22, true),
            ("host", "hos", 22, false), ("host", "hosts", 22, false), ("a,host,b", "host", 22, true),
            ("*", "host", 22, true), ("h*t", "host", 22, true), ("h?st", "host", 22, true),
            ("h?st", "hst", 22, false), ("*.example.org", "a.b.example.org", 22, true),
            ("*.example.org", "example.org", 22, false), ("*,!host", "host", 22, false),
            ("!host,*", "host", 22, false), ("!host", "other", 22, false), ("!*", "host", 22, false),
            ("*,!h*,host", "host", 22, false), ("[host]:2222", "host", 2222, true),
            ("[HOST]:2222", "Host", 2222, true), ("[host]:2222", "host", 22, false),
            ("[host]:2222", "host", 2223, false), ("[host]:22", "host", 22, false), ("[*]:2222", "host", 2222, true),
            ("::1", "::1", 22, true), ("::1", "[::1]", 22, true), ("[::1]", "::1", 22, false),
            ("[::1]:2222", "::1", 2222, true), ("[::1]:2222", "[::1]", 2222, true), ("host,", "host", 22, true),
            (",host", "host", 22, true), ("!", "host", 22, false), ("ho\\*", "host", 22, false),
            ("host", "", 22, false),
        ] as [(String, String, UInt16, Bool)])
    func patterns(field: String, host: String, port: UInt16, isMatched: Bool) {
        let hosts = known("\(field) \(placeholder())")
        #expect(hosts.problems == [])
        #expect(hosts.lookUp(host: host, port: port).trusted.count == (isMatched ? 1 : 0))
    }

    @Test("on another port than 22 the plain name counts only where there is no key for name and port")
    func otherPorts() throws {
        let plain = "host \(placeholder(1))\n"
        let exact = "[host]:2222 \(placeholder(2))\n"
        #expect(lines(known(plain).lookUp(host: "host", port: 2222).trusted) == [1])
        #expect(lines(known(plain + exact).lookUp(host: "host", port: 2222).trusted) == [2])
        #expect(lines(known(plain + exact).lookUp(host: "host", port: 22).trusted) == [1])
    }

    @Test("what is revoked for the plain name is revoked on every port")
    func revokedOnEveryPort() throws {
        let hosts = known("@revoked host \(placeholder())\n[host]:2222 \(placeholder())\n")
        let key = try PublicKey(line: placeholder())
        #expect(hosts.revocation(of: key, host: "host", port: 2222)?.place.line == 1)
        #expect(hosts.revocation(of: key, host: "host", port: 22)?.place.line == 1)
        #expect(hosts.revocation(of: key, host: "other", port: 22) == nil)
        #expect(hosts.revocation(of: try PublicKey(line: placeholder(2)), host: "host", port: 22) == nil)
    }

    @Test("an alias is looked for alone, without the port and in any case of its letters")
    func aliases() {
        let hosts = known("name \(placeholder())\n[name]:2222 \(placeholder())\nhost \(placeholder())\n")
        #expect(lines(hosts.lookUp(host: "host", port: 2222, alias: "Name").trusted) == [1])
    }

    @Test("markers sort the lines, and unknown ones are problems")
    func markers() {
        let key = placeholder()
        let hosts = known(
            "@revoked * \(key)\n@cert-authority *.org \(key)\n@cert-authority *.com \(key)\n@trusted * \(key)\n"
                + "@revoked\ta.org\t\(key)\n@revoked @revoked * \(key)\na.org \(key)\n@\n@revoked\n")
        let answer = hosts.lookUp(host: "a.org", port: 22)
        #expect(lines(answer.revoked) == [1, 5])
        #expect(lines(answer.authorities) == [2])
        #expect(lines(answer.trusted) == [7])
        #expect(
            hosts.problems.map(\.description) == [
                "known:4 has an unknown marker @trusted", "known:6 has a blob that is not base64",
                "known:8 has an unknown marker @", "known:9 names no host",
            ])
    }

    @Test("a revocation counts even where its type word does not fit the key")
    func slipOfThePen() throws {
        let key = placeholder()
        let slip = key.replacingOccurrences(of: "ssh-ed25519 ", with: "ssh-rsa ")
        let hosts = known("@revoked host \(slip)\nhost \(slip)\nhost \(key)\n")
        let answer = hosts.lookUp(host: "host", port: 22)
        #expect(lines(answer.trusted) == [3])
        #expect(lines(answer.revoked) == [1])
        #expect(hosts.problems.map(\.place.line) == [1, 2])
        #expect(answer.revocation(of: try PublicKey(line: key)) != nil)
    }

    @Test("blank lines, comments, CRLF, a missing last newline and comments behind keys are read")
    func lexing() {
        let key = placeholder()
        let hosts = known("\r\n# comment\r\n   \n\t# more\n  host\t\t\(key)  me@there x\r\nhost \(key)\r\nhost \(key)")
        #expect(hosts.problems == [])
        #expect(lines(hosts.lookUp(host: "host", port: 22).trusted) == [5, 6, 7])
        #expect(hosts.lookUp(host: "host", port: 22).trusted.first?.key.comment == "me@there x")
    }

    @Test("a key of an unknown type is kept")
    func unknownType() {
        let blob = Data([0, 0, 0, 5] + Array("x@y.z".utf8) + [1, 2, 3]).base64EncodedString()
        let hosts = known("host x@y.z \(blob)\n")
        #expect(hosts.problems == [])
        #expect(hosts.lookUp(host: "host", port: 22).trusted.first?.key.type == "x@y.z")
    }

    @Test(
        "a bad line is a problem of its own",
        arguments: [
            ("host", "is not \"type base64 [comment]\""), ("host ssh-ed25519", "is not \"type base64 [comment]\""),
            ("host ssh-ed25519 %%%", "has a blob that is not base64"),
            ("|1|AAAA|AAAA ssh-ed25519 AAAA", "has a damaged hashed host name"),
            ("|2|AAAA|AAAA ssh-ed25519 AAAA", "has a damaged hashed host name"),
            ("| ssh-ed25519 AAAA", "has a damaged hashed host name"),
        ])
    func badLines(line: String, problem: String) {
        let hosts = known("good \(placeholder())\n\(line)\ngood \(placeholder())\n")
        #expect(hosts.problems.map(\.description) == ["known:2 \(problem)"])
        #expect(lines(hosts.lookUp(host: "good", port: 22).trusted) == [1, 3])
    }

    @Test("bytes that are no text do no harm")
    func anyBytes() {
        var hosts = KnownHosts()
        hosts.add([0xFF, 0xFE, 0x20, 0x00, 0x0A] + Array("host \(placeholder())".utf8), file: "known")
        #expect(lines(hosts.lookUp(host: "host", port: 22).trusted) == [2])
    }

    @Test("a pattern full of stars takes no more than its length times the name's")
    func stars() {
        let pattern = String(repeating: "*a", count: 500) + "b"
        let hosts = known("\(pattern) \(placeholder())\n")
        let time = ContinuousClock().measure {
            #expect(hosts.lookUp(host: String(repeating: "a", count: 5_000), port: 22).trusted.isEmpty)
        }
        #expect(time < .seconds(10))
    }

    @Test("files are read in order; a missing one is left out, an unreadable one is a problem")
    func reading() async throws {
        try await TemporaryDirectory.with { directory in
            let first = try directory.write("host \(placeholder(1))\n", to: "first")
            let second = try directory.write("\nhost \(placeholder(2))\n", to: "second")
            let hosts = KnownHosts.read([first, directory.file("none"), directory.path, "/dev/null", second])
            let places = hosts.lookUp(host: "host", port: 22).trusted.map(\.place.description)
            #expect(places == ["\(first):1", "\(second):2"])
            #expect(hosts.problems.map(\.description) == ["\(directory.path) cannot be read: Is a directory"])
        }
    }

    @Test("a pipe and an endless file end the reading")
    func strangeFiles() async throws {
        try await TemporaryDirectory.with { directory in
            _ = try await ProcessRun.output(of: "mkfifo", [directory.file("pipe")])
            let hosts = KnownHosts.read([directory.file("pipe"), "/dev/zero"])
            #expect(hosts.problems.map(\.description) == ["/dev/zero is longer than 16 MiB"])
        }
    }

    private func known(_ text: String) -> KnownHosts {
        var hosts = KnownHosts()
        hosts.add(text, file: "known")
        return hosts
    }

    private func lines(_ entries: [KnownHosts.Entry]) -> [Int] { entries.map(\.place.line) }
}
