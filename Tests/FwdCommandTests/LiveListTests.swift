import Foundation
import FwdControl
import FwdCore
import FwdTestSupport
import Testing

@testable import fwd

/// `fwd list --watch` on a terminal (script(1) makes one) and elsewhere.
@Suite(.serialized) struct LiveListTests {
    @Test func aFrameIsDrawnOverTheOneBefore() {
        #expect(
            LiveScreen.frame("a\nb", rows: 5)
                == "\u{1B}[?2026h\u{1B}[Ha\u{1B}[K\r\nb\u{1B}[K\u{1B}[J\u{1B}[?2026l")
    }

    @Test func whatDoesNotFitIsSaidToBeMissing() {
        let frame = LiveScreen.frame("1\n2\n3\n4", rows: 3)
        #expect(frame.contains("2"))
        #expect(!frame.contains("3\u{1B}"))
        #expect(frame.contains("… 2 more lines"))
    }

    @Test func aTerminalSeesAForwardGoAndComeBackInPlace() async throws {
        try await CommandFixture.with { fixture in
            let port = FreePorts.next()
            try fixture.write("site", fixture.gateway(forwards: "  web: {spec: -L \(port):127.0.0.1:9, probe: off}\n"))
            try await fixture.running { _ in
                try await eventually("it is up") { try await fixture.forward("site/web")?.state == .up }
                let command =
                    "stty cols 80 rows 20; exec '\(try FwdProcess.path())' list --watch --control '\(fixture.control)'"
                try await ProcessRun.running(
                    "script", ["-qefc", command, "/dev/null"], environment: ["TERM": "xterm", "PATH": "/usr/bin:/bin"]
                ) { screen in
                    try await eventually("up is shown") { screen.standardOutput.contains("\u{1B}[32mup") }
                    #expect(screen.standardOutput.hasPrefix(LiveScreen.enter))
                    #expect(screen.standardOutput.contains("1 of 1 forwards up"))
                    _ = try await fixture.fwd(["disable", "site/web"])
                    try await eventually("disabled is shown") { screen.standardOutput.contains("disabled") }
                    // Nothing scrolls, and nothing is cleared before it is drawn.
                    #expect(!screen.standardOutput.contains("\u{1B}[2J"))
                }
            }
        }
    }

    @Test func theScreenComesBackAtTheEnd() async throws {
        try await CommandFixture.with { fixture in
            try await fixture.running { _ in
                let command =
                    "exec timeout -s INT 4 '\(try FwdProcess.path())' list --watch --control '\(fixture.control)'"
                let result = try await ProcessRun.run(
                    "script", ["-qefc", command, "/dev/null"], environment: ["TERM": "xterm", "PATH": "/usr/bin:/bin"],
                    within: .seconds(30))
                #expect(result.output.hasSuffix(LiveScreen.leave), "\(result.output.debugDescription)")
            }
        }
    }

    @Test func jsonIsALineForEachChange() async throws {
        try await CommandFixture.with { fixture in
            let port = FreePorts.next()
            try fixture.write("site", fixture.gateway(forwards: "  web: {spec: -L \(port):127.0.0.1:9, probe: off}\n"))
            try await fixture.running { _ in
                try await FwdProcess.running(["list", "--watch", "--json", "--control", fixture.control]) { list in
                    try await eventually("it is up") { try Self.states(list).last == .up }
                    _ = try await fixture.fwd(["disable", "site/web"])
                    try await eventually("it is disabled") { try Self.states(list).last == .disabled }
                    list.send(SIGINT)
                    #expect(try await list.waitForExit() == .exited(0))
                }
            }
        }
    }

    @Test func withoutASupervisorItEndsAtOnce() async throws {
        try await CommandFixture.with { fixture in
            let listed = try await fixture.fwd(["list", "--watch"])
            #expect(listed.exit == .exited(69))
        }
    }

    private static func states(_ list: ChildProcess) throws -> [ForwardState] {
        // Whole lines alone.
        try list.standardOutput.split(separator: "\n", omittingEmptySubsequences: false).dropLast().flatMap { line in
            try ControlJSON.decode([ListEntry].self, from: Data(line.utf8)).map(\.forward.state)
        }
    }
}
