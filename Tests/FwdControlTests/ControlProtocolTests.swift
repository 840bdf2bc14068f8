import AsyncHTTPClient
import Foundation
import FwdCore
import NIOCore
import NIOHTTP1
import Testing

@testable import FwdControl

@Suite struct ControlProtocolTests {
    @Test func theStatusArrivesAsItWas() async throws {
        let backend = BackendStub(gateways: [.make("a", .up, [.make("x", .up)])])
        try await ControlServerFixture.with(backend) { server in
            let status = try await ControlClient.with(path: server.path) { try await $0.status() }
            #expect(status == backend.current.snapshot)
        }
    }

    @Test func reloadAndRetryReachTheBackend() async throws {
        let backend = BackendStub()
        try await ControlServerFixture.with(backend) { server in
            try await ControlClient.with(path: server.path) { client in
                let reload = try await client.reload()
                #expect(reload.warnings == ["w"])
                #expect(reload.gateways.map(\.action) == [.kept])
                #expect(try await client.retry(gateway: nil).gateways == ["all"])
                #expect(try await client.retry(gateway: "b").gateways == ["b"])
            }
            #expect(backend.current.retried == [nil, "b"])
            #expect(backend.current.reloads == 1)
        }
    }

    @Test func anErrorOfTheBackendArrivesAsItWas() async throws {
        try await ControlServerFixture.with(BackendStub()) { server in
            await #expect(throws: ControlError(.notFound, "no gateway \"missing\" runs")) {
                try await ControlClient.with(path: server.path) { try await $0.retry(gateway: "missing") }
            }
        }
    }

    @Test func theSocketIsForItsOwnerAloneAndGoneAtTheEnd() async throws {
        let paths = AsyncStream.makeStream(of: String.self)
        try await ControlServerFixture.with(BackendStub()) { server in
            let attributes = try FileManager.default.attributesOfItem(atPath: server.path)
            #expect(attributes[.posixPermissions] as? NSNumber == 0o600)
            paths.continuation.yield(server.path)
        }
        for await path in paths.stream {
            #expect(!FileManager.default.fileExists(atPath: path))
            break
        }
    }

    @Test(arguments: [
        ("GET", "/v1/nothing", 404, "notFound"), ("DELETE", "/v1/status", 404, "notFound"),
        ("GET", "/v1/gateways/a/settled?timeout=-1", 400, "badRequest"),
        ("GET", "/v1/gateways/a/settled?timeout=301", 400, "badRequest"),
        ("GET", "/v1/gateways/a/settled?timeout=soon", 400, "badRequest"),
        ("GET", "/v1/gateways/zzz/settled", 404, "notFound"),
    ])
    func aBadRequestIsAnsweredWithAnError(_ method: String, _ uri: String, _ status: Int, _ code: String) async throws {
        try await ControlServerFixture.with(BackendStub(gateways: [.make("a", .up)])) { server in
            let answer = try await RawRequest(method: method, uri: uri).send(to: server.path)
            #expect(answer.status == status)
            #expect(answer.error?.code.rawValue == code)
        }
    }

    @Test func aBodyBeyondTheBoundIsRefused() async throws {
        try await ControlServerFixture.with(BackendStub()) { server in
            var request = RawRequest(method: "POST", uri: "/v1/reload")
            request.body = ByteBuffer(repeating: 0x20, count: ControlLimits.requestBytes + 1)
            let answer = try await request.send(to: server.path)
            #expect(answer.status == 413)
            #expect(answer.error?.code == .tooLarge)
        }
    }

    @Test(arguments: ["ZZ\r\n", "5\r\nhel"])
    func aBodyThatIsNoneIsTheClientsFault(_ body: String) async throws {
        try await ControlServerFixture.with(BackendStub()) { server in
            let request = "POST /v1/retry HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\(body)"
            let answer = try #require(try RawConnection.exchange(Array(request.utf8), at: server.path))
            let text = String(decoding: answer, as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 400 "))
            #expect(text.contains("\"code\":\"badRequest\""))
        }
    }

    @Test func whoClosesHisDirectionWhileWaitingIsToldSo() async throws {
        try await ControlServerFixture.with(BackendStub(gateways: [.make("b", .connecting)])) { server in
            let request = "GET /v1/gateways/b/settled HTTP/1.1\r\nHost: x\r\n\r\n"
            let answer = try #require(try RawConnection.exchange(Array(request.utf8), at: server.path))
            #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func everyRouteBelongsToItsMethod() {
        #expect(Set(ControlRoute.allCases.filter { $0.method == .post }) == [.reload, .retryAll, .retry])
        #expect(ControlRoute.forwardSettled.path(gateway: "a", forward: "x") == "/v1/forwards/a/x/settled")
    }
}

/// A request that the client would never make.
struct RawRequest {
    var method: String
    var uri: String
    var body: ByteBuffer?

    struct Answer {
        var status: Int
        var error: ControlError?
    }

    func send(to socket: String) async throws -> Answer {
        try await HTTPClient.withHTTPClient { http in
            var request = HTTPClientRequest(url: try ControlAnswer.url(socket: socket, uri: uri))
            request.method = .init(rawValue: method)
            if let body { request.body = .bytes(body) }
            let response = try await http.execute(request, timeout: .seconds(10))
            let data = Data(try await response.body.collect(upTo: 1 << 20).readableBytesView)
            return Answer(
                status: Int(response.status.code), error: try? ControlJSON.decode(ControlError.self, from: data))
        }
    }
}
