import AsyncHTTPClient
import FwdTestSupport
import NIOCore
import NIOHTTP1
import Testing

@testable import FwdDaemon

/// The page and its stream over HTTP, from a daemon in this process.
@Suite struct StatusPageHTTPTests {
    @Test func thePageComesWithItsPolicy() async throws {
        try await DaemonTests.with(ConfigurationStub(["a": ["x"]])) { daemon in
            let response = try await answer(daemon.health, "/")
            #expect(response.status == .ok)
            #expect(response.headers.first(name: "content-security-policy") == StatusPage.standard.policy)
            #expect(response.headers.first(name: "content-type") == "text/html; charset=utf-8")
            #expect(response.headers.first(name: "x-content-type-options") == "nosniff")
            #expect(String(buffer: try await response.body.collect(upTo: 1 << 20)) == StatusPage.standard.html)
        }
    }

    @Test func aNameFromElsewhereIsRefusedOnEveryPath() async throws {
        try await DaemonTests.with(ConfigurationStub(["a": ["x"]])) { daemon in
            for path in ["/", "/status", "/events", "/metrics", "/nothing"] {
                let refused = try await answer(daemon.health, path, host: "evil.example:9522")
                #expect(refused.status == .forbidden, "\(path)")
            }
            let own = try await answer(daemon.health, "/status", host: "localhost:9522")
            #expect(own.status == .ok)
        }
    }

    @Test func tooManyStreamsAreRefusedAndAllEndWithTheDaemon() async throws {
        let streams = Streams()
        try await DaemonTests.with(ConfigurationStub(["a": ["x"]])) { daemon in
            for _ in 0..<StatusFeed.Policy.pages {
                let stream = try await answer(daemon.health, "/events")
                #expect(stream.headers.first(name: "content-type") == "text/event-stream")
                var iterator = stream.body.makeAsyncIterator()
                let first = try #require(try await iterator.next())
                #expect(String(buffer: first).hasPrefix("event: status\ndata: {"))
                await streams.keep(stream)
            }
            let refused = try await answer(daemon.health, "/events")
            #expect(refused.status == .serviceUnavailable)
            #expect(refused.headers.first(name: "retry-after") == "30")
            // Scrapers are still answered.
            let metrics = try await answer(daemon.health, "/metrics")
            #expect(metrics.status == .ok)
        }
        // The daemon has ended although they were open.
        #expect(await streams.count == StatusFeed.Policy.pages)
    }

    private actor Streams {
        private var open: [HTTPClientResponse] = []
        var count: Int { open.count }

        func keep(_ stream: HTTPClientResponse) {
            open.append(stream)
        }
    }

    private func answer(_ health: String, _ path: String, host: String? = nil) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "http://\(health)\(path)")
        if let host { request.headers.replaceOrAdd(name: "Host", value: host) }
        return try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    }
}
