import Dispatch
import Foundation
import Synchronization

/// Sends datagrams, with a descriptor where wanted, to the service manager's `$NOTIFY_SOCKET`:
/// sd_pid_notify_with_fds(3).
///
/// For all threads. Messages go out in the order of the calls on a queue of their own, so that a manager that is slow
/// never holds up an event loop; `flush` waits for them.
final class NotifySocket: Sendable {
    /// Our choice: a manager that takes nothing for so long loses the message.
    private static let patience = 5

    private let address: [UInt8]
    private let descriptor: CInt
    private let queue = DispatchQueue(label: "fwd.notify")
    private let failed: @Sendable (String) -> Void

    /// - Parameters:
    ///   - path: as in `$NOTIFY_SOCKET`: absolute, or `@` and a name for an abstract one; else there is none to talk to.
    ///   - failed: told why a message was lost, on the queue.
    init?(path: String, failed: @escaping @Sendable (String) -> Void) {
        guard let address = Self.address(path) else { return nil }
        self.address = address
        self.failed = failed
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { return nil }
        var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// - Parameter attachment: stays the caller's; what is sent is a copy.
    func send(_ message: String, attaching attachment: CInt? = nil) {
        let copy = attachment.map { fcntl($0, F_DUPFD_CLOEXEC, 0) }
        if let copy, copy < 0 { return failed(String(cString: strerror(errno))) }
        queue.async { [self] in
            let result = transmit(Array(message.utf8), copy)
            if let copy { close(copy) }
            if let result { failed(String(cString: strerror(result))) }
        }
    }

    func flush() {
        queue.sync {}
    }

    /// `struct sockaddr_un`, as long as its path needs.
    private static func address(_ path: String) -> [UInt8]? {
        var name = Array(path.utf8)
        guard let first = name.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), name.count > 1 else {
            return nil
        }
        if first == UInt8(ascii: "@") { name[0] = 0 } else { name.append(0) }
        guard name.count <= MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { return nil }
        return withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + name
    }

    /// - Returns: an error's number.
    private func transmit(_ message: [UInt8], _ attachment: CInt?) -> CInt? {
        var (address, message, control) = (address, message, attachment.map(Self.control) ?? [])
        return address.withUnsafeMutableBytes { address in
            message.withUnsafeMutableBytes { message in
                control.withUnsafeMutableBytes { control in
                    var vector = iovec(iov_base: message.baseAddress, iov_len: message.count)
                    return withUnsafeMutablePointer(to: &vector) { vector in
                        var header = msghdr()
                        header.msg_name = address.baseAddress
                        header.msg_namelen = socklen_t(address.count)
                        header.msg_iov = vector
                        header.msg_iovlen = 1
                        header.msg_control = control.isEmpty ? nil : control.baseAddress
                        header.msg_controllen = .init(control.count)
                        return transmit(&header)
                    }
                }
            }
        }
    }

    private func transmit(_ header: inout msghdr) -> CInt? {
        while sendmsg(descriptor, &header, CInt(MSG_NOSIGNAL)) < 0 {
            if errno != EINTR { return errno }
        }
        return nil
    }

    /// `struct cmsghdr` with one descriptor, SCM_RIGHTS; unix(7). The macros of cmsg(3) do not exist in Swift.
    private static func control(_ attachment: CInt) -> [UInt8] {
        let word = MemoryLayout<Int>.size
        let header = (MemoryLayout<Int>.size + 2 * MemoryLayout<CInt>.size + word - 1) / word * word
        let used = header + MemoryLayout<CInt>.size
        var bytes = [UInt8]()
        withUnsafeBytes(of: used) { bytes += $0 }
        for value in [SOL_SOCKET, CInt(0x01)] { withUnsafeBytes(of: value) { bytes += $0 } }
        bytes += [UInt8](repeating: 0, count: header - bytes.count)
        withUnsafeBytes(of: attachment) { bytes += $0 }
        return bytes + [UInt8](repeating: 0, count: (word - used % word) % word)
    }
}
