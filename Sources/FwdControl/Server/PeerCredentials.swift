import Foundation
import NIOCore

/// Who is at the other end of a Unix socket: `struct ucred` of unix(7), option `SO_PEERCRED`.
///
/// The layout is the kernel's; the value is read straight into it.
struct PeerCredentials: Equatable, Sendable {
    var pid: Int32
    var uid: UInt32
    var gid: UInt32

    /// Reads them from an accepted Unix socket. The kernel noted them at connect(2); the peer cannot forge them.
    static func read(from channel: any Channel) async throws -> PeerCredentials {
        guard let provider = channel as? any SocketOptionProvider else {
            throw ControlError(.internal, "this channel cannot tell who is at its other end")
        }
        return try await provider.unsafeGetSocketOption(level: .socket, name: .init(rawValue: SO_PEERCRED)).get()
    }

    /// `nil` if this peer may control a supervisor that runs as `owner`: the same user, or root.
    func refusal(owner: UInt32) -> ControlError? {
        if uid == owner || uid == 0 { return nil }
        return ControlError(.permission, "user \(uid) may not control the supervisor of user \(owner)")
    }
}
