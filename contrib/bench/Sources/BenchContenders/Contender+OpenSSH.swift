import BenchSystem

extension Contender {
    public static let ssh = Contender(name: "ssh", title: "`ssh -L`") { plan, _ in
        plan.gateways.map { Launch(["ssh"] + sshArguments(plan.server, $0)) }
    }

    public static let sshGCM = Contender(name: "ssh-gcm", title: "`ssh -L -c aes128-gcm@openssh.com`") { plan, _ in
        plan.gateways.map { Launch(["ssh", "-c", "aes128-gcm@openssh.com"] + sshArguments(plan.server, $0)) }
    }

    /// With the settings that its users' guides give: no monitoring port, ssh's own keepalives, no grace for the first
    /// start.
    public static let autossh = Contender(name: "autossh", title: "autossh") { plan, _ in
        let keepalive = ["-M", "0", "-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=3"]
        return plan.gateways.map {
            Launch(["autossh"] + keepalive + sshArguments(plan.server, $0), environment: ["AUTOSSH_GATETIME": "0"])
        }
    }

    private static func sshArguments(_ server: SSHServer, _ forwards: [ForwardPlan.Forward]) -> [String] {
        let options = [
            "-N", "-F", "/dev/null", "-i", server.identity, "-p", "\(server.endpoint.port)",
            "-o", "UserKnownHostsFile=\(server.knownHosts)", "-o", "IdentitiesOnly=yes",
            "-o", "ExitOnForwardFailure=yes", "-o", "BatchMode=yes",
        ]
        return options + forwards.flatMap { ["-L", localForward($0)] } + ["\(server.user)@\(server.endpoint.host)"]
    }

    static func localForward(_ forward: ForwardPlan.Forward) -> String {
        "127.0.0.1:\(forward.listen):\(forward.target.host):\(forward.target.port)"
    }
}
