import ArgumentParser
import FwdConfig
import FwdControl
import FwdCore
import FwdDaemon
import Testing

@testable import fwd

@Suite struct ArgumentTests {
    @Test(arguments: [
        ["run", "--health", "nonsense"], ["run", "--log-level", "loud"], ["add"], ["add", "a"],
        ["add", "a/b", "-L", "1:h:2", "-R", "3:h:4"], ["add", "a/b/c", "-L", "1:h:2"], ["add", "../a", "-L", "1:h:2"],
        ["add", "a", "-L", "1:h:2", "--user", "u"], ["remove"], ["remove", "a"], ["retry", "--timeout", "400"],
        ["list", "--nonsense"], ["nonsense"],
        ["trust"], ["trust", "a", "--add", "--replace"], ["trust", "a", "--retire"], ["trust", "a", "--expect", "x"],
        ["trust", "a", "--expect", "SHA256:short"], ["doctor"], ["doctor", "a", "--authorized-keys", "--sshd-config"],
        ["doctor", "a/b/c"], ["doctor", "a/b", "--sshd-config"], ["doctor", "a", "--authorized-keys", "--json"],
    ])
    func badUsageIsRefusedWithTheCodeForUsage(_ arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try Fwd.parseAsRoot(arguments) }
        #expect(error.map { Fwd.exitCode(for: $0).rawValue } == 64)
    }

    @Test(arguments: [
        "run", "list", "status", "add", "remove", "check", "reload", "retry", "trust", "doctor", "import",
    ])
    func everyVerbTakesDirectoryAndControl(_ verb: String) throws {
        let own: [String: [String]] = ["add": ["a", "-L1:h:2"], "remove": ["a/b"], "trust": ["a"], "doctor": ["a"]]
        let arguments = [verb] + (own[verb] ?? []) + ["--dir", "/d", "--control", "/c"]
        _ = try Fwd.parseAsRoot(arguments)
    }

    @Test func forwardsAreTakenAsSshTakesThem() throws {
        let command = try Fwd.parseAsRoot(["add", "a", "-L", "1:h:2", "-L3:h:4", "-R", "[::1]:5:h:6", "--timeout", "1"])
        let add = try #require(command as? Add)
        #expect(add.forwards.specs == ["-L 1:h:2", "-L 3:h:4", "-R [::1]:5:h:6"])
        #expect(add.target.gateway == "a")
        #expect(add.target.forward == nil)
    }

    @Test(
        arguments: [
            (ControlError(.noSupervisor, ""), 69), (ControlError(.permission, ""), 77),
            (ControlError(.anotherSupervisor, ""), 1), (DaemonError(.configuration, ""), 78),
            (DaemonError(.permission, ""), 77), (DaemonError(.health, ""), 1), (ConfigError(.invalidFile, ""), 78),
            (ConfigError(.unwritable, "", errorNumber: 13), 77), (ConfigError(.unwritable, "", errorNumber: 28), 1),
            (ConfigError(.invalidArgument, ""), 64),
        ] as [(any Error, Int32)])
    func anErrorHasItsExitCode(_ error: any Error, _ code: Int32) {
        #expect(ExitStatus.of(error).rawValue == code)
    }

    @Test(arguments: [
        ("t2.example.org", "t2.example.org"), ("fe80::1", "fe80::1"), ("~/.ssh/id", "~/.ssh/id"),
        ("ssh-rsa SHA256:ab+/", "ssh-rsa SHA256:ab+/"), ("a: b", "\"a: b\""), ("#x", "\"#x\""), ("", "\"\""),
        ("~", "\"~\""), ("-x", "\"-x\""), ("a\nb", "\"a\\nb\""), (" a", "\" a\""), ("a:", "\"a:\""),
    ])
    func aValueIsQuotedWhereYAMLWouldReadItOtherwise(_ value: String, _ text: String) {
        #expect(NewGatewayOptions.scalar(value) == text)
    }
}
