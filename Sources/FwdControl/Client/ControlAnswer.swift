import AsyncHTTPClient
import Foundation
import NIOCore

/// From what came back, or did not, to a value or an error that can be shown.
enum ControlAnswer {
    static func url(socket: String, uri: String) throws -> String {
        guard let url = URL(httpURLWithSocketPath: socket, uri: uri) else {
            throw ControlError(.badRequest, "\"\(socket)\" is not the path of a socket")
        }
        return url.absoluteString
    }

    static func decode<Reply: Decodable>(status: UInt, body: ByteBuffer) throws -> Reply {
        let data = Data(body.readableBytesView)
        if (200..<300).contains(status) { return try ControlJSON.decode(Reply.self, from: data) }
        if let error = try? ControlJSON.decode(ControlError.self, from: data) { throw error }
        throw ControlError(.badAnswer, "the supervisor answered with HTTP status \(status)")
    }

    static func error(for error: any Error, path: String) -> ControlError {
        switch error {
        case let error as ControlError: error
        case let error as IOError: connectionError(error.errnoCode, path: path)
        case is DecodingError:
            ControlError(.badAnswer, "the supervisor at \(path) speaks another version of the control protocol")
        case let error as HTTPClientError where timeouts.contains(error):
            ControlError(.timeout, "the supervisor at \(path) does not answer")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            ControlError(.shuttingDown, "the supervisor at \(path) went away before it answered")
        case SocketAddressError.unixDomainSocketPathTooLong:
            ControlError(.badRequest, "the path of the control socket is too long: \(path)")
        default: ControlError(.internal, "cannot talk to the supervisor at \(path): \(error)")
        }
    }

    private static let timeouts: [HTTPClientError] = [.deadlineExceeded, .connectTimeout, .readTimeout]

    private static func connectionError(_ code: Int32, path: String) -> ControlError {
        switch code {
        case ENOENT, ECONNREFUSED, ENOTDIR:
            ControlError(.noSupervisor, "no supervisor runs at \(path); start it with fwd run")
        case EACCES, EPERM:
            ControlError(.permission, "you may not use the control socket \(path): \(systemMessage(code))")
        case ECONNRESET, EPIPE:
            ControlError(.shuttingDown, "the supervisor at \(path) went away before it answered")
        default: ControlError(.internal, "cannot talk to the supervisor at \(path): \(systemMessage(code))")
        }
    }
}
