import FwdTestSupport
import Testing

@testable import FwdConfig

/// Whatever stands in a file, reading it ends in a configuration or in diagnostics that lie inside it.
@Suite struct FuzzTests {
    private static let tokens = [
        ": ", "- ", "? ", "[", "]", "{", "}", ", ", "\n", "\r\n", "\r", "\t", "  ", "\"", "'", "#", " # c", "|", ">-",
        "&a ",
        "*a", "!t ", "<<: ", "---\n", "...\n", "%YAML 1.2\n", "\0", "\u{1b}", "\u{85}", "\u{2028}", "\u{FEFF}",
        "\u{301}",
        "\u{202e}", "🇳🇱", "gateway:", "forwards:", "host: ", "host: [a, b]", "liveness: {interval: 5s, count: 3}",
        "via: work", "spec: -L 1:b:2", "probe: off", "probe: {http: /, status: 200}", "probe: {expect: x, every: 1s}",
        "allow: [10.0.0.5/8, \"::1/64\"]", "allow: []", "rate: 4294967295GiB/s",
        "max-connections: 99999999999999999999",
        "idle-timeout: 4294967295h", "-1", "0", "18446744073709551616", "/", "::ffff:1.2.3.4/96", "{}", "[[]]",
    ]
    private static let snippets = [
        "", "gateway:\n  host: []\nforwards:\n  a: {spec: -L 1:b:2, allow: []}\n", "a: [\n", "gateway:\n\thost: h\n",
        "gateway: {hots: h}\n", "gateway: &g {host: h}\n",
        "gateway: {host: [h, i], host-key: [\(pin)]}\nforwards: {a: {spec: -L 1:b:2, allow: [10.0.0.0/8, \"::/0\"]}}\n",
        head + "  a:\n    spec: -R 1:b:2\n    rate: 10MB/s\n    probe:\n      http: /health\n      status: 204\n",
        head + "  a:\n    spec: -L *:1:b:2\n    allow:\n      - 10.0.0.0/8\n      - fe80::/10\n    idle-timeout: 5m\n",
    ]

    /// Where the same input fails again: `fuzzer.input(number)`.
    @Test(.timeLimit(.minutes(Fuzzer.minutes))) func everyInputIsReadToItsEnd() throws {
        let examples = try ExamplesTests.texts()
        #expect(!examples.isEmpty)
        let fuzzer = Fuzzer(seed: 11, samples: examples + Self.snippets, tokens: Self.tokens)
        var good = 0
        for number in Fuzzer.numbers {
            let bytes = fuzzer.input(number)
            let file = GatewayFile.parse(bytes, name: "work", path: "work.yaml", environment: machine)
            if (file.configuration == nil) == file.diagnostics.errors.isEmpty {
                Issue.record("input \(number): neither read nor refused, or both")
            }
            let places = Places(bytes)
            for diagnostic in file.diagnostics where !isSound(diagnostic, places) {
                Issue.record("input \(number): \(diagnostic.description.debugDescription)")
            }
            good += file.configuration == nil ? 0 : 1
        }
        // Both kinds must be there, or the fuzzer tests nothing.
        let count = Fuzzer.numbers.count
        #expect(good > count / 200 && good < count * 9 / 10, "\(good) of \(count) are good")
    }

    private func isSound(_ diagnostic: ConfigDiagnostic, _ places: Places) -> Bool {
        diagnostic.line >= 1 && diagnostic.column >= 1 && places.contain(diagnostic.line, diagnostic.column)
            && !diagnostic.message.unicodeScalars.contains(where: Quoted.isControl)
    }
}
