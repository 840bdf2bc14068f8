import FwdCore
import FwdOpenSSH
import Logging
import NIOCore
import NIOPosix

/// Fetches the host keys of a gateway's server, one connection for each type, by the gateway's own route. Nobody logs in
/// to that server; gateways on the way to it are logged in to, with their own pins and credentials.
///
/// The server has proved that it has the keys. Whether it is the right server is for somebody else to say.
public struct HostKeyScan: Sendable {
    /// Our choice, for each connection, and for the gateways on the way.
    private static let deadline = TimeAmount.seconds(20)

    private let configuration: GatewayConfiguration
    private let gateways: [String: GatewayConfiguration]
    private let logger: Logger
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    /// - Parameter gateways: all of the directory, by name, for the route.
    public init(_ configuration: GatewayConfiguration, among gateways: [String: GatewayConfiguration], logger: Logger) {
        self.configuration = configuration
        self.gateways = gateways
        self.logger = logger
    }

    /// - Returns: the keys in our order of preference; at least one.
    /// - Throws: `Cause`.
    public func keys() async throws -> [PublicKey] {
        let registry = GatewayRegistry()
        let jumps = try await startJumps(registry)
        do {
            let keys = try await scan(registry)
            for jump in jumps { await jump.stop(drain: .zero) }
            return keys
        } catch {
            for jump in jumps { await jump.stop(drain: .zero) }
            throw error
        }
    }

    private func scan(_ registry: GatewayRegistry) async throws -> [PublicKey] {
        let types = SSHSession.Algorithms.hostKeyTypes
        let first = try await probe(types, registry)
        var keys = [first.key]
        for type in types where type != first.key.type {
            let algorithms = HostKeyPin.signatureAlgorithms[type] ?? []
            guard !Set(algorithms).isDisjoint(with: first.offered) else { continue }
            keys.append(try await probe([type], registry).key)
        }
        return keys.sorted { left, right in
            (types.firstIndex(of: left.type) ?? 0) < (types.firstIndex(of: right.type) ?? 0)
        }
    }

    private func probe(_ types: [String], _ registry: GatewayRegistry) async throws -> HostKeyProbe.Finding {
        let promise = loop.makePromise(of: HostKeyProbe.Finding.self)
        let algorithms = types.flatMap { HostKeyPin.signatureAlgorithms[$0] ?? [] }
        loop.execute { start(algorithms, registry, promise) }
        return try await promise.futureResult.get()
    }

    private func start(
        _ algorithms: [String], _ registry: GatewayRegistry, _ promise: EventLoopPromise<HostKeyProbe.Finding>
    ) {
        let links = LinkMaker(loop: loop, registry: registry)
        let (configuration, loop) = (configuration, loop)
        links.resolve(configuration).assumeIsolated().whenComplete { result in
            switch result {
            case .failure(let error): promise.fail(error)
            case .success(let addresses):
                links.make(configuration, addresses: addresses) { result in
                    Self.run(algorithms, result, promise, on: loop)
                }
            }
        }
    }

    private static func run(
        _ algorithms: [String], _ result: Result<Link, any Error>, _ promise: EventLoopPromise<HostKeyProbe.Finding>,
        on loop: any EventLoop
    ) {
        do {
            let link = try result.get()
            let probe = try HostKeyProbe(algorithms: algorithms, promise: promise)
            let timer = LoopTimer(loop)
            let seconds = deadline.nanoseconds / 1_000_000_000
            timer.set(in: deadline) { probe.fail(Cause(.timeout, "no host key within \(seconds) s")) }
            promise.futureResult.assumeIsolated().whenComplete { _ in timer.cancel() }
            do {
                try probe.start(on: link.channel)
            } catch {
                probe.fail(Cause(.connect, "the connection ended at once: \(describe(error))"))
            }
        } catch {
            promise.fail(error as? Cause ?? Cause(.internal, .bug, describe(error)))
        }
    }

    // MARK: - Gateways on the way

    /// Starts what the route goes through, the first one first.
    private func startJumps(_ registry: GatewayRegistry) async throws -> [Gateway] {
        var started: [Gateway] = []
        for configuration in try chain().reversed() {
            let gateway = Gateway(
                configuration: configuration, eventLoop: loop, registry: registry, logger: logger, stateDidChange: {})
            await gateway.start()
            started.append(gateway)
            if let trouble = await trouble(of: configuration.name, registry) {
                for gateway in started { await gateway.stop(drain: .zero) }
                throw GatewayRegistry.cause(configuration.name, trouble)
            }
        }
        return started
    }

    private func chain() throws -> [GatewayConfiguration] {
        var chain: [GatewayConfiguration] = []
        var next = configuration.route
        while case .via(let name) = next {
            guard var jump = gateways[name], chain.count < gateways.count else {
                throw Cause(.jump, .needsOperator, "there is no gateway \(name) to go through")
            }
            jump.forwards = []
            chain.append(jump)
            next = jump.route
        }
        return chain
    }

    /// `nil` when it is up in time.
    private func trouble(of name: String, _ registry: GatewayRegistry) async -> String? {
        let promise = loop.makePromise(of: Bool.self)
        registry.whenUp(name, for: ObjectIdentifier(registry)) { promise.succeed(true) }
        let timeout = loop.scheduleTask(in: Self.deadline) { promise.succeed(false) }
        let isUp = try? await promise.futureResult.get()
        timeout.cancel()
        return isUp == true ? nil : registry.trouble(of: name) ?? "did not come up"
    }
}
