import Hummingbird

/// Answers with JSON.
package struct JSONAnswer {
    /// A value as the body; a value that cannot be encoded becomes a 500.
    package static func make(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        do {
            let body = try ControlJSON.buffer(value)
            return Response(
                status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: body))
        } catch {
            return Response(status: .internalServerError)
        }
    }

    /// An error as the body, with the HTTP status that belongs to its code.
    package static func make(_ error: ControlError) -> Response {
        make(error, status: status(of: error.code))
    }

    /// Anything that was thrown while answering.
    package static func make(thrown error: any Error, for request: Request) -> Response {
        if let error = error as? ControlError { return make(error) }
        guard let error = error as? any HTTPResponseError else {
            return make(ControlError(.internal, "\(error)"))
        }
        switch error.status {
        case .notFound:
            return make(ControlError(.notFound, "no route \(request.method.rawValue) \(request.uri.path)"))
        case .contentTooLarge: return make(ControlError(.tooLarge, "the body of the request is too long"))
        default:
            return make(ControlError(.badRequest, error.status.reasonPhrase), status: error.status)
        }
    }

    private static func status(of code: ControlError.Code) -> HTTPResponse.Status {
        switch code {
        case .badRequest: .badRequest
        case .tooLarge: .contentTooLarge
        case .notFound: .notFound
        case .permission: .forbidden
        case .shuttingDown: .serviceUnavailable
        case .timeout: .gatewayTimeout
        default: .internalServerError
        }
    }
}
