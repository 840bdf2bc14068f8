import AsyncHTTPClient
import Foundation
import FwdConfig
import FwdCore
import FwdTestSupport
import NIOCore
import NIOHTTP1

/// The built `fwd run`, with a directory, a control socket and a health port of its own.
struct SupervisorFixture {
    let process: ChildProcess
    let directory: TemporaryDirectory
    let healthPort: UInt16

    var control: String { directory.file("control/control.sock") }
    var forwards: String { directory.file("forwards.d") }
    var log: String { process.standardError }

    /// Runs `body` beside a supervisor of these gateways. `files` are written as they are; `arguments` are further ones
    /// of `fwd run`; `wrapper` is a command that
    /// executes the supervisor.
    static func with<Result>(
        _ gateways: [GatewayConfiguration], files: [String: String] = [:], logLevel: String = "debug",
        arguments further: [String] = [], under wrapper: [String] = [], environment: [String: String] = [:],
        passing descriptors: [CInt] = [], isolation: isolated (any Actor)? = #isolation,
        _ body: (SupervisorFixture) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { directory in
            try FileManager.default.createDirectory(
                atPath: directory.file("forwards.d"), withIntermediateDirectories: true)
            for gateway in gateways {
                try directory.write(ForwardsFile.text(of: gateway), to: "forwards.d/\(gateway.name).yaml")
            }
            for (name, text) in files { try directory.write(text, to: "forwards.d/\(name)") }
            let healthPort = FreePorts.next()
            let arguments =
                [
                    "run", "--dir", directory.file("forwards.d"), "--control", directory.file("control/control.sock"),
                    "--health", "127.0.0.1:\(healthPort)", "--log-level", logLevel,
                ] + further
            return try await FwdProcess.running(
                arguments, under: wrapper, environment: environment, passing: descriptors
            ) {
                process in
                let fixture = SupervisorFixture(process: process, directory: directory, healthPort: healthPort)
                try await eventually("the supervisor answers") {
                    try await fixture.fwd("list").exit == .exited(0)
                }
                return try await body(fixture)
            }
        }
    }

    /// Runs another verb against this supervisor.
    func fwd(_ verb: String, _ arguments: String...) async throws -> ProcessResult {
        try await FwdProcess.run([verb, "--control", control] + arguments, environment: ["NO_COLOR": "1"])
    }

    func snapshot() async throws -> StatusSnapshot {
        let result = try await fwd("status", "--json")
        return try JSONDecoder().decode(StatusSnapshot.self, from: Data(result.output.utf8))
    }

    @discardableResult
    func waitUntil(_ id: String, is state: ForwardState) async throws -> ForwardStatus {
        guard let id = ForwardID(id) else { throw TestSupportError("\(id) is no forward") }
        return try await eventually("\(id) is \(state)") {
            let status = try await snapshot().forward(id)
            return status?.state == state ? status : nil
        }
    }

    func waitUntil(gateway name: String, is state: GatewayState) async throws {
        try await eventually("\(name) is \(state)") {
            try await snapshot().gateways.first { $0.name == name }?.state == state
        }
    }

    /// GET from the health endpoint.
    func health(_ path: String) async throws -> (status: Int, body: String) {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(healthPort)\(path)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let body = try await response.body.collect(upTo: 1 << 20)
        return (Int(response.status.code), String(buffer: body))
    }
}

extension ForwardConfiguration {
    init(_ name: String, _ spec: String) throws {
        self.init(name: name, spec: try ForwardSpec(parsing: spec))
    }
}
