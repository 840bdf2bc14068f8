import FwdControl
import FwdCore
import Synchronization

/// A supervisor that is a value: tests set what it says and see what it was asked.
final class BackendStub: ControlBackend {
    struct State {
        var snapshot = StatusSnapshot.empty
        var retried: [String?] = []
        var reloads = 0
    }

    private let state = Mutex(State())
    let broadcast = ChangeBroadcast()

    init(gateways: [GatewayStatus] = []) {
        state.withLock { $0.snapshot.gateways = gateways }
    }

    var current: State { state.withLock { $0 } }

    func change(_ edit: (inout StatusSnapshot) -> Void) {
        state.withLock { edit(&$0.snapshot) }
        broadcast.notify()
    }

    func snapshot() async -> StatusSnapshot { state.withLock { $0.snapshot } }

    func reload() async throws(ControlError) -> ReloadReply {
        state.withLock { $0.reloads += 1 }
        return ReloadReply(
            isSuccessful: true, errors: [], warnings: ["w"],
            gateways: [ReloadReply.Gateway(gateway: "a", action: .kept, kept: ["x"])])
    }

    func plan() async throws(ControlError) -> ReloadReply {
        ReloadReply(
            isSuccessful: true, errors: [], warnings: [],
            gateways: [ReloadReply.Gateway(gateway: "a", action: .restarted, details: ["user: ann -> bob"])])
    }

    func history(gateway: String?) async throws(ControlError) -> HistoryReply {
        if gateway == "missing" { throw ControlError(.notFound, "no gateway \"missing\" runs") }
        let event = GatewayEvent(at: .epoch, from: "up", to: "backingOff", cause: Cause(.lost, "reset"))
        return HistoryReply(gateways: [HistoryReply.Gateway(gateway: gateway ?? "all", events: [event])])
    }

    func retry(gateway: String?) async throws(ControlError) -> RetryReply {
        state.withLock { $0.retried.append(gateway) }
        if gateway == "missing" { throw ControlError(.notFound, "no gateway \"missing\" runs") }
        return RetryReply(gateways: [gateway ?? "all"])
    }

    func changes() -> AsyncStream<Void> { broadcast.listen() }
}

extension StatusSnapshot {
    static var empty: StatusSnapshot {
        StatusSnapshot(
            version: "0.1.0", libssh2: "1.11.1", pid: 7, startedAt: .epoch, takenAt: .epoch, directory: "/d",
            configuration: ConfigurationStatus(loadedAt: .epoch, isSuccessful: true, errors: [], refusedGateways: []),
            gateways: [])
    }
}

extension Timestamp {
    static let epoch = Timestamp(secondsSince1970: 0)
}

extension GatewayStatus {
    static func make(_ name: String, _ state: GatewayState, cause: Cause? = nil, _ forwards: [ForwardStatus] = [])
        -> Self
    {
        GatewayStatus(
            name: name, host: "h", port: 22, user: "u", state: state, cause: cause, since: .epoch, forwards: forwards)
    }
}

extension ForwardStatus {
    static func make(_ name: String, _ state: ForwardState, cause: Cause? = nil) -> Self {
        ForwardStatus(
            name: name, kind: .local, spec: "-L 1:t:2", listen: "localhost:1", target: "t:2", state: state,
            cause: cause,
            since: .epoch)
    }
}
