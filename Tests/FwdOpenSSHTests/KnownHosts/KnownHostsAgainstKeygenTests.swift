import FwdOpenSSH
import FwdTestSupport
import Testing

/// The same files are read by `ssh-keygen -F`.
@Suite struct KnownHostsAgainstKeygenTests {
    @Test("random files match the same lines as for ssh-keygen", arguments: [1, 2, 3] as [UInt64])
    func patterns(seed: UInt64) async throws {
        var random = Random(seed: seed)
        let text = (0..<200).map { _ in line(&random) }.joined(separator: "\n")
        try await TemporaryDirectory.with { directory in
            let file = try directory.write(text + "\n", to: "known")
            var found = 0
            for _ in 0..<40 { found += try await compare(name(&random), file) }
            #expect(found > 100)
        }
    }

    @Test("names that ssh-keygen has hashed are found as it finds them")
    func hashed() async throws {
        var random = Random(seed: 4)
        let names = ["alpha", "beta.example.org", "[alpha]:2222", "::1", "[fe80::1]:22000", "192.0.2.7"]
        let text = (0..<60).map { _ in "\(names.randomElement(using: &random) ?? "") \(placeholder())" }
        try await TemporaryDirectory.with { directory in
            let file = try directory.write(text.joined(separator: "\n") + "\n", to: "known")
            _ = try await ProcessRun.output(of: "ssh-keygen", ["-H", "-f", file])
            let hashed = String(decoding: try bytes(of: file), as: UTF8.self).split(separator: "\n")
            #expect(hashed.allSatisfy { $0.hasPrefix("|1|") })
            var found = 0
            for name in names + ["gamma", "alph", "[alpha]:22"] { found += try await compare(name, file) }
            #expect(found == 60)
            let hosts = KnownHosts.read([file])
            #expect(!hosts.lookUp(host: "ALPHA", port: 2222).trusted.isEmpty)
            let lowerCase = hosts.lookUp(host: "beta.example.org", port: 22)
            #expect(hosts.lookUp(host: "Beta.Example.ORG", port: 22) == lowerCase)
        }
    }

    /// - Returns: how many lines match.
    private func compare(_ name: String, _ file: String) async throws -> Int {
        // It ends with 1 where it finds nothing.
        let result = try await ProcessRun.run("ssh-keygen", ["-F", name, "-f", file])
        let expected = result.output.split(separator: "\n").filter { $0.hasPrefix("# Host ") }.compactMap(Found.init)
        // An alias is looked for exactly as it is, which is what -F does.
        let answer = KnownHosts.read([file]).lookUp(host: "", port: 22, alias: name)
        let found =
            answer.trusted.map { Found(line: $0.place.line, marker: "") }
            + answer.revoked.map { Found(line: $0.place.line, marker: "REVOKED") }
            + answer.authorities.map { Found(line: $0.place.line, marker: "CA") }
        #expect(found.sorted { $0.line < $1.line } == expected, "\(name)")
        return found.count
    }

    /// `# Host NAME found: line 7 REVOKED`
    private struct Found: Equatable {
        let line: Int
        let marker: String

        init(line: Int, marker: String) {
            self.line = line
            self.marker = marker
        }

        init?(_ text: Substring) {
            let words = text.split(separator: " ")
            guard let word = words.lastIndex(of: "line"), word + 1 < words.count, let line = Int(words[word + 1])
            else { return nil }
            self.init(line: line, marker: word + 2 < words.count ? String(words[word + 2]) : "")
        }
    }

    private func line(_ random: inout Random) -> String {
        let marker = ["", "", "", "", "@revoked ", "@cert-authority ", "  ", "\t"].randomElement(using: &random) ?? ""
        let patterns = (0..<Int.random(in: 1...4, using: &random)).map { _ in pattern(&random) }
        return "\(marker)\(patterns.joined(separator: ",")) \(placeholder(UInt8.random(in: 1...9, using: &random)))"
    }

    private func pattern(_ random: inout Random) -> String {
        var text = name(&random)
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            let place = text.index(text.startIndex, offsetBy: Int.random(in: 0..<text.count, using: &random))
            switch Int.random(in: 0..<3, using: &random) {
            case 0: text.replaceSubrange(place...place, with: "?")
            case 1: text.replaceSubrange(place..., with: "*")
            default: text.replaceSubrange(text.startIndex...place, with: "*")
            }
        }
        return (Int.random(in: 0..<5, using: &random) == 0 ? "!" : "") + text
    }

    private func name(_ random: inout Random) -> String {
        let label = ["a", "b", "Ab", "ba"].randomElement(using: &random) ?? "a"
        let domain = ["", ".a", ".b.a", ".B"].randomElement(using: &random) ?? ""
        let host = Int.random(in: 0..<8, using: &random) == 0 ? "::1" : label + domain
        let port = ["22", "2", "2222"].randomElement(using: &random) ?? "2"
        return Int.random(in: 0..<3, using: &random) == 0 ? "[\(host)]:\(port)" : host
    }
}
