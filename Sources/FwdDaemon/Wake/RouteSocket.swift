import Foundation

/// A socket on which the kernel tells of every change of links, addresses and routes (rtnetlink(7)).
enum RouteSocket {
    /// From the specification: RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR,
    /// RTMGRP_IPV6_ROUTE of linux/rtnetlink.h. Neighbours are not among them: they come and go all the time.
    private static let groups: UInt32 = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
    /// Our choice; the kernel's datagrams are a page or two.
    private static let datagramSize = 64 * 1024

    /// - Parameter take: called on a queue of its own, one input at a time, until the watch is closed.
    /// - Throws: why there is none, in a few words.
    static func watch(take: @escaping @Sendable (NetworkWatch.Input) -> Void) throws(DaemonError) -> DescriptorWatch {
        DescriptorWatch(try open(), label: "fwd.network") { read($0, take) }
    }

    private static func open() throws(DaemonError) -> CInt {
        let type = CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_NETLINK, type, 0)
        guard descriptor >= 0 else { throw failure() }
        var address = NetlinkAddress(groups: groups)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, NetlinkAddress.length)
            }
        }
        guard result == 0 else {
            let failure = failure()
            Foundation.close(descriptor)
            throw failure
        }
        return descriptor
    }

    private static func failure() -> DaemonError {
        DaemonError(.network, String(cString: strerror(errno)))
    }

    /// Reads until there is no more.
    private static func read(_ descriptor: CInt, _ take: (NetworkWatch.Input) -> Void) {
        while true {
            var sender = NetlinkAddress(groups: 0)
            var count = 0
            let datagram = [UInt8](unsafeUninitializedCapacity: datagramSize) { buffer, size in
                count = receive(descriptor, buffer, &sender)
                size = max(count, 0)
            }
            if count > 0 {
                // Other processes can send here too; only the kernel is number 0.
                if sender.port == 0 { take(.datagram(datagram)) }
            } else if errno == ENOBUFS {
                take(.overrun)
            } else if errno != EINTR {
                return
            }
        }
    }

    private static func receive(
        _ descriptor: CInt, _ buffer: UnsafeMutableBufferPointer<UInt8>, _ sender: inout NetlinkAddress
    ) -> Int {
        var length = NetlinkAddress.length
        return withUnsafeMutablePointer(to: &sender) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(descriptor, buffer.baseAddress, buffer.count, 0, $0, &length)
            }
        }
    }
}

/// `struct sockaddr_nl` of linux/netlink.h, which Swift's Glibc does not have.
private struct NetlinkAddress {
    static let length = socklen_t(12)

    var family = sa_family_t(AF_NETLINK)
    var padding: UInt16 = 0
    /// 0 is the kernel; in bind(2): whatever is free.
    var port: UInt32 = 0
    var groups: UInt32
    /// As long as a `sockaddr`.
    var rest: UInt32 = 0

    init(groups: UInt32) {
        self.groups = groups
    }
}
