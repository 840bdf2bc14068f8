import FwdCore
import FwdTestSupport
import NIOPosix
import Testing

@testable import FwdControl

/// Whatever stands in a request, the control socket answers it or closes, and goes on.
@Suite struct RequestFuzzTests {
    /// So that not all changes hit the first line.
    private static let more = "User-Agent: fuzz/1.0\r\nAccept: application/json, */*;q=0.1\r\nX-More: \"a\", b\r\n"
    static let requests = [
        "GET /v1/status HTTP/1.1\r\nHost: x\r\n\(more)\r\n",
        "GET /v1/plan HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /v1/history/a HTTP/1.1\r\nHost: x\r\n\(more)\r\nGET /v1/history HTTP/1.1\r\nHost: x\r\n\(more)\r\n",
        "GET /v1/gateways/a/settled?timeout=5 HTTP/1.1\r\nHost: x\r\n\(more)\r\n",
        "GET /v1/gateways/b/settled?timeout=0.001 HTTP/1.1\r\nHost: x\r\n\(more)\r\n",
        "GET /v1/forwards/a/x/settled?timeout=0&timeout=1 HTTP/1.0\r\nHost: x\r\n\(more)\r\n",
        "POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        "POST /v1/retry HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "POST /v1/retry/a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n1",
    ]
    static let tokens = [
        "GET ", "POST ", "PUT ", "HEAD ", "OPTIONS * ", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/9.9", "\r\n", "\r",
        "\n",
        "\0", "\u{1b}", "é", "%00", "%", "%2f", "%C3%28", "//", "/../", "?", "&", "=", "#", ";", "{gateway}", "*", "**",
        "timeout=", "nan", "inf", "-0", "1e400", "1e-400", "0x1p3", "999999999999999999999", " ", "Content-Length: ",
        "Content-Length: 18446744073709551616\r\n", "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n",
        "FFFFFFFFFFFFFFFF\r\n", "Connection: upgrade\r\nUpgrade: websocket\r\n", "Host: x\r\n", ": ",
        "http://x/v1/status",
    ]

    @Test(.timeLimit(.minutes(Fuzzer.minutes))) func everyRequestIsAnsweredOrItsConnectionClosed() async throws {
        let backend = BackendStub(gateways: [.make("a", .up, [.make("x", .up)]), .make("b", .connecting)])
        try await ControlServerFixture.with(backend) { server in
            let path = server.path
            let tally = try await NIOThreadPool.singleton.runIfActive { try Self.askAll(path) }
            let count = Fuzzer.numbers.count
            #expect(tally.odd == [])
            #expect(tally.served > count / 50 && tally.refused > count / 20, "\(tally) of \(count)")
            let status = try await ControlClient.with(path: path) { try await $0.status() }
            #expect(status == backend.current.snapshot)
        }
    }

    private struct Tally {
        var served = 0
        var refused = 0
        var closed = 0
        /// What is neither, with the number of the input.
        var odd: [String] = []
    }

    private static func askAll(_ path: String) throws -> Tally {
        let fuzzer = Fuzzer(seed: 12, samples: requests, tokens: tokens)
        var tally = Tally()
        for number in Fuzzer.numbers {
            let input = fuzzer.input(number)
            guard let answer = try RawConnection.exchange(input, at: path) else {
                tally.odd.append(
                    "input \(number): no end of \(String(decoding: input, as: UTF8.self).debugDescription)")
                continue
            }
            switch String(decoding: answer.prefix(10), as: UTF8.self) {
            case "": tally.closed += 1
            case "HTTP/1.1 2", "HTTP/1.0 2", "HTTP/1.1 1": tally.served += 1
            case "HTTP/1.1 4", "HTTP/1.0 4": tally.refused += 1
            default: tally.odd.append("input \(number): \(String(decoding: answer, as: UTF8.self))")
            }
        }
        return tally
    }
}
