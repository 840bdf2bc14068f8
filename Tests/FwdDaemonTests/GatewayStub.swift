import FwdControl
import FwdCore
import Logging
import Synchronization

@testable import FwdDaemon

/// A gateway that does what the test says and remembers what it was told.
actor GatewayStub: SupervisedGateway {
    enum Call: Hashable, Sendable {
        case start, retry, networkChanged
        case update([String])
        case stop(Duration)
        case leave(Duration)
    }

    nonisolated let name: String
    private(set) var calls: [Call] = []
    private var current: GatewayStatus
    var events: [GatewayEvent] = []
    private var isHanging = false
    private var asked: [CheckedContinuation<Void, Never>] = []
    private var stopped: @Sendable () -> Void = {}
    private let stateDidChange: @Sendable () -> Void

    init(_ configuration: GatewayConfiguration, _ stateDidChange: @escaping @Sendable () -> Void) {
        name = configuration.name
        self.stateDidChange = stateDidChange
        current = Self.status(configuration, .connecting)
    }

    func start() { calls.append(.start) }

    func update(_ configuration: GatewayConfiguration) {
        calls.append(.update(configuration.forwards.map(\.name)))
        current = Self.status(configuration, current.state)
    }

    func retry() { calls.append(.retry) }

    func networkChanged() { calls.append(.networkChanged) }

    func status() async -> GatewayStatus {
        if isHanging { await withCheckedContinuation { asked.append($0) } }
        return current
    }

    func history() -> [GatewayEvent] { events }

    func stop(drain: Duration) {
        calls.append(.stop(drain))
        stopped()
    }

    func leave(drain: Duration) { calls.append(.leave(drain)) }

    /// The gateway reaches a state, and its forwards with it.
    func enter(_ state: GatewayState, cause: Cause? = nil) {
        current.state = state
        current.cause = cause
        for index in current.forwards.indices { current.forwards[index].state = state == .up ? .up : .waiting }
        stateDidChange()
    }

    func whenStopped(_ body: @escaping @Sendable () -> Void) { stopped = body }

    /// How many have asked for its status and have no answer.
    var waiting: Int { asked.count }

    /// It answers nobody until `body` has ended.
    nonisolated func whileItHangs<Result: Sendable>(
        _ body: @Sendable (GatewayStub) async throws -> Result
    ) async throws -> Result {
        await hang(true)
        do {
            let result = try await body(self)
            await hang(false)
            return result
        } catch {
            await hang(false)
            throw error
        }
    }

    private func hang(_ hangs: Bool) {
        isHanging = hangs
        for continuation in asked { continuation.resume() }
        asked = []
    }

    private static func status(_ configuration: GatewayConfiguration, _ state: GatewayState) -> GatewayStatus {
        GatewayStatus(
            name: configuration.name, host: configuration.host, port: configuration.port,
            user: configuration.login.user,
            state: state, since: Timestamp(secondsSince1970: 0),
            forwards: configuration.forwards.map {
                Samples.forward($0.name, $0.spec.kind, state == .up ? .up : .waiting)
            })
    }
}

/// All gateways that a supervisor has made, by name, the newest last.
final class GatewayStubs: Sendable {
    private let made = Mutex<[String: [GatewayStub]]>([:])

    var factory: GatewayFactory {
        { configuration, changed in
            let stub = GatewayStub(configuration, changed)
            self.made.withLock { $0[configuration.name, default: []].append(stub) }
            return stub
        }
    }

    func all(_ name: String) -> [GatewayStub] { made.withLock { $0[name] ?? [] } }

    subscript(_ name: String) -> GatewayStub? { all(name).last }
}

/// A `forwards.d` in memory.
final class ConfigurationStub: Sendable {
    private let value: Mutex<Result<LoadedConfiguration, DaemonError>>

    init(_ gateways: [String: [String]]) {
        value = Mutex(.success(Self.configuration(gateways)))
    }

    var load: ConfigurationLoader {
        { () async throws(DaemonError) in try self.value.withLock { $0 }.get() }
    }

    func set(_ gateways: [String: [String]], refused: Set<String> = [], errors: [String] = []) {
        var loaded = Self.configuration(gateways)
        loaded.refused = refused
        loaded.errors = errors
        value.withLock { $0 = .success(loaded) }
    }

    func loaded() throws -> LoadedConfiguration {
        try value.withLock { $0 }.get()
    }

    func fail(_ error: DaemonError) {
        value.withLock { $0 = .failure(error) }
    }

    /// Gateways with the names of their forwards.
    private static func configuration(_ gateways: [String: [String]]) -> LoadedConfiguration {
        LoadedConfiguration(
            gateways: Dictionary(
                uniqueKeysWithValues: gateways.map { name, forwards in
                    (
                        name,
                        GatewayConfiguration(
                            name: name, host: "h", login: LoginConfiguration(user: "u"), forwards: forwards.map(forward)
                        )
                    )
                }))
    }

    private static func forward(_ name: String) -> ForwardConfiguration {
        let spec = ForwardSpec(
            kind: .local, listen: .init(address: .loopback, port: 1), target: .init(host: "t", port: 2))
        return ForwardConfiguration(name: name, spec: spec)
    }
}

enum TestLogger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
