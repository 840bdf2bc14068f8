import FwdCore
import FwdOpenSSH
import Testing

@testable import FwdConfig

/// Files of many shapes, and random ones that are no files at all.
private struct FileGenerator {
    var random: SeededGenerator

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(random.next() % UInt64(elements.count))]
    }

    /// A valid file; its forwards are called f0, f1, ...
    mutating func file() -> String {
        let newline = pick(["\n", "\r\n", "\r"])
        let step = pick([1, 2, 4, 7])
        var gateway = [pick(["gateway:", "\"gateway\":", "gateway: # g"])]
        gateway.append(
            indent(step)
                + pick([
                    "host: h", "'host': \"h\"", "host:   h.example.org  # é 日本", "host: [h, i.example.org] # c",
                    "host: # c\(newline)\(indent(step + 1))- h\(newline)\(indent(step + 1))- i",
                ]))
        if pick([true, false]) { gateway.append(pick(["", "# c", indent(step) + "# c"])) }
        let forwards = pick([true, false, false]) ? flow(step) : block(step)
        var lines = pick([[], ["# top"], ["---"]])
        lines += pick([gateway + forwards, forwards + gateway])
        lines += pick([[], ["# end"], [""], ["", indent(step) + "# end", ""]])
        return pick(["", "", "\u{FEFF}"]) + lines.joined(separator: newline) + pick(["", newline, newline])
    }

    private func indent(_ count: Int) -> String { String(repeating: " ", count: count) }

    private mutating func block(_ step: Int) -> [String] {
        var lines = [pick(["forwards:", "'forwards' :", "forwards: # f"])]
        for index in 0..<pick([0, 1, 2, 5]) {
            lines += pick([[], [], [""], [indent(step) + "# c"], ["# c", ""]])
            lines += entry(index, step)
        }
        return lines
    }

    private mutating func entry(_ index: Int, _ step: Int) -> [String] {
        let (start, deeper) = (indent(step), indent(step + 3))
        let key = start + pick(["f\(index):", "\"f\(index)\":", "f\(index) :"])
        let spec = "-L \(index + 1):b:2"
        return pick([
            ["\(key) \(spec)"], ["\(key)   '\(spec)'   # c"], ["\(key) \"\(spec)\""],
            ["\(key) {spec: \(spec), hold: 1s}"],
            ["\(key) -L", "\(deeper)\(index + 1):b:2"], ["\(key) >-", "\(deeper)\(spec)"],
            ["\(key) # c", "\(deeper)spec: \(spec)", "\(deeper)# c", "\(deeper)enabled: false"],
            [
                "\(key)", "\(deeper)spec: \(spec)", "\(deeper)allow: # c", "\(deeper)- 10.0.0.0/8",
                "\(deeper)- \"::1\"",
            ],
            [
                "\(key)", "\(deeper)spec: \(spec)", "\(deeper)probe:", "\(deeper) http: /", "\(deeper) every: 5s",
            ],
            ["\(key) {", "\(deeper)hold: 2m, # c", "\(start) spec: '\(spec)' }"],
        ])
    }

    private mutating func flow(_ step: Int) -> [String] {
        let count = pick([0, 1, 2, 4])
        let isOwnLine = pick([true, false])
        let entries = (0..<count).map { index in
            pick([
                "f\(index): -L \(index + 1):b:2", "\"f\(index)\": '-L \(index + 1):b:2'",
                "f\(index): {spec: -L \(index + 1):b:2}",
            ])
        }
        let end = count > 0 ? pick(["", ","]) : ""
        if !isOwnLine {
            return ["forwards: {" + pick(["", " "]) + entries.joined(separator: ", ") + end + pick(["", " "]) + "}"]
        }
        let lines = entries.enumerated().map { index, entry in
            indent(step) + entry + (index < count - 1 ? "," : end) + pick(["", " # c"])
        }
        return ["forwards: {"] + lines + [indent(step) + "}"]
    }
}

extension FileGenerator {
    /// - Parameter usual: what a file without `identity` gives.
    mutating func login(_ usual: LoginConfiguration) -> LoginConfiguration {
        var login = usual
        login.user = pick(["ann", "#ann", "ann:", "DOM\\ann", "\"ann\""])
        login.agent = pick([.environment, .none, .path("/run/agent socket")])
        login.password = pick([nil, .file("/p w"), .credential("p w")])
        if pick([true, false]) { return login }
        login.offersOnlyIdentities = true
        login.identities = pick([
            [], ["/a b"].map { IdentityConfiguration($0) },
            ["/k#1", "/home/ann/x: y", "/[k], {l}"].map { IdentityConfiguration($0) },
            [
                IdentityConfiguration(key: .credential("k"), passphrase: .file("/p: #")),
                IdentityConfiguration(key: .file("/k"), certificate: "/c 'd'", passphrase: .credential("p")),
            ],
        ])
        return login
    }

    mutating func fallbacks(of configuration: GatewayConfiguration) -> [GatewayConfiguration] {
        pick([[], ["2001:db8::1"], ["i", "j k's"].map { $0.replacing(" ", with: "-") }]).map { host in
            var fallback = configuration
            (fallback.host, fallback.hostName, fallback.fallbacks, fallback.forwards) = (host, host, [], [])
            return fallback
        }
    }

    mutating func probe() -> Probe? {
        let every = Duration.milliseconds(pick([1000, 1500, 60_000, 86_400_000]))
        let method: Probe.Method = pick([
            .connect, .expect("220 "), .expect("'a': {b} # c"), .expect("off"),
            .http(path: "/a?b=[c]&d", status: pick([200, 599])),
        ])
        let probe = Probe(method, every: every, timeout: pick([.milliseconds(1), .seconds(1), every]))
        return pick([nil, .standard, probe, probe])
    }

    mutating func limits() throws -> ForwardLimits {
        let ranges = try ["10.0.0.0/8", "::/0", "2001:db8::7"].map { try #require(AddressRangeText.parse($0)).range }
        return ForwardLimits(
            allow: pick([nil, Array(ranges.prefix(pick([1, 3])))]), maxConnections: pick([nil, 1, 1_000_000]),
            bytesPerSecond: pick([nil, 1000, 1125, 65_536, 12_500_000, 1_000_000_000_000]),
            idleTimeout: pick([nil, .seconds(1), .milliseconds(1500)]))
    }

    mutating func trust() -> HostTrust {
        let pins = pick([[], ["ssh-rsa"], ["ssh-ed25519", "ecdsa-sha2-nistp256"]])
            .map { HostKeyPin(type: $0, fingerprint: fingerprint) }
        return HostTrust(
            pins: pins, retiring: Set(pins.prefix(pick([0, 1, 2]))), knownHosts: pick([[], ["/k"], ["/k h", "/l#"]]))
    }
}

@Suite struct RoundTripTests {
    @Test func addingAndRemovingGivesTheSameBytesForManyShapes() throws {
        var generator = FileGenerator(random: SeededGenerator(state: 1))
        let specs = ["-L 5432:db:5432", "-R 0:localhost:22", "-L [::1]:80:[2001:db8::1]:80", "-L *:81:b:2", "-D 1080"]
        for _ in 0..<1500 {
            let text = generator.file()
            let before = try file(text)
            let added = try before.adding(forward: "new", spec: generator.pick(specs))
            #expect(added.configuration.forwards.count == before.configuration.forwards.count + 1)
            let removed = try added.removing(forward: "new")
            #expect(Array(removed.text.utf8) == Array(text.utf8), "\(text.debugDescription)")
        }
    }

    @Test func aConfigurationWrittenOutReadsBackAsItself() throws {
        var generator = FileGenerator(random: SeededGenerator(state: 4))
        for _ in 0..<300 {
            var configuration = try file(generator.file()).configuration
            configuration.host = generator.pick(["h", "::1", "fe80::1%eth0", "yes", "~x", "é.example", "'q'"])
            configuration.hostName = configuration.host
            configuration.port = generator.pick([22, 2222])
            configuration.login = generator.login(configuration.login)
            configuration.trust = generator.trust()
            configuration.route = generator.pick([.direct(), .via("a.b-c")])
            // Only -L can say who may connect, and all of these are.
            configuration.liveness = Liveness(
                interval: .seconds(generator.pick([5, 86400])), count: generator.pick([3, 100]))
            configuration.fallbacks = generator.fallbacks(of: configuration)
            for index in configuration.forwards.indices {
                configuration.forwards[index].hold = generator.pick([.milliseconds(1500), .zero, .seconds(10)])
                configuration.forwards[index].probe = generator.probe()
                configuration.forwards[index].limits = try generator.limits()
            }
            let sshConfig = generator.pick([SSHConfigFile.none, .standard, .file("/etc/fwd/ssh config")])
            let written = try file(ForwardsFile.text(of: configuration, sshConfig: sshConfig))
            #expect(written.configuration == configuration)
            #expect(written.sshConfig == sshConfig)
        }
    }

    @Test func everyForwardOfManyShapesCanBeRemoved() throws {
        var generator = FileGenerator(random: SeededGenerator(state: 2))
        for _ in 0..<500 {
            var file = try file(generator.file())
            while let name = file.configuration.forwards.first?.name {
                let comments = file.text.split(separator: "# c").count
                file = try file.removing(forward: name)
                #expect(file.text.split(separator: "# c").count >= comments - 2)
            }
        }
    }

    /// Bounded by rounds, not by time, so that every run does the same.
    @Test(.timeLimit(.minutes(1))) func noMutationOfAFileCrashesOrPointsOutsideIt() throws {
        var generator = FileGenerator(random: SeededGenerator(state: 3))
        let pieces = [
            "\0", "\t", "\r", "\u{85}", "\u{2028}", "\u{FEFF}", "&a ", "*a ", "!t ", "{", "}", "[", "]", ": ", "- ",
            "? ", "|", ">", "\"", "'", "#", "\n", ",", "---", "...", "%YAML 1.1\n", "\u{301}", "🇳🇱",
        ]
        var refused = 0
        for _ in 0..<4000 {
            var bytes = Array(generator.file().utf8)
            for _ in 0..<generator.pick([1, 2, 5]) {
                let index = Int(generator.random.next() % UInt64(bytes.count + 1))
                switch generator.pick([0, 1, 2, 3]) {
                case 0: bytes.insert(contentsOf: generator.pick(pieces).utf8, at: index)
                case 1: bytes.insert(UInt8(truncatingIfNeeded: generator.random.next()), at: index)
                case 2: bytes.removeSubrange(index..<min(bytes.count, index + generator.pick([1, 3, 20])))
                default: bytes.insert(contentsOf: bytes.prefix(index).suffix(generator.pick([2, 9, 40])), at: index)
                }
            }
            refused += try check(bytes) ? 0 : 1
        }
        // Both kinds must be many, or the generator tests nothing.
        #expect((1000...3900).contains(refused))
    }

    /// - Returns: whether the bytes are a good file; then edits of it must work or be refused, and nothing else.
    private func check(_ bytes: [UInt8]) throws -> Bool {
        let parsed = GatewayFile.parse(bytes, name: "work", path: "work.yaml", environment: machine)
        let places = Places(bytes)
        for diagnostic in parsed.diagnostics {
            #expect(places.contain(diagnostic.line, diagnostic.column), "\(diagnostic) in \(bytes)")
            #expect(!diagnostic.message.unicodeScalars.contains { $0.value < 0x20 }, "\(diagnostic)")
        }
        guard parsed.configuration != nil else { return false }
        let file = try file(String(decoding: bytes, as: UTF8.self))
        for edit in [{ try file.adding(spec: "-R 0:b:2") }, { try file.removing(forward: "f0") }] {
            do {
                let edited = try edit()
                #expect(edited.configuration != file.configuration)
            } catch let error as ConfigError {
                #expect([.uneditable, .noSuchForward].contains(error.code))
            }
        }
        return true
    }
}
