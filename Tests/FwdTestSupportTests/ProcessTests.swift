import FwdTestSupport
import Testing

@Suite struct ProcessTests {
    @Test func `Output of any size is collected from both streams`() async throws {
        let result = try await ProcessRun.run("sh", ["-c", "head -c 1000000 /dev/zero | tee /dev/stderr; exit 3"])
        #expect(result.exit == .exited(3))
        #expect(result.output.utf8.count == 1_000_000)
        #expect(result.errors.utf8.count == 1_000_000)
    }

    @Test func `Input and environment reach the command`() async throws {
        let result = try await ProcessRun.run(
            "sh", ["-c", "cat; echo $WORD"], environment: ["WORD": "two", "PATH": "/usr/bin:/bin"], input: "one ")
        #expect(result.output == "one two\n")
    }

    @Test func `A command that does not end is killed at the deadline`() async throws {
        await #expect(throws: TestSupportError.self) {
            try await ProcessRun.run("sleep", ["60"], within: .milliseconds(100))
        }
    }

    @Test func `A command that is not there is named`() async throws {
        await #expect(throws: TestSupportError("there is no command \"fwd-no-such-command\"")) {
            try await ProcessRun.run("fwd-no-such-command", [])
        }
    }

    @Test func `A running child is ended by SIGTERM, and by SIGKILL if it does not listen`() async throws {
        let polite = try ChildProcess.start("sleep", ["60"])
        #expect(await polite.end() == .killed(signal: 15))
        let stubborn = try ChildProcess.start("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"])
        try await eventually("the trap is set") { stubborn.standardOutput == "ready\n" }
        #expect(await stubborn.end(within: .milliseconds(200)) == .killed(signal: 9))
    }

    @Test func `A child has no descriptors but its three`() async throws {
        let output = try await ProcessRun.output(of: "sh", ["-c", "ls /proc/$$/fd"])
        #expect(Set(output.split(separator: "\n")).isSubset(of: ["0", "1", "2"]))
    }

    @Test func `Counters see memory and descriptors`() async throws {
        let own = ProcessCounters.own
        #expect(own.residentBytes > 1 << 20)
        #expect(own.openDescriptors >= 3)
        #expect(own.descriptorTargets.isEmpty == false)
        try await ProcessRun.running("sleep", ["60"]) { child in
            try await eventually("sleep has its three descriptors") { child.counters.openDescriptors == 3 }
            #expect(child.counters.residentBytes > 0)
        }
    }

    @Test func `A wait in vain says what it waited for`() async throws {
        await #expect(throws: DeadlineExceeded(what: "pigs fly", deadline: .milliseconds(20))) {
            try await eventually(within: .milliseconds(20), "pigs fly") { false }
        }
        #expect(try await eventually("there is a value") { 7 } == 7)
    }

    @Test func `Ports are below the ephemeral range and handed out once`() throws {
        let ports = (0..<200).map { _ in FreePorts.next() }
        #expect(Set(ports).count == 200)
        #expect(ports.allSatisfy { (20_000..<32_768).contains($0) })
    }

    @Test func `A temporary directory is private and removed`() async throws {
        let path = try await TemporaryDirectory.with { directory in
            try directory.write("text", to: "file")
            #expect(try await ProcessRun.output(of: "stat", ["-c", "%a", directory.path]) == "700\n")
            return directory.path
        }
        #expect(try await ProcessRun.run("ls", [path]).exit == .exited(2))
    }
}
