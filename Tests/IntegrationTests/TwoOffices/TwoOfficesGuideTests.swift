import FwdTestSupport
import Testing

@Suite(
    "The guide to a VPN between two offices",
    .enabled(if: OfficeMachine.obstacle == nil, "\(OfficeMachine.obstacle ?? "")"))
struct TwoOfficesGuideTests {
    @Test("says of each block of shell where it runs")
    func isMarked() throws {
        let guide = try Guide.read()
        #expect(guide.steps.count > 10 && guide.unmarked.isEmpty, "lines \(guide.unmarked)")
    }

    @Test("works as it stands, command by command")
    func works() async throws {
        let guide = try Guide.read()
        try await TwoOffices.with { offices in
            // The services that the guide speaks of.
            try await serving(on: offices.a.server) {
                try await serving(on: offices.b.server) {
                    try await OfficeMachine.with(on: offices.a.gate) { gateA in
                        try await OfficeMachine.with(on: offices.b.gate) { gateB in
                            try await follow(guide, offices, gateA, gateB)
                        }
                    }
                }
            }
        }
    }

    private func serving(on host: NetworkHost, _ body: () async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            try directory.write("the wiki\n", to: "index.html")
            let arguments = ["-u", "-m", "http.server", "--directory", directory.path, "80"]
            try await host.running("python3", arguments) { server in
                try await eventually("a web server on \(host.name)") { server.standardOutput.contains("Serving") }
                try await body()
            }
        }
    }

    private func follow(
        _ guide: Guide, _ offices: TwoOffices, _ gateA: OfficeMachine, _ gateB: OfficeMachine
    ) async throws {
        var printed: [String: String] = [:]
        for step in guide.steps {
            let lines = printed.reduce(step.lines) { $0.replacing($1.key, with: $1.value) }
            do {
                let output =
                    switch step.host {
                    case "gate-a": try await output(of: gateA.run(lines))
                    case "gate-b": try await output(of: gateB.run(lines))
                    case "client-a": try await outputOfClient(lines, on: offices.a.client)
                    case "client-b": try await outputOfClient(lines, on: offices.b.client)
                    default: throw TestSupportError("there is no such host")
                    }
                if let name = step.output { printed[name] = output.split(separator: "\n").last.map(String.init) }
            } catch {
                let log = try await gateA.run("fwd list; tail -n 30 /var/log/fwd.log")
                throw TestSupportError("line \(step.line), \(step.host): \(error)\n\(log.output)\(log.errors)")
            }
        }
    }

    private func output(of result: ProcessResult) throws -> String {
        guard result.exit.isSuccess else {
            throw TestSupportError("\(result.exit): \(result.errors)\(result.output)")
        }
        return result.output
    }

    /// A client's first try may come before a forward that the block before has asked for.
    private func outputOfClient(_ lines: String, on client: NetworkHost) async throws -> String {
        var failure = TestSupportError("no try ended")
        do {
            return try await eventually("the client succeeds") { () async throws -> String? in
                do {
                    let shell = ["-euo", "pipefail", "-c", lines]
                    return try await output(of: client.run("bash", shell, within: .seconds(5)))
                } catch let error as TestSupportError {
                    failure = error
                    return nil
                }
            }
        } catch is DeadlineExceeded {
            throw failure
        }
    }
}
