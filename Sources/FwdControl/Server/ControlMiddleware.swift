import Hummingbird
import Logging

/// Turns everything that is thrown into the protocol's JSON errors.
struct ControlErrorMiddleware: RouterMiddleware {
    typealias Context = ControlContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return JSONAnswer.make(thrown: error, for: request)
        }
    }
}

/// Lets only the owner of the supervisor and root in, whatever the modes of the socket and its directory say.
struct PeerCheckMiddleware: RouterMiddleware {
    typealias Context = ControlContext

    let owner: UInt32
    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let peer = try await PeerCredentials.read(from: context.channel)
        if let refusal = peer.refusal(owner: owner) {
            logger.warning(
                "a control request was refused", metadata: .keys([.pid: "\(peer.pid)", .uid: "\(peer.uid)"]))
            throw refusal
        }
        return try await next(request, context)
    }
}

/// Reads a body away, up to the bound, so that no request can make us hold more.
struct BoundedBodyMiddleware: RouterMiddleware {
    typealias Context = ControlContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var request = request
        if request.method != .get { try await Self.read(&request) }
        return try await next(request, context)
    }

    /// - Throws: `badRequest` for a body that breaks off or is no HTTP, which is the client's fault, not ours.
    private static func read(_ request: inout Request) async throws {
        do {
            _ = try await request.collectBody(upTo: ControlLimits.requestBytes)
        } catch let error as any HTTPResponseError {
            throw error
        } catch {
            throw ControlError(.badRequest, "the body of the request cannot be read: \(error)")
        }
    }
}
