import Foundation
import FwdControl
import FwdCore
import FwdTestSupport
import Glibc
import Synchronization
import Testing

@testable import FwdDaemon

@Suite struct ServiceReportTests {
    @Test func whatIsUpIsCounted() {
        var snapshot = Samples.snapshot
        snapshot.gateways = [Samples.amsterdam]
        #expect(ServiceReport(snapshot).description == "gateways up: 1, forwards up: 1")
        snapshot.gateways = []
        #expect(ServiceReport(snapshot).description == "no gateways")
    }

    @Test func whatIsNotUpIsNamedAndAGatewayStandsForItsForwards() {
        var snapshot = Samples.snapshot
        #expect(
            ServiceReport(snapshot).description == "gateways up: 1 of 2, forwards up: 1 of 2; berlin backingOff")
        snapshot.gateways[0].forwards[0].state = .degraded
        snapshot.configuration = Samples.configuration(refused: ["cologne"])
        #expect(
            ServiceReport(snapshot).description
                == "gateways up: 1 of 2, forwards up: 0 of 2; amsterdam/db degraded, berlin backingOff, cologne refused"
        )
        snapshot.configuration = Samples.configuration(refused: ["cologne", "dresden"])
        #expect(ServiceReport(snapshot).description.hasSuffix("berlin backingOff, cologne refused and 1 more"))
    }

    @Test func aDirectoryThatCannotBeReadIsNamed() {
        var snapshot = Samples.snapshot
        snapshot.gateways = []
        snapshot.configuration = Samples.configuration(errors: ["cannot read /d"])
        #expect(ServiceReport(snapshot).description == "no gateways; forwards.d refused")
    }
}

@Suite struct WatchdogIntervalTests {
    @Test func itIsToldAtHalfOfItsTime() {
        let interval = read(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"])
        #expect(interval?.duration == .seconds(30))
        #expect(interval?.period == .seconds(15))
        #expect(read(["WATCHDOG_USEC": "5"])?.duration == .microseconds(5))
    }

    @Test(arguments: [
        [:], ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "-1"], ["WATCHDOG_USEC": "x"], ["WATCHDOG_PID": "7"],
        ["WATCHDOG_USEC": "5", "WATCHDOG_PID": "8"], ["WATCHDOG_USEC": "5", "WATCHDOG_PID": ""],
        ["WATCHDOG_USEC": "99999999999999999999"],
    ])
    func whatIsForAnotherProcessOrMakesNoSenseIsNothing(_ environment: [String: String]) {
        #expect(read(environment) == nil)
    }

    private func read(_ environment: [String: String]) -> WatchdogInterval? {
        WatchdogInterval(environment: environment, pid: 7)
    }
}

@Suite struct ServiceReportServiceTests {
    private let receiver: NotifyReceiver

    init() throws {
        receiver = try NotifyReceiver(path: "@fwd-test-\(UUID().uuidString)")
    }

    @Test func itIsReadyOnceAndSaysHowItIs() async throws {
        let manager = manager()
        try await DaemonTests.with(ConfigurationStub(["a": ["x"]]), serviceManager: manager) { daemon in
            try await eventually("it is ready") { !receiver.messages.isEmpty }
            let first = "READY=1\nSTATUS=gateways up: 0 of 1, forwards up: 0 of 1; a connecting"
            #expect(receiver.messages == [first])
            await daemon.stubs["a"]?.enter(.up)
            try await eventually("it says so") { receiver.last("STATUS") == "gateways up: 1, forwards up: 1" }
            #expect(receiver.messages.count == 2)
        }
        manager.flush()
        #expect(receiver.messages.last?.hasPrefix("STOPPING=1\n") == true)
        #expect(receiver.messages(with: "READY").count == 1)
    }

    @Test(arguments: [true, false])
    func aReloadIsReadyAgainWhetherOrNotItWorks(works: Bool) async throws {
        let manager = manager()
        try await DaemonTests.with(ConfigurationStub(["a": ["x"]]), serviceManager: manager) { daemon in
            try await eventually("it is ready") { !receiver.messages.isEmpty }
            if !works { daemon.files.fail(DaemonError(.configuration, "gone")) }
            let before = Self.monotonic()
            #expect(try await daemon.supervisor.reload().isSuccessful == works)
            manager.flush()
            let told = receiver.messages.filter { !$0.hasPrefix("STATUS=") }.dropFirst()
            #expect(told.count == 2)
            let begin = try #require(told.first?.split(separator: "\n"))
            #expect(begin.first == "RELOADING=1")
            let time = try #require(begin.last?.split(separator: "=").last.flatMap { UInt64($0) })
            #expect((before...Self.monotonic()).contains(time))
            #expect(told.last == "READY=1")
        }
    }

    @Test func itStopsBeforeItsGatewaysDo() async throws {
        let manager = manager()
        let toldAtStop = Mutex<[String]>([])
        try await DaemonTests.with(ConfigurationStub(["a": ["x"]]), serviceManager: manager) { daemon in
            try await eventually("it is ready") { !receiver.messages.isEmpty }
            await daemon.stubs["a"]?.whenStopped {
                manager.flush()
                toldAtStop.withLock { $0 = receiver.messages }
            }
        }
        #expect(toldAtStop.withLock { $0.last }?.hasPrefix("STOPPING=1\n") == true)
    }

    @Test func theWatchdogIsToldWhileEverythingAnswers() async throws {
        let interval = try #require(WatchdogInterval(environment: ["WATCHDOG_USEC": "40000"], pid: getpid()))
        let manager = manager(watchdog: interval)
        try await DaemonTests.with(ConfigurationStub(["a": ["x"]]), serviceManager: manager) { daemon in
            try await eventually("it is told thrice") { receiver.messages(with: "WATCHDOG").count >= 3 }
            let count = try await #require(daemon.stubs["a"]).whileItHangs { gateway in
                try await eventually("the gateway is asked in vain") { await gateway.waiting > 0 }
                manager.flush()
                let count = receiver.messages(with: "WATCHDOG").count
                let end = ContinuousClock.now + interval.duration * 3
                try await eventually("three intervals are over") { ContinuousClock.now > end }
                #expect(try await daemon.get("/livez").status == 200)
                #expect(receiver.messages(with: "WATCHDOG").count == count)
                return count
            }
            try await eventually("it lives again") { receiver.messages(with: "WATCHDOG").count > count + 1 }
        }
    }

    private func manager(watchdog: WatchdogInterval? = nil) -> ServiceManager {
        ServiceManager(
            InheritedDescriptors([]), notifySocket: receiver.path, watchdog: watchdog, logger: TestLogger.silent)
    }

    private static func monotonic() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1000
    }
}
