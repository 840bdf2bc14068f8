import BenchSystem

extension Contender {
    /// Dropbear's client. It does not check the host key here, which costs it nothing in any figure.
    public static let dbclient = Contender(name: "dbclient", title: "dbclient (Dropbear)") { plan, _ in
        plan.gateways.map { gateway in
            let options = ["-N", "-y", "-y", "-i", plan.server.dropbearIdentity, "-p", "\(plan.server.endpoint.port)"]
            let forwards = gateway.flatMap { ["-L", localForward($0)] }
            return Launch(
                ["dbclient"] + options + forwards + ["\(plan.server.user)@\(plan.server.endpoint.host)"])
        }
    }

    /// - Parameters:
    ///   - name: `asyncssh` or `sshtunnel`.
    ///   - python: an interpreter that has the package.
    ///   - script: of contrib/bench/contenders.
    public static func python(_ name: String, python: String, script: String) -> Contender {
        Contender(name: name, title: name) { plan, directory in
            let server = plan.server
            let address = [server.endpoint.host, "\(server.endpoint.port)"]
            let login = address + [server.user, server.identity, server.knownHosts]
            return try plan.gateways.enumerated().map { number, gateway in
                let lines = gateway.map { "\($0.listen) \($0.target.host) \($0.target.port)\n" }
                let list = try directory.write(lines.joined(), to: "forwards\(number)")
                return Launch([python, script] + login + [list])
            }
        }
    }
}
