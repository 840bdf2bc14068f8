import BenchSystem
import CBench
import Foundation
import Synchronization

/// Carries packets between two TUN devices, as the line would. One thread runs it.
final class LinePump: Sendable {
    private let devices: (CInt, CInt)
    private let conditions: LineConditions
    private let isStopped = Atomic(false)
    /// Packets that the queue had no room for, or the kernel did not take.
    private let lostCount = Atomic(0)

    /// Takes the descriptors over.
    init(devices: (CInt, CInt), conditions: LineConditions) {
        (self.devices, self.conditions) = (devices, conditions)
    }

    deinit {
        close(devices.0)
        close(devices.1)
    }

    var lost: Int { lostCount.load(ordering: .relaxed) }

    func stop() { isStopped.store(true, ordering: .releasing) }

    /// Until `stop`.
    func run() {
        bench_precise_timers()
        var there = LineDirection(from: devices.0, to: devices.1, conditions)
        var back = LineDirection(from: devices.1, to: devices.0, conditions)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 66 * 1024, alignment: 64)
        defer { buffer.deallocate() }
        while !isStopped.load(ordering: .acquiring) {
            let lost = there.turn(buffer) + back.turn(buffer)
            if lost > 0 { lostCount.wrappingAdd(lost, ordering: .relaxed) }
            let due = min(there.nextDue ?? .max, back.nextDue ?? .max)
            let longest: Int64 = 100_000_000
            let wait = due == .max ? longest : min(max(due - Moment.now.nanoseconds, 0), longest)
            _ = bench_wait_for_two(devices.0, devices.1, wait)
        }
        there.discard()
        back.discard()
    }
}

/// One direction: what comes out of a device goes into the other, later.
private struct LineDirection {
    private let source: CInt
    private let destination: CInt
    private var queue: LineQueue
    private var underWay = PacketsUnderWay<UnsafeRawBufferPointer>()
    /// How many packets one turn takes in, so that those due leave on time.
    private static let batch = 64

    init(from source: CInt, to destination: CInt, _ conditions: LineConditions) {
        (self.source, self.destination) = (source, destination)
        queue = LineQueue(conditions)
    }

    var nextDue: Int64? { underWay.nextDue }

    /// Takes packets in and lets go those that are due.
    /// - Returns: how many were lost.
    mutating func turn(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        var lost = 0
        for _ in 0..<Self.batch {
            let count = read(source, buffer.baseAddress, buffer.count)
            guard count > 0 else { break }
            if !takeIn(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { lost += 1 }
        }
        let now = Moment.now.nanoseconds
        while let packet = underWay.popDue(by: now) {
            if write(destination, packet.baseAddress, packet.count) < 0 { lost += 1 }
            packet.deallocate()
        }
        return lost
    }

    private mutating func takeIn(_ frame: UnsafeRawBufferPointer) -> Bool {
        let header = bench_tun_header_size()
        guard frame.count > header, let start = frame.baseAddress else { return false }
        let packet = UnsafeRawBufferPointer(rebasing: frame.dropFirst(header))
        let size = WireSize.of(packet, segmentSize: Int(bench_tun_segment_size(start)))
        guard let due = queue.admit(wireBytes: size, at: Moment.now.nanoseconds) else { return false }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: frame.count, alignment: 16)
        copy.copyMemory(from: frame)
        underWay.append(UnsafeRawBufferPointer(copy), due: due)
        return true
    }

    mutating func discard() {
        while let packet = underWay.popDue(by: .max) { packet.deallocate() }
    }
}
