import BenchSystem
import CBench
import Foundation

/// Two network namespaces with a line between them: the near one for forwarders and clients, the far one for sshd and
/// the target.
///
/// A line of packets, made in user space: each end keeps its own TCP, which sees real round trips and real congestion.
/// Segments travel in packets of up to 64 KiB, as with the offloads of a network card, and count as the frames that
/// they would be on an Ethernet wire. Needs root.
public final class DelayLine: Sendable {
    public let near: Place
    public let far: Place
    public let conditions: LineConditions
    public let nearHost = "198.18.0.1"
    public let farHost = "198.18.0.2"

    private let names: (near: String, far: String)
    private let pump: LinePump
    private let thread: Worker<Void>

    /// Why there can be none here; `nil` where there can.
    public static var obstacle: String? {
        guard geteuid() == 0 else { return "a delay line needs root" }
        guard (try? ChildProcess.find("ip")) != nil else { return "a delay line needs ip (iproute2)" }
        guard access("/dev/net/tun", R_OK | W_OK) == 0 else { return "a delay line needs /dev/net/tun" }
        return nil
    }

    public init(_ conditions: LineConditions) throws {
        self.conditions = conditions
        let mark = "fwdbench-\(getpid())-\(Moment.now.nanoseconds % 1_000_000)"
        names = (near: "\(mark)-near", far: "\(mark)-far")
        (near, far) = (.namespace(names.near), .namespace(names.far))
        let ends = [(names.near, nearHost), (names.far, farHost)]
        do {
            let devices = try ends.map { try Self.makeEnd(name: $0.0, address: $0.1) }
            pump = LinePump(devices: (devices[0], devices[1]), conditions: conditions)
        } catch {
            for (name, _) in ends { Self.deleteNamespace(name) }
            throw error
        }
        let pump = pump
        thread = Worker.start { pump.run() }
    }

    /// Packets that found the queue full, or that the kernel did not take.
    public var lost: Int { pump.lost }

    public func stop() {
        pump.stop()
        _ = try? thread.result()
        Self.deleteNamespace(names.near)
        Self.deleteNamespace(names.far)
    }

    private static func makeEnd(name: String, address: String) throws -> CInt {
        try ip("netns add \(name)")
        Leftovers.shared.add(namespace: name)
        let device = "line0"
        let descriptor = try Place.namespace(name).run {
            for (path, value) in kernelSettings { try write(value, to: "/proc/sys/net/\(path)") }
            return bench_open_tun(device)
        }
        guard descriptor >= 0 else { throw BenchError.call("make a TUN device", -descriptor) }
        try ip("-n \(name) address add \(address)/30 dev \(device)")
        try ip("-n \(name) link set \(device) mtu 1500 txqueuelen 10000 up")
        try ip("-n \(name) link set lo up")
        return descriptor
    }

    /// Buffers that let TCP fill 100 ms at 1 Gbit/s, and no memory of earlier connections' paths.
    public static let kernelSettings = [
        "ipv4/tcp_rmem": "4096 131072 67108864", "ipv4/tcp_wmem": "4096 65536 67108864",
        "ipv4/tcp_no_metrics_save": "1",
    ]

    /// That of the machine: a namespace may not choose every other one.
    public static var congestionControl: String {
        (readTextFile("/proc/sys/net/ipv4/tcp_congestion_control") ?? "unknown").filter { !$0.isWhitespace }
    }

    private static func write(_ value: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw BenchError.call("open \(path)") }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, value, value.utf8.count) == value.utf8.count else {
            throw BenchError.call("write \(path)")
        }
    }

    private static func deleteNamespace(_ name: String) {
        guard access("/run/netns/\(name)", F_OK) == 0 else { return }
        try? ip("netns delete \(name)")
        Leftovers.shared.remove(namespace: name)
    }

    private static func ip(_ arguments: String) throws {
        _ = try ChildProcess.output(["ip"] + arguments.split(separator: " ").map(String.init))
    }
}
