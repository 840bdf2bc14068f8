import BenchSystem

extension Contender {
    public static func fwd(_ binary: String) -> Contender {
        Contender(name: "fwd", title: "`fwd`") { try fwdLaunch(binary, $0, $1) }
    }

    /// The same program, linked with libssh2 as the distribution has it.
    public static func fwdStock(_ binary: String) -> Contender {
        Contender(name: "fwd-stock", title: "`fwd`, stock libssh2") { try fwdLaunch(binary, $0, $1) }
    }

    /// One supervisor for all gateways.
    private static func fwdLaunch(
        _ binary: String, _ plan: ForwardPlan, _ directory: WorkDirectory
    ) throws -> [Launch] {
        let forwards = try directory.directory("forwards.d")
        for (number, gateway) in plan.gateways.enumerated() {
            try forwards.write(gatewayFile(plan.server, gateway), to: "gateway\(number).yaml")
        }
        let control = try directory.directory("control").file("control.sock")
        return [Launch([binary, "run", "--dir", forwards.path, "--control", control, "--health", "off"])]
    }

    private static func gatewayFile(_ server: SSHServer, _ forwards: [ForwardPlan.Forward]) -> String {
        let lines = [
            "gateway:", "  host: \(server.endpoint.host)", "  port: \(server.endpoint.port)",
            "  user: \(server.user)", "  identity: \(server.identity)", "  host-key: ssh-ed25519 \(server.pin)",
            "forwards:",
        ]
        let rules = forwards.enumerated().map { number, forward in "  f\(number): -L \(localForward(forward))" }
        return (lines + rules).joined(separator: "\n") + "\n"
    }
}
