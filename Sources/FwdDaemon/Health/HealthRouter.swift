import FwdControl
import FwdCore
import Hummingbird

/// Every route of `HealthRoute`, answered from one snapshot each. Read-only.
struct HealthRouter {
    let snapshot: @Sendable () async -> StatusSnapshot
    let feed: StatusFeed
    /// Whether it listens on loopback alone.
    let isLocal: Bool

    func build() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: HealthMiddleware(isLocal: isLocal))
        for route in HealthRoute.allCases {
            router.get(RouterPath(route.rawValue)) { _, context in
                try await answer(route, context)
            }
        }
        return router
    }

    private func answer(_ route: HealthRoute, _ context: BasicRequestContext) async throws -> Response {
        switch route {
        case .live:
            // Nothing is asked: this says that the process works, not that a gateway does.
            return JSONAnswer.make(Liveness())
        case .ready, .health:
            return Self.answer(Readiness(of: await snapshot()))
        case .readyGateway:
            return try await readiness(ofGateway: context)
        case .readyForward:
            return try await readiness(ofForward: context)
        case .metrics:
            return Self.answer(metrics: Metrics.render(await snapshot()))
        case .status:
            return JSONAnswer.make(await snapshot())
        case .page:
            return StatusPage.standard.response
        case .events:
            return await events()
        }
    }

    private func readiness(ofGateway context: BasicRequestContext) async throws -> Response {
        let name = context.parameters.get("gateway") ?? ""
        guard let readiness = Readiness(of: name, in: await snapshot()) else {
            throw ControlError(.notFound, "no gateway \"\(name)\"")
        }
        return Self.answer(readiness)
    }

    private func readiness(ofForward context: BasicRequestContext) async throws -> Response {
        let id = ForwardID(
            gateway: context.parameters.get("gateway") ?? "", forward: context.parameters.get("forward") ?? "")
        guard let readiness = Readiness(of: id, in: await snapshot()) else {
            throw ControlError(.notFound, "no forward \"\(id)\"")
        }
        return Self.answer(readiness)
    }

    private func events() async -> Response {
        guard let messages = await feed.open() else {
            return Response(
                status: .serviceUnavailable, headers: [.contentType: "text/plain", .retryAfter: "30"],
                body: ResponseBody(
                    byteBuffer: ByteBuffer(string: "\(StatusFeed.Policy.pages) status pages are open already\n")))
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody(asyncSequence: messages))
    }

    private static func answer(_ readiness: Readiness) -> Response {
        JSONAnswer.make(readiness, status: readiness.ready ? .ok : .serviceUnavailable)
    }

    private static func answer(metrics: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: MetricsText.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: metrics)))
    }
}

struct Liveness: Codable {
    var alive = true
}

/// Refuses every method but GET, and names that a page from elsewhere may have given to this machine; turns everything
/// that is thrown into JSON.
struct HealthMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    let isLocal: Bool

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.method == .get else {
            var response = JSONAnswer.make(ControlError(.badRequest, "only GET is possible here"))
            response.status = .methodNotAllowed
            response.headers[.allow] = "GET"
            return response
        }
        guard !isLocal || HostHeader(request.head.authority).isOwn else { return JSONAnswer.make(HostHeader.refusal) }
        do {
            return try await next(request, context)
        } catch {
            return JSONAnswer.make(thrown: error, for: request)
        }
    }
}
