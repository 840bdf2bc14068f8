import Foundation
import FwdTestSupport
import Testing

/// What the shells ask the binary for.
@Suite(.serialized) struct CompletionTests {
    @Test(arguments: ["bash", "zsh", "fish"])
    func aScriptNamesEveryVerb(_ shell: String) async throws {
        let script = try await FwdProcess.run(["--generate-completion-script", shell])
        #expect(script.exit == .exited(0))
        for verb in ["run", "list", "status", "add", "remove", "enable", "disable", "trust", "doctor", "history"] {
            #expect(script.output.contains(verb), "\(verb)")
        }
    }

    @Test func bashOffersTheForwardsThatRun() async throws {
        try await CommandFixture.with { fixture in
            let text = fixture.gateway(
                forwards:
                    "  web: {spec: -L 1:127.0.0.1:9, enabled: false}\n  db: {spec: -L 2:127.0.0.1:9, enabled: false}\n")
            try fixture.write("site", text)
            try await fixture.running { _ in
                // From the supervisor: the directory of the environment is another one.
                try await eventually("they are offered") {
                    try await complete("fwd disable --control \(fixture.control) ", fixture, directory: "/none") == [
                        "site/db", "site/web",
                    ]
                }
                #expect(
                    try await complete("fwd disable --control \(fixture.control) site/w", fixture, directory: "/none")
                        == ["site/web"])
                #expect(
                    try await complete("fwd status --control \(fixture.control) ", fixture, directory: "/none") == [
                        "site"
                    ])
            }
        }
    }

    @Test func bashOffersTheForwardsOfTheFilesWhereNothingRuns() async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("site", fixture.gateway(forwards: "  web: -L 1:127.0.0.1:9\n"))
            let offered = try await complete(
                "fwd enable --control \(fixture.control) ", fixture, directory: fixture.forwards)
            #expect(offered == ["site/web"])
            #expect(
                try await complete("fwd doctor --control \(fixture.control) s", fixture, directory: fixture.forwards)
                    == ["site", "site/web"])
        }
    }

    /// What bash would offer behind `line`.
    private func complete(_ line: String, _ fixture: CommandFixture, directory: String) async throws -> [String] {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map { "'\($0)'" }
        let program = """
            export PATH="$(dirname "$1"):$PATH" FWD_DIR="$2"
            eval "$("$1" --generate-completion-script bash)"
            COMP_WORDS=(\(words.joined(separator: " "))); COMP_CWORD=\(words.count - 1)
            COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}
            function="$(complete -p fwd | sed -E 's/.*-F ([^ ]+) .*/\\1/')"
            "$function" fwd "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let result = try await ProcessRun.run(
            "bash", ["--norc", "-c", program, "bash", try FwdProcess.path(), directory], within: .seconds(30))
        #expect(result.exit == .exited(0), "\(result.errors)")
        return result.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("-") }.sorted()
    }
}
