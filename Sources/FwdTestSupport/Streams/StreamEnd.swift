import Foundation
import NIOCore

/// How a stream of bytes came to its end, as seen by the reader.
public enum StreamEnd: Equatable, Sendable {
    /// The peer has sent everything and said so (FIN).
    case eof
    /// The connection broke; the errno tells how (ECONNRESET for RST).
    case reset(CInt)
    /// Neither bytes nor an end came within the deadline.
    case timeout
}

/// What one read gives.
public enum StreamRead: Equatable, Sendable {
    case bytes(ByteBuffer)
    case end(StreamEnd)
}

/// A connection could not be made, or it would not take what was to be sent.
public struct StreamFailure: Error, Equatable, Sendable, CustomStringConvertible {
    public let what: String
    public let end: StreamEnd

    public init(_ what: String, _ end: StreamEnd) {
        self.what = what
        self.end = end
    }

    public var description: String {
        switch end {
        case .eof: "\(what): the stream is closed"
        case .reset(let code): "\(what): \(String(cString: strerror(code)))"
        case .timeout: "\(what): the deadline has passed"
        }
    }
}
