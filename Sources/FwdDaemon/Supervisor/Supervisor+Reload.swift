import FwdControl
import FwdCore
import Logging

/// Reading `forwards.d` again.
extension SupervisorService {
    func startInitial() async {
        report(initial)
        let plan = Plan(current: [:], desired: initial.gateways, refused: initial.refused)
        for gateway in plan.gateways { await apply(gateway) }
        observer?.applied(initial)
        let forwards = initial.gateways.values.reduce(0) { $0 + $1.forwards.count }
        logger.notice(
            "supervising",
            metadata: .keys([
                .directory: "\(directory)", .gateways: "\(plan.gateways.count)", .forwards: "\(forwards)",
                .version: "\(FwdVersion.current)",
            ]))
        if plan.gateways.isEmpty, initial.isSuccessful {
            logger.warning("the directory has no gateway files", metadata: .keys([.directory: "\(directory)"]))
        }
    }

    /// One reload at a time; who comes meanwhile gets his turn with the files as they are then.
    public func reload() async throws(ControlError) -> ReloadReply {
        await untilStarted()
        await takeReloadTurn()
        defer { reloadTurn.leave() }
        try checkIsServing()
        observer?.reloadBegins()
        defer { observer?.reloadEnds() }
        let loaded: LoadedConfiguration
        do {
            loaded = try await load()
        } catch {
            return keepEverything(because: error)
        }
        // It may have taken a while; what is stopped meanwhile must not be started again.
        try checkIsServing()
        let reply = await become(loaded)
        broadcast.notify()
        return reply
    }

    private func become(_ loaded: LoadedConfiguration) async -> ReloadReply {
        report(loaded)
        configuration = loaded.status(at: now())
        let (plan, reply) = plan(for: loaded)
        for gateway in plan.gateways { await apply(gateway) }
        observer?.applied(loaded)
        for step in reply.gateways where step.action != .kept { log(step) }
        return reply
    }

    /// What has to be done to become `loaded`, and how it is told: the same for a reload and for a look ahead.
    private func plan(for loaded: LoadedConfiguration) -> (Plan, ReloadReply) {
        let plan = Plan(
            current: running.mapValues(\.configuration), desired: loaded.gateways, refused: loaded.refused)
        var steps = plan.gateways.map { ReloadReply.Gateway($0, before: running[$0.gateway]?.configuration) }
        steps += loaded.refused.map { name in
            let kept = running[name]?.configuration.forwards.map(\.name) ?? []
            return ReloadReply.Gateway(gateway: name, action: .refused, kept: kept)
        }
        steps.sort { $0.gateway < $1.gateway }
        return (
            plan,
            ReloadReply(
                isSuccessful: loaded.isSuccessful, errors: loaded.errors, warnings: loaded.warnings, gateways: steps)
        )
    }

    public func plan() async throws(ControlError) -> ReloadReply {
        await untilStarted()
        try checkIsServing()
        do {
            let loaded = try await load()
            return plan(for: loaded).1
        } catch {
            return unchanged(because: error)
        }
    }

    /// The directory itself cannot be read: nothing is known, so nothing is changed.
    private func keepEverything(because error: DaemonError) -> ReloadReply {
        logger.error("reload failed; everything runs on as before", metadata: .keys([.error: "\(error)"]))
        configuration = ConfigurationStatus(
            loadedAt: now(), isSuccessful: false, errors: [error.message], refusedGateways: [])
        broadcast.notify()
        return unchanged(because: error)
    }

    private func unchanged(because error: DaemonError) -> ReloadReply {
        let kept = running.keys.sorted().map { name in
            let forwards = running[name]?.configuration.forwards.map(\.name) ?? []
            return ReloadReply.Gateway(gateway: name, action: .kept, kept: forwards)
        }
        return ReloadReply(isSuccessful: false, errors: [error.message], warnings: [], gateways: kept)
    }

    func checkIsServing() throws(ControlError) {
        if isShuttingDown { throw ControlError(.shuttingDown, "the supervisor is shutting down") }
    }

    private func takeReloadTurn() async {
        if reloadTurn.enter() { return }
        await withCheckedContinuation { reloadTurn.queue($0) }
    }

    private func report(_ loaded: LoadedConfiguration) {
        for warning in loaded.warnings { logger.warning("\(warning)") }
        for error in loaded.errors { logger.error("\(error)") }
        for name in loaded.refused.sorted() {
            let runs = running[name] == nil ? "it is not started" : "it runs on as before"
            logger.error("the gateway's file is refused; \(runs)", metadata: .keys([.gateway: "\(name)"]))
        }
    }

    private func log(_ step: ReloadReply.Gateway) {
        var metadata = Logger.Metadata.keys([.gateway: "\(step.gateway)", .action: "\(step.action.rawValue)"])
        let lists: [(LogField, [String])] = [
            (.started, step.started), (.stopped, step.stopped), (.changed, step.changed), (.kept, step.kept),
        ]
        for (key, names) in lists where !names.isEmpty { metadata[key.rawValue] = .names(names) }
        logger.info("reloaded", metadata: metadata)
    }
}

extension ReloadReply.Gateway {
    /// What a step of the plan means for the forwards by name.
    init(_ plan: GatewayPlan, before: GatewayConfiguration?) {
        let old = before?.forwards.map(\.name) ?? []
        self.init(gateway: plan.gateway, action: .kept)
        switch plan.step {
        case .start(let configuration):
            action = .started
            started = configuration.forwards.map(\.name)
        case .stop:
            action = .stopped
            stopped = old
        case .restart(let configuration):
            let new = configuration.forwards.map(\.name)
            action = .restarted
            details = before.map { configuration.differences(from: $0) } ?? []
            started = new.filter { !old.contains($0) }
            stopped = old.filter { !new.contains($0) }
            changed = new.filter { old.contains($0) }
        case .update(let configuration, let started, let stopped, let changed, let kept):
            action = .updated
            details = before.map { configuration.differences(from: $0) } ?? []
            (self.started, self.stopped, self.changed, self.kept) = (started, stopped, changed, kept)
        case .keep:
            kept = old
        }
    }
}
