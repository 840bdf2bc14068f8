import FwdControl
import FwdCore
import Logging

/// Starting, changing, stopping and asking the gateways.
extension SupervisorService {
    /// Does one step of a plan. Nothing here waits for the network: a gateway says yes and goes on by itself.
    func apply(_ plan: GatewayPlan) async {
        switch plan.step {
        case .start(let configuration): await start(configuration)
        case .stop: leave(plan.gateway)
        case .restart(let configuration), .update(let configuration, _, _, _, _): await update(configuration)
        case .keep: break
        }
    }

    func start(_ configuration: GatewayConfiguration) async {
        let broadcast = broadcast
        let gateway = makeGateway(configuration) { broadcast.notify() }
        running[configuration.name] = Running(configuration: configuration, gateway: gateway)
        await gateway.start()
    }

    private func update(_ configuration: GatewayConfiguration) async {
        running[configuration.name]?.configuration = configuration
        await running[configuration.name]?.gateway.update(configuration)
    }

    /// Its file is gone. Connections drain beside everything else; nobody waits for them.
    private func leave(_ name: String) {
        guard let gone = running.removeValue(forKey: name) else { return }
        nextLeaverID += 1
        leaving[nextLeaverID] = gone.gateway
        leavers.continuation.yield(nextLeaverID)
    }

    func drainLeavers() async {
        await withDiscardingTaskGroup { group in
            for await id in leavers.stream {
                guard let gateway = leaving[id] else { continue }
                group.addTask {
                    await gateway.leave(drain: self.drain)
                    await self.hasLeft(id)
                }
            }
        }
    }

    private func hasLeft(_ id: Int) {
        leaving[id] = nil
        broadcast.notify()
    }

    /// Stops what runs and what nobody drains yet; they stay in the snapshot, so that readiness says what is going on.
    func stopAll(drain: Duration) async {
        await withDiscardingTaskGroup { group in
            for gateway in running.values.map(\.gateway) {
                group.addTask { await gateway.stop(drain: drain) }
            }
        }
        if Task.isCancelled {
            for (id, gateway) in leaving {
                await gateway.leave(drain: .zero)
                leaving[id] = nil
            }
        }
        running = [:]
        logger.notice("all gateways are stopped")
    }

    /// In byte order of the names. A gateway that drains while its successor runs is not shown.
    func statuses() async -> [GatewayStatus] {
        var statuses = await Self.ask(running.values.map(\.gateway))
        let names = Set(statuses.map(\.name))
        for status in await Self.ask(Array(leaving.values)) where !names.contains(status.name) {
            statuses.append(status)
        }
        return statuses.sorted { $0.name < $1.name }
    }

    private static func ask(_ gateways: [any SupervisedGateway]) async -> [GatewayStatus] {
        await withTaskGroup(of: GatewayStatus.self) { group in
            for gateway in gateways { group.addTask { await gateway.status() } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}
