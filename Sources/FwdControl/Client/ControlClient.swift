import AsyncHTTPClient
import FwdCore
import NIOCore
import NIOHTTP1

/// Talks to the supervisor behind one control socket.
///
/// Every call opens what it needs and fails with a `ControlError` whose message can be shown as it is.
public struct ControlClient: Sendable {
    public let path: String
    private let http: HTTPClient

    /// Runs `body` with a client for the socket at `path` (absolute) and closes its connections afterwards.
    public static func with<Value>(path: String, _ body: (ControlClient) async throws -> Value) async throws -> Value {
        var configuration = HTTPClient.Configuration()
        // Nobody listens: that is the answer, at once, not something to try again.
        configuration.connectionPool.retryConnectionEstablishment = false
        return try await HTTPClient.withHTTPClient(configuration: configuration) { http in
            try await body(ControlClient(path: path, http: http))
        }
    }

    /// - Parameter patience: how long a supervisor may take that does not answer at once.
    public func status(patience: Duration = Self.patience) async throws(ControlError) -> StatusSnapshot {
        try await call(.status, patience: patience)
    }

    public func reload() async throws(ControlError) -> ReloadReply {
        try await call(.reload, timeout: .seconds(60))
    }

    public func plan(patience: Duration = .seconds(60) + Self.patience) async throws(ControlError) -> ReloadReply {
        try await call(.plan, patience: patience)
    }

    /// - Parameter gateway: `nil` for all.
    public func history(gateway: String?) async throws(ControlError) -> HistoryReply {
        guard let gateway else { return try await call(.history) }
        return try await call(.gatewayHistory, gateway: gateway)
    }

    /// - Parameter gateway: `nil` for all.
    public func retry(gateway: String?) async throws(ControlError) -> RetryReply {
        guard let gateway else { return try await call(.retryAll) }
        return try await call(.retry, gateway: gateway)
    }

    /// Waits until the gateway is up with all its forwards told, or has a cause for not being up.
    public func settled(gateway: String, timeout: Duration) async throws(ControlError) -> SettledReply {
        try await call(.gatewaySettled, gateway: gateway, query: "?timeout=\(timeout.inSeconds)", timeout: timeout)
    }

    /// Waits until the forward is up, or has a cause for not being up.
    public func settled(forward: ForwardID, timeout: Duration) async throws(ControlError) -> SettledReply {
        try await call(
            .forwardSettled, gateway: forward.gateway, forward: forward.forward,
            query: "?timeout=\(timeout.inSeconds)", timeout: timeout)
    }

    /// Our choice, for the way there and back.
    public static let patience = Duration.seconds(10)

    /// - Parameter timeout: what the supervisor may take by contract; `patience` is added for the way.
    private func call<Reply: Decodable>(
        _ route: ControlRoute, gateway: String = "", forward: String = "", query: String = "",
        timeout: Duration = .zero, patience: Duration = Self.patience
    ) async throws(ControlError) -> Reply {
        let uri = route.path(gateway: gateway, forward: forward) + query
        do {
            let request = try HTTPClientRequest(route: route, socket: path, uri: uri)
            let allowed = TimeAmount(timeout + patience)
            let response = try await http.execute(request, timeout: allowed)
            let body = try await response.body.collect(upTo: ControlLimits.replyBytes)
            return try ControlAnswer.decode(status: response.status.code, body: body)
        } catch {
            throw ControlAnswer.error(for: error, path: path)
        }
    }
}

extension HTTPClientRequest {
    fileprivate init(route: ControlRoute, socket: String, uri: String) throws {
        self.init(url: try ControlAnswer.url(socket: socket, uri: uri))
        method = route.method == .get ? .GET : .POST
        // A verb makes few calls: a connection for each costs nothing, and none can be closed under the next call.
        headers.replaceOrAdd(name: "Connection", value: "close")
    }
}
