import FwdTestSupport
import Testing

@Suite("The guide to a VPN between two offices", .enabled(if: OfficeMachine.obstacle == nil, "needs namespaces"))
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
            let result =
                switch step.host {
                case "gate-a": try await gateA.run(lines)
                case "gate-b": try await gateB.run(lines)
                case "client-a": try await run(lines, on: offices.a.client)
                case "client-b": try await run(lines, on: offices.b.client)
                default: throw TestSupportError("line \(step.line): there is no host \(step.host)")
                }
            guard result.exit.isSuccess else {
                throw TestSupportError(
                    "line \(step.line), \(step.host): \(result.exit) \(result.errors)\(result.output)")
            }
            if let name = step.output { printed[name] = result.output.split(separator: "\n").last.map(String.init) }
        }
    }

    /// A client's first try may come before a forward that the block before has asked for.
    private func run(_ lines: String, on client: NetworkHost) async throws -> ProcessResult {
        var last: ProcessResult?
        let done = try? await eventually(within: .seconds(15), "the client succeeds") {
            () async throws -> ProcessResult? in
            last = try await client.run("bash", ["-euo", "pipefail", "-c", lines])
            return last?.exit.isSuccess == true ? last : nil
        }
        guard let result = done ?? last else { throw TestSupportError("the client's commands do not end") }
        return result
    }
}
