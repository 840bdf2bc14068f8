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

        func logger(_ format: LogFormat, level: Logger.Level = .info) -> Logger {
            let sink = LogSink { line in self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
            let time = Date(timeIntervalSince1970: 1_767_362_645.25)
            return Logger(label: "test") { _ in
                LineLogHandler(format: format, level: level, sink: sink, clock: { time })
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
}
