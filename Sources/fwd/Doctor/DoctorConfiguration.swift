import FwdConfig
import FwdCore

/// What the walk is about.
struct DoctorSubject: Sendable {
    let gateway: GatewayConfiguration
    /// All of the directory, by name.
    let gateways: [String: GatewayConfiguration]
    /// Those that are examined.
    let forwards: [ForwardConfiguration]
    let step: DoctorStep

    /// The gateways on the way, the nearest to the server first.
    var jumps: [GatewayConfiguration] {
        var jumps: [GatewayConfiguration] = []
        var next = gateway.route
        while case .via(let name) = next, let jump = gateways[name], jumps.count < gateways.count {
            jumps.append(jump)
            next = jump.route
        }
        return jumps
    }
}

/// The first step: the gateway's file, and what ssh_config adds.
struct DoctorConfiguration: Sendable {
    let directory: ForwardsDirectory
    let target: ForwardTarget

    /// - Returns: `nil`: it took too long.
    /// - Throws: `ConfigError` for a file that nobody could use.
    func answer(within limit: Duration) async throws -> DoctorSubject? {
        try await withThrowingTaskGroup(of: DoctorSubject?.self) { group in
            group.addTask { try await read() }
            group.addTask {
                // The deadline, not a wait: it is cancelled when all is read.
                try? await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    var late: DoctorStep {
        DoctorStep(
            .configuration, of: target.gateway, .failed,
            "ssh -G has not said within \(Int(DoctorWalk.Policy.configuration.inSeconds)) s what ssh_config means",
            took: DoctorWalk.Policy.configuration,
            remedies: [DoctorRemedy("here, to see what it waits for", ["ssh -G -v \(target.gateway)"])])
    }

    /// For a file that nobody could use.
    func failure(_ error: ConfigError) -> DoctorStep {
        let isMissing = error.code == .noSuchGateway
        let add = DoctorRemedy("here, to make it", ["fwd add \(target.gateway) -L PORT:HOST:PORT --host SERVER"])
        return DoctorStep(
            .configuration, of: target.gateway, .failed, error.message,
            details: error.diagnostics.map(\.description), remedies: [isMissing ? add : check])
    }

    private var check: DoctorRemedy {
        DoctorRemedy("here, once \(directory.path(ofGateway: target.gateway)) is mended", ["fwd check"])
    }

    private func read() async throws -> DoctorSubject {
        let start = ContinuousClock.now
        let found = try await GatewayLookUp(directory).find(target.gateway)
        let forwards = try forwards(of: found.gateway)
        let step = DoctorStep(
            .configuration, of: target.gateway, found.refusals.isEmpty ? .ok : .failed,
            text(found.gateway, forwards.count), details: found.refusals.map(\.description),
            took: ContinuousClock.now - start, remedies: found.refusals.isEmpty ? [] : [check])
        return DoctorSubject(gateway: found.gateway, gateways: found.gateways, forwards: forwards, step: step)
    }

    private func forwards(of gateway: GatewayConfiguration) throws -> [ForwardConfiguration] {
        guard let name = target.forward else { return gateway.forwards.filter(\.isEnabled) }
        guard let forward = gateway.forwards.first(where: { $0.name == name }) else {
            throw ConfigError(
                .noSuchForward, "\(directory.path(ofGateway: gateway.name)) has no forward \"\(name)\"")
        }
        return [forward]
    }

    private func text(_ gateway: GatewayConfiguration, _ count: Int) -> String {
        let servers = gateway.servers.map { server in
            let place = "\(server.login.user)@\(ForwardSpec.Endpoint(host: server.hostName, port: server.port))"
            return server.host == server.hostName ? place : "\(server.host) is \(place)"
        }
        let forwards = count == 1 ? "1 forward" : "\(count) forwards"
        return "\(directory.path(ofGateway: gateway.name)): \(servers.joined(separator: ", ")), \(forwards)"
    }
}
