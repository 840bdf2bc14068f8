import FwdCore
import Testing

@testable import FwdConfig

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct DirectoryTests {
    private let good = head + "  a: -L 1:b:2\n"

    @Test func oneBadFileRefusesItsOwnGatewayOnly() throws {
        let directory = try TemporaryDirectory()
        try directory.write(good, "alpha.yaml")
        try directory.write("gateway: {hots: h}\n", "beta.yaml")
        let contents = try directory.forwards.load()
        #expect(contents.gateways.keys.sorted() == ["alpha"])
        #expect(contents.refused == ["beta"])
        #expect(contents.diagnostics.errors.count == 2)
        #expect(contents.diagnostics.errors.allSatisfy { $0.file == "\(directory.path)/beta.yaml" })
    }

    @Test func onlyVisibleYAMLFilesAreRead() throws {
        let directory = try TemporaryDirectory()
        for name in [".hidden.yaml", ".yaml", "work.yaml~", "work.yml", "README"] { try directory.write("][", name) }
        let contents = try directory.forwards.load()
        #expect(contents.gateways.isEmpty)
        #expect(contents.refused.isEmpty)
        #expect(
            contents.diagnostics.map(\.description) == [
                "\(directory.path)/work.yml:1:1: warning: is ignored, a gateway's file ends in .yaml"
            ])
    }

    @Test func whatIsNoReadableFileIsSaidSo() throws {
        let directory = try TemporaryDirectory()
        mkdir("\(directory.path)/a.yaml", 0o755)
        mkfifo("\(directory.path)/b.yaml", 0o644)
        symlink("nowhere", "\(directory.path)/c.yaml")
        symlink("d.yaml", "\(directory.path)/d.yaml")
        try directory.write([UInt8](repeating: 0x23, count: (1 << 20) + 1), "e.yaml")
        let contents = try directory.forwards.load()
        #expect(contents.refused == ["a", "b", "c", "d", "e"])
        #expect(
            contents.diagnostics.map(\.message) == [
                "is a directory, expected a file", "is no regular file",
                "is a symbolic link to a file that does not exist",
                "cannot be read: Too many levels of symbolic links",
                "is larger than 1 MiB, expected one gateway's forwards",
            ])
        #expect(contents.diagnostics.allSatisfy { $0.line == 1 && $0.column == 1 })
    }

    @Test(.enabled(if: geteuid() != 0, "root reads every file"))
    func anUnreadableFileIsSaidSo() throws {
        let directory = try TemporaryDirectory()
        try directory.write(good, "a.yaml")
        chmod("\(directory.path)/a.yaml", 0)
        #expect(try directory.forwards.load().diagnostics.map(\.message) == ["cannot be read: Permission denied"])
    }

    @Test func aFilesNameMustBeAGatewaysName() throws {
        let directory = try TemporaryDirectory()
        try directory.write(good, "a b.yaml")
        try directory.write(good.replacing("1:b:2", with: "2:b:2"), "-x.yaml")
        let contents = try directory.forwards.load()
        #expect(contents.refused == ["a b", "-x"])
        #expect(
            contents.diagnostics.errors.map(\.message) == [
                "the file's name \"-x\" cannot name a gateway: a name must not start with \"-\"",
                "the file's name \"a b\" cannot name a gateway: \" \" is not allowed in a name; "
                    + "use letters, digits, \".\", \"_\" and \"-\"",
            ])
    }

    @Test func theLaterOfTwoFilesWithOneListenerIsRefused() throws {
        let directory = try TemporaryDirectory()
        try directory.write(good, "Zulu.yaml")
        try directory.write(head + "  ok: -L 7:b:2\n  c: -L *:1:b:2\n  r: -R 9:b:2\n", "alpha.yaml")
        try directory.write(head + "  d: -L 7:b:2\n  r: -R 9:b:2\n", "beta.yaml")
        let contents = try directory.forwards.load()
        // Byte order: capitals come first. What is refused does not listen, so beta may have port 7.
        #expect(contents.gateways.keys.sorted() == ["Zulu", "beta"])
        #expect(
            contents.diagnostics.errors.map(\.description) == [
                "\(directory.path)/alpha.yaml:6:3: error: forwards.c: listens on *:1, where \"Zulu/a\" of "
                    + "\(directory.path)/Zulu.yaml:5 listens already"
            ])
    }

    @Test func aDirectoryThatIsNotThereIsAnError() throws {
        let error = try #require(throws: ConfigError.self) { try ForwardsDirectory(path: "/nowhere/x").load() }
        #expect(error.message == "cannot read the directory /nowhere/x: No such file or directory")
        #expect(error.code == .unreadable)
        #expect(error.errorNumber == ENOENT)
        #expect(error.failureClass == .needsOperator)
    }

    @Test(arguments: [
        (["FWD_DIR": "/x"], true, "/x"), (["FWD_DIR": "x"], false, "x"), ([:], true, "/etc/fwd/forwards.d"),
        (["FWD_DIR": "", "HOME": "/h"], false, "/h/.config/fwd/forwards.d"),
        (["XDG_CONFIG_HOME": "/c", "HOME": "/h"], false, "/c/fwd/forwards.d"),
        (["XDG_CONFIG_HOME": "c", "HOME": "/h"], false, "/h/.config/fwd/forwards.d"),
    ])
    func theStandardPathFollowsTheEnvironment(environment: [String: String], isRoot: Bool, path: String) {
        #expect(ForwardsDirectory.standardPath(environment: environment, isRoot: isRoot) == path)
    }

    @Test func thisMachineHasAHomeAndAUser() {
        let current = ConfigEnvironment.current
        #expect(current.homeDirectory.hasPrefix("/"))
        #expect(!current.userName.isEmpty)
        #expect(current.fileExists("/etc/passwd"))
        #expect(!current.fileExists("/etc"))
        #expect(current.servicePort("no-such-service") == nil)
        #expect([nil, 80].contains(current.servicePort("http")))
    }
}
