import FwdCore
import FwdTestSupport
import FwdTunnel
import Glibc
import Logging
import NIOCore
import NIOPosix

/// A gateway of ours on an event loop of its own, stopped at the end of the test.
struct GatewayFixture {
    let gateway: Gateway

    /// Runs `body` with a started gateway. Its log goes to standard error where `FWD_TEST_LOG` is set.
    @discardableResult
    static func with<Result>(
        _ configuration: GatewayConfiguration, registry: GatewayRegistry = GatewayRegistry(),
        budget: ConnectionBudget = ConnectionBudget(), listeners: (any ListenerStore)? = nil,
        on loop: (any EventLoop)? = nil,
        isolation: isolated (any Actor)? = #isolation, _ body: (GatewayFixture) async throws -> Result
    ) async throws -> Result {
        var logger = Logger(label: "test") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = ProcessEnvironment.logs ? .trace : .critical
        let gateway = Gateway(
            configuration: configuration, eventLoop: loop ?? MultiThreadedEventLoopGroup.singleton.next(),
            registry: registry, budget: budget, listeners: listeners,
            logger: logger, stateDidChange: {})
        await gateway.start()
        do {
            let result = try await body(GatewayFixture(gateway: gateway))
            await gateway.stop(drain: .zero)
            return result
        } catch {
            let status = await gateway.status()
            await gateway.stop(drain: .zero)
            throw GatewayTestFailure(cause: error, status: status)
        }
    }

    var status: GatewayStatus {
        get async { await gateway.status() }
    }

    @discardableResult
    func waitUntil(_ state: GatewayState, within deadline: Duration = .seconds(30)) async throws -> GatewayStatus {
        try await eventually(within: deadline, "the gateway is \(state)") {
            let status = await gateway.status()
            return status.state == state ? status : nil
        }
    }

    @discardableResult
    func waitUntil(
        _ name: String, is state: ForwardState, within deadline: Duration = .seconds(30)
    ) async throws -> ForwardStatus {
        try await eventually(within: deadline, "\(name) is \(state)") {
            let status = await gateway.status().forwards.first { $0.name == name }
            return status?.state == state ? status : nil
        }
    }

    func forward(_ name: String) async throws -> ForwardStatus {
        try await eventually("there is a forward \(name)") {
            await gateway.status().forwards.first { $0.name == name }
        }
    }
}

struct GatewayTestFailure: Error, CustomStringConvertible {
    let cause: any Error
    let status: GatewayStatus

    var description: String {
        let forwards = status.forwards.map { "\($0.name) \($0.state): \($0.lastError?.cause.message ?? "no error")" }
        return "\(cause)\nthe gateway was \(status.state): \(status.lastError?.cause.message ?? "no error")"
            + forwards.map { "\n\($0)" }.joined()
    }
}

enum ProcessEnvironment {
    static let logs = getenv("FWD_TEST_LOG") != nil
}

extension ForwardConfiguration {
    /// `-L` from a free port to a target on 127.0.0.1.
    static func local(_ name: String = "l", port: UInt16, to target: UInt16) -> ForwardConfiguration {
        ForwardConfiguration(
            name: name,
            spec: ForwardSpec(
                kind: .local, listen: .init(address: .loopback, port: port),
                target: .init(host: "127.0.0.1", port: target)))
    }

    /// `-R` from a port at the far side (0: it chooses) to a target on 127.0.0.1.
    static func remote(_ name: String = "r", port: UInt16 = 0, to target: UInt16) -> ForwardConfiguration {
        ForwardConfiguration(
            name: name,
            spec: ForwardSpec(
                kind: .remote, listen: .init(address: .loopback, port: port),
                target: .init(host: "127.0.0.1", port: target)))
    }
}
