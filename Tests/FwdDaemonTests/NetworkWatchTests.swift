import Testing

@testable import FwdDaemon

@Suite struct NetworkChangeStateMachineTests {
    typealias Machine = NetworkChangeStateMachine

    private let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func whatComesWithinASecondIsOneEvent() {
        var machine = Machine()
        #expect(machine.changed("a", now: at(0)) == [.setTimer(at(1))])
        #expect(machine.changed("b", now: at(0.5)) == [])
        #expect(machine.changed("a", now: at(0.9)) == [])
        #expect(machine.timerFired(now: at(0.99)) == [])
        #expect(machine.timerFired(now: at(1)) == [.fire(reasons: ["a", "b"])])
        #expect(machine.timerFired(now: at(1)) == [])
        #expect(machine.state == .quiet)
    }

    @Test func aNetworkThatNeverRestsIsToldLessAndLess() {
        let fired = firings(changes: (0..<36_000).map { Double($0) / 10 })
        #expect(fired.prefix(7).map(\.inWholeSeconds) == [1, 3, 7, 15, 31, 63, 123])
        let gaps = zip(fired, fired.dropFirst()).map { $1 - $0 }
        #expect(gaps.dropFirst(6).allSatisfy { (60...61).contains($0) })
        // In an hour.
        #expect((60...70).contains(fired.count))
    }

    @Test func everyChangeIsToldOfWithinAMinuteAtMost() {
        let changes = (0..<300).map { Double($0) * 0.7 }
        let fired = firings(changes: changes)
        for change in changes { #expect(fired.contains { $0 >= change && $0 <= change + 61 }) }
    }

    @Test func aMinuteOfCalmMakesTheNextChangeTheFirst() {
        var machine = Machine()
        var now = 0.0
        for _ in 0..<6 {
            guard case .setTimer(let due)? = machine.changed("flap", now: at(now)).first else { break }
            _ = machine.timerFired(now: due)
            now = (due - start) / .seconds(1)
        }
        #expect(machine.changed("flap", now: at(now + 20)) == [.setTimer(at(now + 60))])
        _ = machine.timerFired(now: at(now + 60))
        #expect(machine.changed("new", now: at(now + 300)) == [.setTimer(at(now + 301))])
    }

    @Test func aWakeIsToldOfAfterASecondWhateverWasBefore() {
        var machine = Machine()
        for second in 0..<100 {
            _ = machine.changed("flap", now: at(Double(second)))
            _ = machine.timerFired(now: at(Double(second)))
        }
        #expect(machine.state != .quiet)
        #expect(machine.woke("slept", now: at(100)) == [.setTimer(at(101))])
        #expect(machine.timerFired(now: at(101)) == [.fire(reasons: ["flap", "slept"])])
    }

    @Test func aLineNamesOnlySomeOfManyReasons() {
        var machine = Machine()
        for number in 0..<1000 { _ = machine.changed("veth\(number)", now: at(0)) }
        #expect(
            machine.timerFired(now: at(1)) == [.fire(reasons: ["veth0", "veth1", "veth2", "veth3"])])
    }

    /// When it fires, in seconds, if changes come at these.
    private func firings(changes: [Double]) -> [Double] {
        var machine = Machine()
        var timer: ContinuousClock.Instant?
        var fired: [Double] = []
        func perform(_ actions: [Machine.Action]) {
            for action in actions {
                switch action {
                case .setTimer(let instant): timer = instant
                case .fire: fired.append(((timer ?? start) - start) / .seconds(1))
                }
            }
        }
        for change in changes + [(changes.last ?? 0) + 1000] {
            if let due = timer, due <= at(change) { perform(machine.timerFired(now: due)) }
            if change != changes.last.map({ $0 + 1000 }) { perform(machine.changed("x", now: at(change))) }
        }
        return fired
    }
}

extension Double {
    fileprivate var inWholeSeconds: Int { Int(self) }
}

@Suite struct SuspendDetectorTests {
    @Test func sleepIsWhatTheBootClockHasMore() {
        var detector = SuspendDetector()
        #expect(detector.look(.init(boottime: .seconds(500), monotonic: .seconds(100))) == nil)
        #expect(detector.look(.init(boottime: .seconds(502), monotonic: .seconds(102))) == nil)
        #expect(detector.look(.init(boottime: .seconds(604), monotonic: .seconds(104))) == .seconds(100))
        #expect(detector.look(.init(boottime: .seconds(606), monotonic: .seconds(106))) == nil)
    }

    @Test func aLateLookIsNoSleepNorIsASecondOfIt() {
        var detector = SuspendDetector()
        _ = detector.look(.init(boottime: .seconds(10), monotonic: .seconds(10)))
        #expect(detector.look(.init(boottime: .seconds(99), monotonic: .seconds(99))) == nil)
        #expect(detector.look(.init(boottime: .seconds(102), monotonic: .seconds(101))) == nil)
        #expect(
            detector.look(.init(boottime: .milliseconds(104_001), monotonic: .seconds(102)))
                == .milliseconds(1001))
    }

    @Test func aWakeFiresAfterASecondWithTheTimeOfSleep() {
        let now = ContinuousClock.now
        var watch = NetworkWatch()
        #expect(watch.take(.clocks(.init(boottime: .seconds(5), monotonic: .seconds(5))), now: now) == [])
        let later = now + .seconds(62)
        #expect(
            watch.take(.clocks(.init(boottime: .seconds(67), monotonic: .seconds(7))), now: later)
                == [.setTimer(later + .seconds(1))])
        #expect(
            watch.take(.timer, now: later + .seconds(1)) == [.fire(reasons: ["the machine slept for 60 s"])])
    }

    @Test func theRealClocksShowNoSleep() {
        var detector = SuspendDetector()
        #expect(detector.look(.now) == nil)
        #expect(detector.look(.now) == nil)
    }
}

@Suite struct RouteMessageTests {
    @Test func linksAddressesAndRoutesAreRead() {
        let datagram =
            Netlink.link(2, "eth0", flags: 0x1 | 0x40) + Netlink.address(2, [192, 0, 2, 1])
            + Netlink.route(length: 0) + Netlink.message(17, Netlink.linkBody(2, "eth0", flags: 0))
        #expect(
            RouteMessage.parse(datagram) == [
                .link(index: 2, name: "eth0", isUp: true, isEnslaved: false),
                .address(NetworkAddress(link: 2, bytes: [192, 0, 2, 1]), isUsable: true),
                .route(isDefault: true, isGone: false), .linkGone(index: 2, name: "eth0"),
            ])
    }

    @Test func anythingCutOffOrMangledIsHarmless() {
        let datagram =
            Netlink.link(2, "eth0", flags: 0x41) + Netlink.address(2, [192, 0, 2, 1]) + Netlink.route(length: 24)
        for length in 0..<datagram.count {
            #expect(RouteMessage.parse(Array(datagram.prefix(length))).count < 3)
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var mangled = datagram
            for _ in 0..<4 { mangled[Int.random(in: mangled.indices, using: &random)] = UInt8.random(in: 0...255) }
            #expect(RouteMessage.parse(mangled).count <= datagram.count / 16)
        }
    }

    @Test func theKernelsRepetitionsAreNoNews() {
        var view = NetworkView()
        func news(_ datagram: [UInt8]) -> [String] {
            RouteMessage.parse(datagram).compactMap { view.change(by: $0) }
        }
        #expect(news(Netlink.link(2, "eth0", flags: 0x1)) == [])
        #expect(news(Netlink.link(2, "eth0", flags: 0x41)) == ["eth0 is up"])
        #expect(news(Netlink.link(2, "eth0", flags: 0x41)) == [])
        #expect(news(Netlink.address(2, [192, 0, 2, 1])) == ["address added on eth0"])
        #expect(news(Netlink.address(2, [192, 0, 2, 1])) == [])
        let global: [UInt8] = [0x20, 0x01] + [UInt8](repeating: 1, count: 14)
        #expect(news(Netlink.address(2, global, flags: 0x40)) == [])
        #expect(news(Netlink.address(2, global)) == ["address added on eth0"])
        #expect(news(Netlink.link(2, "eth0", flags: 0x1)) == ["eth0 is down"])
        #expect(news(Netlink.route(length: 0)) == ["default route added"])
    }

    @Test func whatContainersDoIsNoNews() {
        var view = NetworkView()
        func news(_ datagram: [UInt8]) -> [String] {
            RouteMessage.parse(datagram).compactMap { view.change(by: $0) }
        }
        let linkLocal: [UInt8] = [0xfe, 0x80] + [UInt8](repeating: 1, count: 14)
        for index in 10..<1000 as Range<UInt32> {
            #expect(news(Netlink.link(index, "veth\(index)", flags: 0x1, master: 3)) == [])
            #expect(news(Netlink.link(index, "veth\(index)", flags: 0x41, master: 3)) == [])
            #expect(news(Netlink.address(index, linkLocal)) == [])
            #expect(news(Netlink.route(length: 64, to: linkLocal)) == [])
            #expect(news(Netlink.route(length: 32, table: 255)) == [])
            #expect(news(Netlink.route(length: 32, type: 3)) == [])
        }
    }
}

/// Makes datagrams as the kernel does.
private enum Netlink {
    static func link(_ index: UInt32, _ name: String, flags: UInt32, master: UInt32? = nil) -> [UInt8] {
        message(16, linkBody(index, name, flags: flags, master: master))
    }

    static func linkBody(_ index: UInt32, _ name: String, flags: UInt32, master: UInt32? = nil) -> [UInt8] {
        [0, 0, 1, 0] + bytes(index) + bytes(flags) + bytes(UInt32(0)) + attribute(3, Array(name.utf8) + [0])
            + (master.map { attribute(10, bytes($0)) } ?? [])
    }

    static func address(_ index: UInt32, _ address: [UInt8], flags: UInt32 = 0) -> [UInt8] {
        message(
            20, [2, 24, UInt8(flags), 0] + bytes(index) + attribute(1, address) + attribute(8, bytes(flags)))
    }

    static func route(length: UInt8, to target: [UInt8] = [], table: UInt8 = 254, type: UInt8 = 1) -> [UInt8] {
        message(
            24,
            [2, length, 0, 0, table, 3, 0, type] + bytes(UInt32(0)) + (target.isEmpty ? [] : attribute(1, target)))
    }

    static func message(_ type: UInt16, _ body: [UInt8]) -> [UInt8] {
        padded(bytes(UInt32(16 + body.count)) + bytes(type) + bytes(UInt16(0)) + [UInt8](repeating: 0, count: 8) + body)
    }

    private static func attribute(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
        padded(bytes(UInt16(4 + value.count)) + bytes(type) + value)
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value) { Array($0) }
    }
}
