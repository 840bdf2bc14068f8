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
        var configuration = HTTPClient.Configuration()
        // Each stream has a connection of its own.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = StatusFeed.Policy.pages + 2
        try await HTTPClient.withHTTPClient(configuration: configuration) { http in
            let readers = StreamReaders()
            try await DaemonTests.with(ConfigurationStub(["a": ["x"]])) { daemon in
                for _ in 0..<StatusFeed.Policy.pages {
                    let stream = try await answer(daemon.health, "/events", by: http)
                    #expect(stream.headers.first(name: "content-type") == "text/event-stream")
                    await readers.read(stream)
                }
                try await eventually("all have the state") { await readers.firsts.count == StatusFeed.Policy.pages }
                for first in await readers.firsts { #expect(first.hasPrefix("event: status\ndata: {")) }
                let refused = try await answer(daemon.health, "/events", by: http)
                #expect(refused.status == .serviceUnavailable)
                #expect(refused.headers.first(name: "retry-after") == "30")
                // Scrapers are still answered.
                let metrics = try await answer(daemon.health, "/metrics", by: http)
                #expect(metrics.status == .ok)
                #expect(await readers.ended == 0)
            }
            // The daemon has ended although they were open.
            try await eventually("all have ended") { await readers.ended == StatusFeed.Policy.pages }
        }
    }

    /// Reads streams to their ends. A stream that nobody reads is closed.
    private actor StreamReaders {
        private(set) var firsts: [String] = []
        private(set) var ended = 0

        func read(_ response: HTTPClientResponse) {
            Task {
                var isFirst = true
                do {
                    for try await part in response.body where isFirst {
                        isFirst = false
                        firsts.append(String(buffer: part))
                    }
                } catch {}
                ended += 1
            }
        }
    }

    private func answer(
        _ health: String, _ path: String, host: String? = nil, by http: HTTPClient = .shared
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "http://\(health)\(path)")
        if let host { request.headers.replaceOrAdd(name: "Host", value: host) }
        return try await http.execute(request, timeout: .seconds(20))
    }
}
