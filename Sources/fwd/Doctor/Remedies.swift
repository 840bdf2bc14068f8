import FwdConfig
import FwdCore

/// What mends a step that failed: commands, and lines of files, to be copied as they are.
struct Remedies {
    let subject: DoctorSubject
    private let directory: ForwardsDirectory

    init(_ subject: DoctorSubject, in directory: ForwardsDirectory) {
        self.subject = subject
        self.directory = directory
    }

    func mending(_ step: DoctorStep) -> [DoctorRemedy] {
        guard step.outcome == .failed, let cause = step.cause else { return [] }
        let gateway = subject.gateways[step.gateway] ?? subject.gateway
        let forward = subject.forwards.first { $0.name == step.forward }
        switch step.step {
        case .configuration, .supervisor: return []
        case .dns:
            return [DoctorRemedy("here, or mend host in \(file(gateway))", ["getent ahosts \(gateway.hostName)"])]
        case .tcp: return connection(gateway, cause)
        case .banner, .keyExchange: return conversation(gateway, cause)
        case .hostKey: return trust(gateway, cause)
        case .login: return login(gateway, step, cause)
        case .listener: return forward.map { listener($0, gateway, cause) } ?? []
        case .target: return forward.map { target($0, gateway, cause) } ?? []
        }
    }

    private func file(_ gateway: GatewayConfiguration) -> String { directory.path(ofGateway: gateway.name) }

    // MARK: - The server

    private func connection(_ gateway: GatewayConfiguration, _ cause: Cause) -> [DoctorRemedy] {
        let endpoint = ForwardSpec.Endpoint(host: gateway.hostName, port: gateway.port)
        switch gateway.route {
        case .command(let command): return [DoctorRemedy("here, to see what it says", [command])]
        case .via(let name):
            guard let jump = subject.gateways[name] else { return [] }
            if cause.reason == .forbidden { return allowing(jump) }
            return [DoctorRemedy("on \(jump.hostName)", ["nc -vz \(endpoint.host) \(endpoint.port)"])]
        case .direct:
            let place = "on \(gateway.hostName), to see whether sshd listens; or mend host and port in \(file(gateway))"
            return [DoctorRemedy(place, ["ss -ltnp 'sport = :\(gateway.port)'"])]
        }
    }

    private func conversation(_ gateway: GatewayConfiguration, _ cause: Cause) -> [DoctorRemedy] {
        if case .command(let command) = gateway.route, cause.reason == .connect {
            return [DoctorRemedy("here, to see what it says", [command])]
        }
        if cause.message.hasPrefix("key exchange failed") {
            return [DoctorRemedy(serverFile(gateway), ["KexAlgorithms +curve25519-sha256"])]
        }
        let place = "on \(gateway.hostName), to see who listens there, and what sshd says"
        return [DoctorRemedy(place, ["ss -ltnp 'sport = :\(gateway.port)'", "journalctl -u ssh -n 50"])]
    }

    /// The message ends with the command.
    private func trust(_ gateway: GatewayConfiguration, _ cause: Cause) -> [DoctorRemedy] {
        let place = "here, if the server's console shows the same (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub)"
        if let command = cause.message.firstRange(of: "fwd trust ") {
            return [DoctorRemedy(place, [String(cause.message[command.lowerBound...])])]
        }
        guard cause.message.hasPrefix("HOST KEY REVOKED") else { return [] }
        return [DoctorRemedy("here, once the server has a new key", ["fwd trust \(gateway.name) --replace"])]
    }

    private func login(_ gateway: GatewayConfiguration, _ step: DoctorStep, _ cause: Cause) -> [DoctorRemedy] {
        switch cause.reason {
        case .auth where cause.message.contains("Too many authentication failures"):
            let key = gateway.login.identities.first?.key.description ?? "FILE"
            return [DoctorRemedy("in \(file(gateway)), under gateway: name the right key alone", ["identity: \(key)"])]
        case .auth: return authorizing(gateway, "in place of the key's line")
        case .identity, .agent: return CredentialRemedy.all(step)
        case .timeout, .handshake, .lost:
            return [sayings(of: gateway)]
        default: return []
        }
    }

    private func sayings(of gateway: GatewayConfiguration) -> DoctorRemedy {
        DoctorRemedy("on \(gateway.hostName), to see what sshd says", ["journalctl -u ssh -n 50"])
    }

    // MARK: - The forwards

    private func listener(
        _ forward: ForwardConfiguration, _ gateway: GatewayConfiguration, _ cause: Cause
    ) -> [DoctorRemedy] {
        if let network = network(forward, gateway) { return network.device(cause) }
        if case .redirect = forward.spec.listen { return redirection(cause) }
        guard let port = forward.spec.listen.port else { return socketFile(forward, gateway, cause) }
        let look = ["ss -ltnp 'sport = :\(port)'"]
        switch cause.reason {
        case .bind where cause.failureClass == .needsOperator:
            let setting = "sysctl -w net.ipv4.ip_unprivileged_port_start=\(port)"
            return [DoctorRemedy("take a port from 1024 on in \(file(gateway)); or, as root, here", [setting])]
        case .bind: return [DoctorRemedy("here; end what listens, or take another port in \(file(gateway))", look)]
        case .portInUse:
            return [DoctorRemedy("on \(gateway.hostName); end what listens, or take another port", look)]
        case .stalePort: return [DoctorRemedy(serverFile(gateway), ["ClientAliveInterval 15"])]
        case .remoteListen: return allowing(gateway)
        default: return [sayings(of: gateway)]
        }
    }

    private func network(_ forward: ForwardConfiguration, _ gateway: GatewayConfiguration) -> NetworkRemedy? {
        guard case .device(let link) = forward.spec.listen else { return nil }
        return NetworkRemedy(link: link, gateway: gateway, file: file(gateway))
    }

    private func redirection(_ cause: Cause) -> [DoctorRemedy] {
        switch cause.reason {
        case .forbidden: [NetworkRemedy.capability]
        case .config: [DoctorRemedy("here, as root", ["apt-get install nftables"])]
        default: [DoctorRemedy("here, as root, to see what rules there are", ["nft list ruleset"])]
        }
    }

    private func socketFile(
        _ forward: ForwardConfiguration, _ gateway: GatewayConfiguration, _ cause: Cause
    ) -> [DoctorRemedy] {
        guard case .socket(let path) = forward.spec.listen else { return [sayings(of: gateway)] }
        return [
            DoctorRemedy(
                "here; end what listens, or take another path in \(file(gateway))",
                ["ls -ld \(path) $(dirname \(path))", "ss -lxp 'src \(path)'"])
        ]
    }

    private func target(
        _ forward: ForwardConfiguration, _ gateway: GatewayConfiguration, _ cause: Cause
    ) -> [DoctorRemedy] {
        if let network = network(forward, gateway) { return network.tunnel(cause) }
        if cause.reason == .forbidden { return allowing(gateway) }
        if cause.reason == .lost { return [sayings(of: gateway)] }
        let place = forward.spec.kind == .remote ? "here" : "on \(gateway.hostName)"
        let question =
            switch forward.probedTarget {
            case .host(let target): "nc -vz \(target.host) \(target.port)"
            case .socket(let path): "nc -vzU \(path)"
            case nil: "ss -tlnp"
            }
        let answer = DoctorRemedy("\(place), until it answers", [question])
        guard forward.spec.kind == .local, case .socket = forward.spec.destination else { return [answer] }
        let permission = DoctorRemedy(serverFile(gateway), ["AllowStreamLocalForwarding local"])
        return [answer, permission]
    }

    // MARK: - What the server must allow

    private func serverFile(_ gateway: GatewayConfiguration) -> String {
        "in /etc/ssh/sshd_config on \(gateway.hostName)"
    }

    /// The server does not tell which of its files forbids it.
    private func allowing(_ gateway: GatewayConfiguration) -> [DoctorRemedy] {
        guard let allowance = allowance(gateway) else { return [] }
        let place = "\(serverFile(gateway)), for \(allowance.privilege.user), in place of what it says there"
        return [DoctorRemedy(place, allowance.privilege.forwardingLines)]
            + authorizing(gateway, "if the key's line there has options, in its place")
    }

    private func authorizing(_ gateway: GatewayConfiguration, _ how: String) -> [DoctorRemedy] {
        guard let allowance = allowance(gateway) else { return [] }
        let key = KeyLine(of: allowance.login)
        let place = "in ~\(allowance.privilege.user)/.ssh/authorized_keys on \(gateway.hostName), \(how)"
        let line = DoctorRemedy(place, ["\(allowance.privilege.keyOptions) \(key.text)"])
        return [line] + (key.problem.map { [DoctorRemedy($0, [])] } ?? [])
    }

    private func allowance(_ gateway: GatewayConfiguration) -> Allowance? {
        try? Allowance.all(gateway, among: subject.gateways.values).first
    }
}
