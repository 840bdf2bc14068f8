import AsyncHTTPClient
import Foundation
import FwdConfig
import FwdControl
import FwdCore
import FwdTestSupport
import NIOCore
import NIOHTTP1
import Testing

@testable import FwdDaemon

@Suite struct DaemonTests {
    /// A daemon with stub gateways, a control socket of its own and a health port that the system chose.
    struct Running: Sendable {
        let stubs: GatewayStubs
        let files: ConfigurationStub
        let supervisor: SupervisorService
        let control: String
        let health: String

        func get(_ path: String, method: String = "GET") async throws -> (status: UInt, type: String, body: String) {
            var request = HTTPClientRequest(url: "http://\(health)\(path)")
            request.method = .init(rawValue: method)
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            let body = String(buffer: try await response.body.collect(upTo: 1 << 20))
            return (response.status.code, response.headers.first(name: "content-type") ?? "", body)
        }
    }

    static func with(
        _ files: ConfigurationStub, serviceManager: ServiceManager? = nil,
        _ body: @escaping @Sendable (Running) async throws -> Void
    ) async throws {
        let stubs = GatewayStubs()
        try await TemporaryDirectory.with { directory in
            let configuration = RunConfiguration(
                directory: "/d", controlPath: directory.file("control.sock"),
                health: HealthAddress(host: "127.0.0.1", port: 0), handlesSignals: false)
            let daemon = try await Daemon(
                configuration, load: files.load, makeGateway: stubs.factory, serviceManager: serviceManager,
                logger: TestLogger.silent)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await daemon.run() }
                tasks.addTask {
                    let addresses = try await daemon.addresses()
                    let health = try #require(addresses.health)
                    try await body(
                        Running(
                            stubs: stubs, files: files, supervisor: daemon.supervisor, control: addresses.control,
                            health: "\(health)"))
                    daemon.shutDown()
                }
                defer { tasks.cancelAll() }
                // Not waitForAll: it would wait for the server after the body has failed.
                for try await _ in tasks {}
            }
        }
    }

    @Test func readinessFollowsTheGateways() async throws {
        try await Self.with(ConfigurationStub(["a": ["x"]])) { daemon in
            #expect(try await daemon.get("/livez").status == 200)
            #expect(try await daemon.get("/readyz").status == 503)
            let gateway = try #require(daemon.stubs["a"])
            await gateway.enter(.up)
            for path in ["/readyz", "/healthz", "/readyz/a", "/readyz/a/x"] {
                let answer = try await daemon.get(path)
                #expect(answer.status == 200, "\(path)")
                #expect(answer.body == "{\"ready\":true,\"reasons\":[]}\n")
                #expect(answer.type == "application/json")
            }
            await gateway.enter(.parked, cause: Cause(.hostKey, .needsOperator, "wrong key"))
            let answer = try await daemon.get("/readyz/a/x")
            #expect(answer.status == 503)
            let readiness = try ControlJSON.decode(Readiness.self, from: Data(answer.body.utf8))
            #expect(
                readiness.reasons == [.init(gateway: "a", forward: "x", state: "waiting", message: "wrong key")])
            #expect(try await daemon.get("/livez").status == 200)
        }
    }

    @Test func metricsAndStatusComeFromTheSnapshot() async throws {
        try await Self.with(ConfigurationStub(["a": ["x"]])) { daemon in
            let metrics = try await daemon.get("/metrics")
            #expect(metrics.status == 200)
            #expect(metrics.type == "text/plain; version=0.0.4; charset=utf-8")
            #expect(metrics.body.contains("fwd_gateway_up{gateway=\"a\"} 0\n"))
            let status = try await daemon.get("/status")
            let snapshot = try ControlJSON.decode(StatusSnapshot.self, from: Data(status.body.utf8))
            #expect(snapshot.gateways.map(\.name) == ["a"])
        }
    }

    @Test(arguments: ["/readyz/b", "/readyz/a/y", "/readyz/b/x", "/readyz/a/x/y", "/nothing", "/v1/status"])
    func whatIsUnknownIsNotFound(_ path: String) async throws {
        try await Self.with(ConfigurationStub(["a": ["x"]])) { daemon in
            let answer = try await daemon.get(path)
            #expect(answer.status == 404)
            #expect(answer.type == "application/json")
            #expect(answer.body.contains("\"code\":\"notFound\""))
        }
    }

    @Test(arguments: ["POST", "PUT", "DELETE", "HEAD"])
    func healthIsReadOnly(_ method: String) async throws {
        try await Self.with(ConfigurationStub([:])) { daemon in
            let answer = try await daemon.get("/readyz", method: method)
            #expect(answer.status == 405)
        }
    }

    @Test func addingAForwardIsReloadAndWait() async throws {
        try await Self.with(ConfigurationStub(["a": ["x"]])) { daemon in
            let gateway = try #require(daemon.stubs["a"])
            await gateway.enter(.up)
            daemon.files.set(["a": ["x", "y"]])
            try await ControlClient.with(path: daemon.control) { client in
                let reload = try await client.reload()
                #expect(reload.gateways.map(\.action) == [.updated])
                let id = ForwardID(gateway: "a", forward: "y")
                let reply = try await client.settled(forward: id, timeout: .seconds(10))
                #expect(reply.forward?.state == .up)
            }
        }
    }

    @Test func shuttingDownEndsWhoWaits() async throws {
        let waiting = AsyncStream.makeStream(of: String.self)
        await withDiscardingTaskGroup { tasks in
            tasks.addTask {
                for await control in waiting.stream {
                    await #expect(throws: ControlError(.shuttingDown, "the supervisor is shutting down")) {
                        try await ControlClient.with(path: control) {
                            try await $0.settled(gateway: "a", timeout: .seconds(60))
                        }
                    }
                }
            }
            await #expect(throws: Never.self) {
                try await Self.with(ConfigurationStub(["a": ["x"]])) { daemon in
                    waiting.continuation.yield(daemon.control)
                    waiting.continuation.finish()
                    try await eventually("somebody waits") { daemon.supervisor.broadcast.listenerCount == 1 }
                }
            }
        }
    }

    @Test func aSecondDaemonIsRefused() async throws {
        try await Self.with(ConfigurationStub([:])) { daemon in
            let configuration = RunConfiguration(directory: "/d", controlPath: daemon.control, health: nil)
            let error = await #expect(throws: ControlError.self) {
                try await Daemon(configuration, load: daemon.files.load, logger: TestLogger.silent)
            }
            #expect(error?.code == .anotherSupervisor)
        }
    }

    @Test func aHealthPortInUseIsSaidToBe() async throws {
        try await Self.with(ConfigurationStub([:])) { daemon in
            try await TemporaryDirectory.with { directory in
                let address = try #require(HealthAddress(daemon.health))
                let configuration = RunConfiguration(
                    directory: "/d", controlPath: directory.file("c.sock"), health: address, handlesSignals: false)
                let second = try await Daemon(configuration, load: daemon.files.load, logger: TestLogger.silent)
                let error = await #expect(throws: DaemonError.self) { try await second.run() }
                #expect(error?.code == .health)
                #expect(error?.message.contains("\(address)") == true)
            }
        }
    }

    @Test func aMissingDirectoryIsAnErrorOfConfiguration() async throws {
        try await TemporaryDirectory.with { directory in
            let path = directory.file("nowhere")
            let configuration = RunConfiguration(
                directory: path, controlPath: directory.file("c.sock"), health: nil, handlesSignals: false)
            let error = await #expect(throws: DaemonError.self) {
                try await Daemon(configuration, load: ForwardsDirectory(path: path).loader, logger: TestLogger.silent)
            }
            #expect(error?.code == .configuration)
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test func whatSSHConfigSaysIsPartOfTheConfiguration() async throws {
        try await TemporaryDirectory.with { directory in
            let config = "Host work\n  HostName t2.example.org\n  ProxyJump hop.example\n  Ciphers aes256-ctr\n"
            let good = try directory.write(config, to: "good_config")
            let bad = try directory.write("Host *\n  Nonsense yes\n", to: "bad_config")
            for (name, config) in [("good", good), ("bad", bad)] {
                let text = "gateway:\n  host: work\n  ssh-config: \(config)\nforwards:\n  x: -L 1\(name.count):t:2\n"
                try directory.write(text, to: "\(name).yaml")
            }
            let loaded = try await ForwardsDirectory(path: directory.path).loader()
            #expect(loaded.gateways["good"]?.hostName == "t2.example.org")
            #expect(loaded.gateways["good"]?.route == .via("jump-hop.example"))
            #expect(loaded.gateways["jump-hop.example"]?.forwards == [])
            #expect(loaded.warnings.contains { $0.contains("ssh_config sets Ciphers") })
            #expect(loaded.refused == ["bad"])
            #expect(loaded.errors.count == 1)
        }
    }

    @Test func filesBecomeGatewaysAndDiagnostics() async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("gateway:\n  host: h\n  user: u\nforwards:\n  x: -L 1:t:2\n", to: "good.yaml")
            try directory.write("gateway:\n  hots: h\n", to: "bad.yaml")
            let loaded = try await ForwardsDirectory(path: directory.path).loader()
            #expect(loaded.gateways.keys.sorted() == ["good"])
            #expect(loaded.refused == ["bad"])
            #expect(!loaded.isSuccessful)
            let line = try #require(loaded.errors.first)
            #expect(line.hasPrefix("\(directory.file("bad.yaml")):"))
        }
    }
}
