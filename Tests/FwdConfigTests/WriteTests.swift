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

@Suite struct WriteTests {
    private let text = head + "  a: -L 1:b:2\n"

    @Test func addingWritesTheFileAndRemovingRestoresIt() throws {
        let directory = try TemporaryDirectory()
        try directory.write(text, "work.yaml")
        let forward = try directory.forwards.add(spec: "-L 5432:db:5432", toGateway: "work")
        #expect(forward.name == "l5432")
        #expect(try directory.read("work.yaml") == text + "  l5432: -L 5432:db:5432\n")
        try directory.forwards.remove(ForwardID(gateway: "work", forward: "l5432"))
        #expect(try directory.read("work.yaml") == text)
        #expect(directory.names == ["work.yaml"])
    }

    @Test func modeAndOwnerStay() throws {
        let directory = try TemporaryDirectory()
        try directory.write(text, "work.yaml")
        let path = "\(directory.path)/work.yaml"
        chmod(path, 0o640)
        let isRoot = geteuid() == 0
        if isRoot { #expect(chown(path, 12, 34) == 0) }
        try directory.forwards.add(forward: "x", spec: "-L 9:b:2", toGateway: "work")
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o640)
        if isRoot { #expect(status.st_uid == 12 && status.st_gid == 34) }
    }

    @Test func aNewFileIsReadableByAll() throws {
        let directory = try TemporaryDirectory()
        try directory.forwards.write(text, gateway: "work")
        var status = stat()
        #expect(stat("\(directory.path)/work.yaml", &status) == 0)
        let mask = umask(0)
        umask(mask)
        #expect(status.st_mode & 0o7777 == 0o644 & ~mask)
        #expect(try directory.read("work.yaml") == text)
    }

    @Test func aSymbolicLinkStaysOne() throws {
        let directory = try TemporaryDirectory()
        let elsewhere = try TemporaryDirectory()
        try elsewhere.write(text, "real")
        symlink("\(elsewhere.path)/real", "\(directory.path)/work.yaml")
        try directory.forwards.add(forward: "x", spec: "-L 9:b:2", toGateway: "work")
        var status = stat()
        #expect(lstat("\(directory.path)/work.yaml", &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFLNK)
        #expect(try elsewhere.read("real") == text + "  x: -L 9:b:2\n")
        #expect(elsewhere.names == ["real"])
        #expect(directory.names == ["work.yaml"])
    }

    @Test func badTextIsNotWritten() throws {
        let directory = try TemporaryDirectory()
        try directory.write(text, "work.yaml")
        let error = try #require(throws: ConfigError.self) {
            try directory.forwards.write("gateway: {}", gateway: "work")
        }
        #expect(error.code == .invalidFile)
        #expect(throws: ConfigError.self) { try directory.forwards.write(text, gateway: "../work") }
        #expect(try directory.read("work.yaml") == text)
        #expect(directory.names == ["work.yaml"])
    }

    @Test func anUnknownGatewayIsNamedWithASuggestion() throws {
        let directory = try TemporaryDirectory()
        try directory.write(text, "amsterdam.yaml")
        let error = try #require(throws: ConfigError.self) {
            try directory.forwards.add(spec: "-L 9:b:2", toGateway: "amsterdm")
        }
        #expect(error.code == .noSuchGateway)
        #expect(
            error.message == "there is no gateway \"amsterdm\" (no \(directory.path)/amsterdm.yaml); "
                + "did you mean \"amsterdam\"?")
    }

    @Test(arguments: ["aaa", "zzz"]) func aPortOfAnotherGatewayIsNotTaken(gateway: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write(text, "mmm.yaml")
        try directory.write(head, "\(gateway).yaml")
        let error = try #require(throws: ConfigError.self) {
            try directory.forwards.add(forward: "x", spec: "-L 1:c:2", toGateway: gateway)
        }
        #expect(error.code == .listenConflict)
        #expect(error.diagnostics.count == 1)
        #expect(error.description.contains("listens on localhost:1, where "))
        #expect(try directory.read("\(gateway).yaml") == head)
    }

    @Test func manyAtOnceFollowOneAnother() async throws {
        let directory = try TemporaryDirectory()
        try directory.write(head, "work.yaml")
        let forwards = directory.forwards
        try await withThrowingTaskGroup { group in
            for port in 1...24 {
                group.addTask { try forwards.add(spec: "-L \(port):b:2", toGateway: "work") }
            }
            try await group.waitForAll()
        }
        let ports = try #require(forwards.load().gateways["work"]).forwards.compactMap(\.spec.listen.port)
        #expect(ports.sorted() == Array(1...24))
        #expect(directory.names == ["work.yaml"])
    }

    @Test func aLockThatIsHeldIsReportedAfterTheLastAttempt() throws {
        let directory = try TemporaryDirectory()
        let lock = try DirectoryLock(directory.path)
        let error = #expect(throws: SystemError.self) { _ = try DirectoryLock(directory.path, attempts: 2) }
        #expect(error?.number == EWOULDBLOCK)
        _ = consume lock
        _ = try DirectoryLock(directory.path, attempts: 1)
    }

    @Test(.enabled(if: geteuid() != 0, "root writes everywhere"))
    func withoutPermissionNothingChanges() throws {
        let directory = try TemporaryDirectory()
        try directory.write(text, "work.yaml")
        chmod(directory.path, 0o555)
        defer { chmod(directory.path, 0o755) }
        try expectFailure(directory, "Permission denied")
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a tmpfs needs root"))
    func onAFullDiskTheOldFileStays() throws {
        let directory = try TemporaryDirectory()
        let disk = try SmallDisk(directory.path)
        defer { disk.unmount() }
        try directory.write(text, "work.yaml")
        disk.fill()
        try expectFailure(directory, "No space left on device")
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a tmpfs needs root"))
    func onAReadOnlyDiskTheOldFileStays() throws {
        let directory = try TemporaryDirectory()
        let disk = try SmallDisk(directory.path)
        defer { disk.unmount() }
        try directory.write(text, "work.yaml")
        try disk.makeReadOnly()
        try expectFailure(directory, "Read-only file system")
    }

    private func expectFailure(_ directory: TemporaryDirectory, _ cause: String) throws {
        let names = directory.names
        let error = try #require(throws: ConfigError.self) {
            try directory.forwards.add(forward: "x", spec: "-L 9:b:2", toGateway: "work")
        }
        #expect(error.code == .unwritable)
        #expect(error.message == "cannot write \(directory.path)/work.yaml: \(cause); the file is unchanged")
        #expect(try directory.read("work.yaml") == text)
        #expect(directory.names == names)
    }
}

/// A tmpfs of 64 KiB over a directory.
private struct SmallDisk {
    let path: String

    /// Tried once: root in a container may lack the right to mount.
    static let isPossible: Bool = {
        guard geteuid() == 0, let directory = try? TemporaryDirectory(), let disk = try? SmallDisk(directory.path)
        else {
            return false
        }
        disk.unmount()
        return true
    }()

    init(_ path: String) throws {
        self.path = path
        if mount("tmpfs", path, "tmpfs", 0, "size=64k") != 0 { throw SystemError.last }
    }

    func fill() {
        let block = [UInt8](repeating: 0, count: 4096)
        let file = open("\(path)/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        while write(file, block, block.count) > 0 {}
        close(file)
    }

    func makeReadOnly() throws {
        if mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), "size=64k") != 0 { throw SystemError.last }
    }

    func unmount() {
        umount2(path, Int32(MNT_DETACH))
    }
}
