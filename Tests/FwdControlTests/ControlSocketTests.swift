import Foundation
import FwdTestSupport
import Testing

@testable import FwdControl

@Suite struct ControlSocketTests {
    @Test(arguments: [
        (0, ["XDG_RUNTIME_DIR": "/run/user/0"], "/run/fwd/control.sock"),
        (1000, ["XDG_RUNTIME_DIR": "/run/user/1000"], "/run/user/1000/fwd/control.sock"),
        (1000, [:], "/tmp/fwd-1000/control.sock"),
        (1000, ["XDG_RUNTIME_DIR": "relative"], "/tmp/fwd-1000/control.sock"),
    ])
    func theStandardPathFitsTheUser(_ uid: UInt32, _ environment: [String: String], _ path: String) {
        #expect(ControlSocket.standardPath(environment: environment, uid: uid) == path)
    }

    @Test func aPathMustFitIntoASocketAddress() throws {
        #expect(try ControlSocket.absolutePath("c.sock", workingDirectory: "/w") == "/w/c.sock")
        #expect(try ControlSocket.absolutePath("/c.sock", workingDirectory: "/w") == "/c.sock")
        for bad in ["", "/d/", "/" + String(repeating: "x", count: 107)] {
            #expect(throws: ControlError.self) { try ControlSocket.absolutePath(bad, workingDirectory: "/w") }
        }
    }

    @Test(
        arguments: [
            (true, 1000, 0o700, nil), (true, 0, 0o755, nil), (true, 0, 0o1777, nil), (true, 1000, 0o1770, nil),
            (false, 1000, 0o700, "is not a directory"), (true, 1001, 0o700, "belongs to user 1001"),
            (true, 1000, 0o777, "can be written by others"), (true, 1000, 0o720, "can be written by others"),
        ] as [(Bool, UInt32, UInt32, String?)])
    func aDirectoryThatOthersCouldTamperWithIsRefused(
        _ isDirectory: Bool, _ uid: UInt32, _ mode: UInt32, _ problem: String?
    ) throws {
        let facts = ControlSocketDirectory.Facts(isDirectory: isDirectory, uid: uid, mode: mode)
        let found = ControlSocketDirectory.problem(with: facts, path: "/d", uid: 1000)
        guard let problem else {
            #expect(found == nil)
            return
        }
        #expect(try #require(found).contains(problem))
    }

    @Test func aMissingDirectoryIsMadeForItsOwnerAlone() async throws {
        try await TemporaryDirectory.with { directory in
            let claim = try ControlSocketClaim(path: directory.file("fwd/control.sock"))
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.file("fwd"))
            #expect(attributes[.posixPermissions] as? NSNumber == 0o700)
            #expect(claim.path == directory.file("fwd/control.sock"))
        }
    }

    @Test func aLinkIsNoDirectory() async throws {
        try await TemporaryDirectory.with { directory in
            try FileManager.default.createDirectory(atPath: directory.file("real"), withIntermediateDirectories: false)
            try FileManager.default.createSymbolicLink(
                atPath: directory.file("link"), withDestinationPath: directory.file("real"))
            #expect(throws: ControlError.self) { try ControlSocketClaim(path: directory.file("link/control.sock")) }
        }
    }

    @Test func aSecondSupervisorIsRefusedWithThePidOfTheFirst() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            let first = try ControlSocketClaim(path: path)
            let pid = ProcessInfo.processInfo.processIdentifier
            #expect(
                throws: ControlError(
                    .anotherSupervisor, "another supervisor runs here, pid \(pid) (control socket \(path))")
            ) { try ControlSocketClaim(path: path) }
            withExtendedLifetime(first) {}
        }
    }

    @Test func theClaimEndsWithItsHolder() async throws {
        try await TemporaryDirectory.with { directory in
            _ = try ControlSocketClaim(path: directory.file("control.sock"))
            _ = try ControlSocketClaim(path: directory.file("control.sock"))
        }
    }

    @Test(
        arguments: [
            (1000, 1000, true), (0, 1000, true), (0, 0, true), (1001, 1000, false), (1000, 0, false),
        ] as [(UInt32, UInt32, Bool)])
    func onlyTheOwnerAndRootMayControl(_ peer: UInt32, _ owner: UInt32, _ isAllowed: Bool) {
        let refusal = PeerCredentials(pid: 1, uid: peer, gid: 1).refusal(owner: owner)
        #expect((refusal == nil) == isAllowed)
        if let refusal { #expect(refusal.code == .permission) }
    }
}
