import Foundation
import FwdControl
import FwdTestSupport
import Logging
import Synchronization
import Testing

@testable import FwdDaemon

@Suite struct LoggingTests {
    /// Collects lines.
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }

        /// Seconds since the first line.
        let elapsed = Mutex(0.0)

        func logger(_ format: LogFormat, level: Logger.Level = .info, place: LogPlace = .stream) -> Logger {
            let sink = LogSink { line in self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
            let clock: @Sendable () -> Date = {
                Date(timeIntervalSince1970: 1_767_362_645.25 + self.elapsed.withLock { $0 })
            }
            return Logger(label: "test") { _ in
                LineLogHandler(format: format, level: level, place: place, sink: sink, clock: clock)
            }
        }
    }

    @Test func textHasTimeLevelMessageAndSortedMetadata() {
        let lines = Lines()
        var logger = lines.logger(.text)
        logger[metadataKey: "gateway"] = "amsterdam"
        logger.notice("up", metadata: ["attempts": "3", "since": "a long time", "empty": ""])
        #expect(
            lines.all == [
                "2026-01-02T14:04:05.250Z notice up attempts=3 empty=\"\" gateway=amsterdam since=\"a long time\"\n"
            ])
    }

    @Test func anEventStaysOneLineWhateverItSays() {
        let lines = Lines()
        lines.logger(.text).error("a\nb\u{1B}[31m\\", metadata: ["k": "x\ny=\"z\""])
        #expect(lines.all == ["2026-01-02T14:04:05.250Z error a\\nb\\u{1b}[31m\\\\ k=\"x\\ny=\\\"z\\\"\"\n"])
    }

    @Test func jsonHasTheMetadataBesideTheMessage() throws {
        let lines = Lines()
        lines.logger(.json).info(
            "two\nlines", metadata: ["gateway": "a", "list": ["x", "y"], "map": ["k": .stringConvertible(7)]])
        let expected =
            #"{"gateway":"a","level":"info","list":["x","y"],"map":{"k":"7"},"message":"two\nlines","#
            + #""time":"2026-01-02T14:04:05.250Z"}"# + "\n"
        #expect(lines.all == [expected])
    }

    @Test func theLevelDecides() {
        let lines = Lines()
        let logger = lines.logger(.text, level: .warning)
        logger.info("no")
        logger.warning("yes")
        #expect(lines.all.count == 1)
        #expect(logger.quietened().logLevel == .warning)
    }

    @Test func aCopyOfALoggerKeepsItsOwnMetadata() {
        let lines = Lines()
        let logger = lines.logger(.text)
        var copy = logger
        copy[metadataKey: "gateway"] = "a"
        copy.logLevel = .error
        logger.info("plain")
        #expect(lines.all == ["2026-01-02T14:04:05.250Z info plain\n"])
    }

    @Test(arguments: [
        (Logger.Level.critical, 2), (.error, 3), (.warning, 4), (.notice, 5), (.info, 6), (.debug, 7), (.trace, 7),
    ])
    func theJournalGetsThePriorityAndNoTime(_ level: Logger.Level, _ priority: Int) {
        let lines = Lines()
        lines.logger(.text, level: .trace, place: .journal).log(level: level, "up", metadata: ["gateway": "a"])
        #expect(lines.all == ["<\(priority)>up gateway=a\n"])
    }

    @Test func theJournalGetsJSONWithItsPriority() {
        let lines = Lines()
        lines.logger(.json, place: .journal).error("x")
        #expect(lines.all.first?.hasPrefix("<3>{") == true)
    }

    @Test func aTerminalGetsTheTimeOfDayAndColours() {
        let lines = Lines()
        lines.logger(.text, place: .terminal(isColoured: true)).error("x")
        lines.logger(.text, place: .terminal(isColoured: false)).error("x")
        #expect(lines.all[0].contains(#/^[0-9:]{8} \u{1B}\[31merror\u{1B}\[0m x\n$/#))
        #expect(lines.all[1].contains(#/^[0-9:]{8} error x\n$/#))
    }

    @Test func aLineThatOnlyRepeatsTheOneBeforeIsLeftOutForAMinute() {
        let lines = Lines()
        var logger = lines.logger(.text, place: .journal)
        logger[metadataKey: "gateway"] = "a"
        for retry in 1...5 { logger.notice("connecting -> backingOff: refused", metadata: ["retry_in": "\(retry)s"]) }
        #expect(lines.all == ["<5>connecting -> backingOff: refused gateway=a retry_in=1s\n"])
        lines.elapsed.withLock { $0 = 60 }
        logger.notice("connecting -> backingOff: refused")
        #expect(lines.all.last == "<5>connecting -> backingOff: refused gateway=a repeated=4\n")
        #expect(lines.all.count == 2)
    }

    @Test func whatIsNewIsNeverLeftOut() {
        let lines = Lines()
        let logger = lines.logger(.text, level: .debug)
        var other = logger
        other[metadataKey: "gateway"] = "b"
        for _ in 1...2 {
            logger.notice("up")
            logger.notice("down")
            other.notice("down")
        }
        #expect(lines.all.count == 5, "the other gateway repeats itself once")
        for _ in 1...3 { logger.debug("asked for") }
        #expect(lines.all.count == 8)
    }
}
