import Foundation
import Synchronization

/// The service manager's end of `$NOTIFY_SOCKET`, with its store of descriptors: sd_pid_notify_with_fds(3).
///
/// It has no thread: what has come is read when somebody asks.
public final class NotifyReceiver: Sendable {
    private struct State {
        var messages: [String] = []
        var stored: [(name: String, descriptor: CInt)] = []
    }

    /// As in `$NOTIFY_SOCKET`.
    public let path: String
    private let socket: CInt
    private let state = Mutex(State())

    /// - Parameter path: of a file that is made, or `@` and an abstract name.
    public init(path: String) throws {
        self.path = path
        socket = Foundation.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isAbstract = path.hasPrefix("@")
        let name = isAbstract ? [0] + Array(path.utf8.dropFirst()) : Array(path.utf8) + [0]
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, length) }
        }
        guard result == 0 else { throw TestSupportError("cannot bind \(path): \(errorText(errno))") }
    }

    deinit {
        close(socket)
        for (_, descriptor) in state.withLock({ $0.stored }) { close(descriptor) }
    }

    /// Every message so far.
    public var messages: [String] {
        receiveAll()
        return state.withLock { $0.messages }
    }

    /// Those that speak of `field`, as `STATUS`.
    public func messages(with field: String) -> [String] {
        messages.filter { $0.split(separator: "\n").contains { $0.hasPrefix("\(field)=") } }
    }

    /// What the last `field=` said.
    public func last(_ field: String) -> String? {
        messages.joined(separator: "\n").split(separator: "\n").last { $0.hasPrefix("\(field)=") }
            .map { String($0.dropFirst(field.count + 1)) }
    }

    /// What is in the store, in the order of coming. The descriptors stay the receiver's.
    public var stored: [(name: String, descriptor: CInt)] {
        receiveAll()
        return state.withLock { $0.stored }
    }

    private func receiveAll() {
        state.withLock { state in
            while let (message, descriptor) = receive() {
                state.messages.append(message)
                let fields = Dictionary(
                    message.split(separator: "\n").map { line in
                        let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
                        return (parts[0], parts.count > 1 ? parts[1] : "")
                    }, uniquingKeysWith: { _, last in last })
                let name = fields["FDNAME"] ?? "stored"
                if let descriptor { state.stored.append((name, descriptor)) }
                if fields["FDSTOREREMOVE"] == "1" {
                    for entry in state.stored where entry.name == name { close(entry.descriptor) }
                    state.stored.removeAll { $0.name == name }
                }
            }
        }
    }

    private func receive() -> (message: String, descriptor: CInt?)? {
        var message = [UInt8](repeating: 0, count: 4096)
        // One `struct cmsghdr` with one descriptor; its length comes first, then level and type.
        var control = [UInt8](repeating: 0, count: 64)
        var received = 0
        let count = message.withUnsafeMutableBytes { message in
            control.withUnsafeMutableBytes { control in
                var vector = iovec(iov_base: message.baseAddress, iov_len: message.count)
                return withUnsafeMutablePointer(to: &vector) { vector in
                    var header = msghdr()
                    header.msg_iov = vector
                    header.msg_iovlen = 1
                    header.msg_control = control.baseAddress
                    header.msg_controllen = .init(control.count)
                    let flags = CInt(MSG_DONTWAIT) | CInt(MSG_CMSG_CLOEXEC)
                    let count = recvmsg(socket, &header, flags)
                    received = Int(header.msg_controllen)
                    return count
                }
            }
        }
        guard count >= 0 else { return nil }
        let header = MemoryLayout<Int>.size + 2 * MemoryLayout<CInt>.size
        let descriptor: CInt? =
            received < header + MemoryLayout<CInt>.size
            ? nil : control.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: header, as: CInt.self) }
        return (String(decoding: message.prefix(count), as: UTF8.self), descriptor)
    }
}
