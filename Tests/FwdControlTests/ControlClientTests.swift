import Foundation
import FwdCore
import FwdTestSupport
import NIOCore
import Testing

@testable import FwdControl

@Suite struct ControlClientTests {
    @Test func withoutASocketThereIsNoSupervisor() async throws {
        try await TemporaryDirectory.with { directory in
            try await expectNoSupervisor(directory.file("control.sock"))
        }
    }

    @Test func aSocketThatNobodyListensOnIsNoSupervisor() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            try leaveStaleSocket(path)
            try await expectNoSupervisor(path)
        }
    }

    @Test func theSocketOfADeadSupervisorIsReplaced() async throws {
        let backend = BackendStub()
        try await TemporaryDirectory.with { directory in
            let path = directory.file("control.sock")
            try leaveStaleSocket(path)
            let (ready, isReady) = AsyncStream.makeStream(of: Void.self)
            let service = ControlService(
                claim: try ControlSocketClaim(path: path), backend: backend, logger: ControlServerFixture.silent
            ) { isReady.finish() }
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try? await service.run() }
                for await _ in ready {}
                let status = try await ControlClient.with(path: path) { try await $0.status() }
                #expect(status.pid == 7)
                tasks.cancelAll()
            }
        }
    }

    @Test func aPathThatIsTooLongIsSaidToBe() async {
        let path = "/tmp/" + String(repeating: "x", count: 200)
        await #expect(throws: ControlError(.badRequest, "the path of the control socket is too long: \(path)")) {
            try await ControlClient.with(path: path) { try await $0.status() }
        }
    }

    @Test(arguments: [
        (EACCES, ControlError.Code.permission), (EPERM, .permission), (ENOENT, .noSupervisor),
        (ECONNREFUSED, .noSupervisor), (ECONNRESET, .shuttingDown), (EIO, .internal),
    ])
    func anErrnoBecomesACode(_ number: Int32, _ code: ControlError.Code) {
        let error = IOError(errnoCode: number, reason: "connect")
        #expect(ControlAnswer.error(for: error, path: "/s").code == code)
    }

    @Test func anAnswerOfAnotherVersionIsSaidToBe() {
        #expect(throws: DecodingError.self) {
            let _: RetryReply = try ControlAnswer.decode(status: 200, body: ByteBuffer(string: "{}"))
        }
        #expect(throws: ControlError(.badAnswer, "the supervisor answered with HTTP status 500")) {
            let _: RetryReply = try ControlAnswer.decode(status: 500, body: ByteBuffer(string: "oops"))
        }
    }

    private func expectNoSupervisor(_ path: String) async throws {
        await #expect(
            throws: ControlError(.noSupervisor, "no supervisor runs at \(path); start it with fwd run")
        ) {
            try await ControlClient.with(path: path) { try await $0.status() }
        }
    }

    /// As a killed supervisor does: the file is there, nobody listens.
    private func leaveStaleSocket(_ path: String) throws {
        let address = try SocketAddress(unixDomainSocketPath: path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let result = address.withSockAddr { bind(descriptor, $0, socklen_t($1)) }
        close(descriptor)
        #expect(result == 0)
        #expect(FileManager.default.fileExists(atPath: path))
    }
}
