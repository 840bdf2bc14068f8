import Foundation
import FwdTestSupport
import Testing

@Suite(.serialized) struct DemoTests {
    @Test func theDemoProvesBothForwardsAndLeavesNothing() async throws {
        let result = try await FwdProcess.run(["demo", "--once"], within: .seconds(40))
        #expect(result.exit == .exited(0), "\(result.errors)")
        #expect(result.output.hasSuffix("fwd demo: both forwards work\n"))
        #expect(result.output.contains("web: -L "))
        #expect(result.output.contains("home: -R "))
        #expect(result.errors == "")
    }

    @Test func theDemoRunsUntilItIsInterrupted() async throws {
        try await FwdProcess.running(["demo"]) { process in
            let output = try await eventually("the demo invites to try it") {
                process.standardOutput.contains("Ctrl-C ends it") ? process.standardOutput : nil
            }
            let control = try #require(output.firstMatch(of: #/--control (\S+)/#)).output.1
            let list = try await FwdProcess.run(["list", "--control", String(control)])
            #expect(list.output.contains("demo/web   up"))
            #expect(list.output.contains("demo/home  up"))
            process.send(SIGINT)
            #expect(try await process.waitForExit(within: .seconds(10)) == .exited(0))
            #expect(!FileManager.default.fileExists(atPath: String(control)))
        }
    }

    @Test func theDemoTakesAnotherExample() async throws {
        try await TemporaryDirectory.with { directory in
            let missing = try await FwdProcess.run(["demo", "--once", "--dir", directory.path])
            #expect(missing.exit == .exited(78))
            #expect(missing.errors.contains("there is no demo.yaml in \(directory.path)"))
            try directory.write("gateway:\n  host: h\nforwards:\n  one: -L 1:localhost:80\n", to: "demo.yaml")
            let result = try await FwdProcess.run(["demo", "--once", "--dir", directory.path])
            #expect(result.exit == .exited(0), "\(result.errors)")
            #expect(result.output.contains("one: -L "))
            #expect(!result.output.contains("home"))
        }
    }
}
