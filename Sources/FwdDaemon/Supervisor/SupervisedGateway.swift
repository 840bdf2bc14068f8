import FwdCore
import FwdTunnel

/// What the supervisor needs of a gateway: `Gateway`, or a stand-in in tests.
public protocol SupervisedGateway: Sendable {
    func start() async
    func update(_ configuration: GatewayConfiguration) async
    func retry() async
    func networkChanged() async
    func status() async -> GatewayStatus
    func history() async -> [GatewayEvent]
    /// At the end of the process: what listens may be kept for the next one.
    func stop(drain: Duration) async
    /// It is taken out of the configuration: nobody listens in its place.
    func leave(drain: Duration) async
}

extension Gateway: SupervisedGateway {}

/// Makes a gateway that is not started yet; it calls `stateDidChange`, from any thread, after every change of a state.
public typealias GatewayFactory =
    @Sendable (GatewayConfiguration, _ stateDidChange: @escaping @Sendable () -> Void) -> any SupervisedGateway
