import Hummingbird
import Logging

/// Every route of `ControlRoute`, answered from a backend.
struct ControlRouter {
    let backend: any ControlBackend
    let owner: UInt32
    let logger: Logger

    func build() -> Router<ControlContext> {
        let router = Router(context: ControlContext.self)
        router.add(middleware: ControlErrorMiddleware())
        router.add(middleware: PeerCheckMiddleware(owner: owner, logger: logger))
        router.add(middleware: BoundedBodyMiddleware())
        for route in ControlRoute.allCases {
            router.on(RouterPath(route.template), method: route.method.http) { request, context in
                try await answer(route, request, context)
            }
        }
        return router
    }

    func answer(_ route: ControlRoute, _ request: Request, _ context: ControlContext) async throws -> Response {
        switch route {
        case .status:
            return JSONAnswer.make(await backend.snapshot())
        case .plan:
            return JSONAnswer.make(try await backend.plan())
        case .history:
            return JSONAnswer.make(try await backend.history(gateway: nil))
        case .gatewayHistory:
            return JSONAnswer.make(try await backend.history(gateway: context.parameters.get("gateway") ?? ""))
        case .reload:
            return JSONAnswer.make(try await backend.reload())
        case .retryAll:
            return JSONAnswer.make(try await backend.retry(gateway: nil))
        case .retry:
            return JSONAnswer.make(try await backend.retry(gateway: context.parameters.get("gateway") ?? ""))
        case .gatewaySettled, .forwardSettled:
            return try await settled(request, context)
        }
    }

    /// Ends early when the client goes away.
    private func settled(_ request: Request, _ context: ControlContext) async throws -> Response {
        let (settlement, timeout) = try Self.settlement(request, context)
        do {
            return try await request.body.consumeWithCancellationOnInboundClose { _ in
                JSONAnswer.make(try await settlement.wait(for: timeout, in: backend))
            }
        } catch is CancellationError {
            // Who has closed only its own direction still reads this.
            throw ControlError(.badRequest, "the client closed the connection before the outcome was known")
        }
    }

    /// What is to be waited for, and how long.
    static func settlement(
        _ request: Request, _ context: ControlContext
    ) throws(ControlError) -> (Settlement, Duration) {
        let timeout = try timeout(request.uri.queryParameters.get("timeout"))
        let settlement = Settlement(
            gateway: context.parameters.get("gateway") ?? "", forward: context.parameters.get("forward"))
        return (settlement, timeout)
    }

    /// The value of `timeout`, in seconds.
    static func timeout(_ text: String?) throws(ControlError) -> Duration {
        guard let text else { return .seconds(ControlLimits.defaultSettledSeconds) }
        guard let seconds = Double(text), ControlLimits.settledSeconds.contains(seconds) else {
            let bounds = ControlLimits.settledSeconds
            throw ControlError(
                .badRequest,
                "timeout must be \(Int(bounds.lowerBound)) to \(Int(bounds.upperBound)) seconds, not \"\(text)\"")
        }
        return .seconds(seconds)
    }
}

extension ControlRoute.Method {
    var http: HTTPRequest.Method {
        switch self {
        case .get: .get
        case .post: .post
        }
    }
}
