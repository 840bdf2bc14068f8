import Foundation
import FwdConfig
import FwdTestSupport
import Testing

@testable import FwdDaemon

@Suite struct ReloadGatheringTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test func changesAreLookedAtWhenTheyRest() {
        var gathering = ReloadGathering()
        #expect(gathering.changed(now: at(0)) == [.setTimer(at(300))])
        #expect(gathering.changed(now: at(200)) == [])
        #expect(gathering.timerFired(now: at(300)) == [.setTimer(at(500))])
        #expect(gathering.timerFired(now: at(500)) == [.look])
        #expect(gathering.timerFired(now: at(500)) == [])
        #expect(gathering.state == .quiet)
    }

    @Test func changesThatDoNotEndAreLookedAtAfterTwoSeconds() {
        var gathering = ReloadGathering()
        var looks: [Int] = []
        var timer: ContinuousClock.Instant?
        for time in stride(from: 0, through: 6000, by: 50) {
            if let due = timer, due <= at(time) {
                timer = nil
                for action in gathering.timerFired(now: at(time)) {
                    switch action {
                    case .setTimer(let instant): timer = instant
                    case .look: looks.append(time)
                    }
                }
            }
            if case .setTimer(let instant)? = gathering.changed(now: at(time)).first { timer = instant }
        }
        #expect(looks == [2000, 4000, 6000])
    }
}

@Suite struct DirectoryPrintTests {
    @Test func aLookNamesWhatIsDifferent() throws {
        let directory = try TemporaryDirectory.create()
        defer { directory.remove() }
        let forwards = ForwardsDirectory(path: directory.file("forwards.d"))
        let missing = forwards.look()
        #expect(!missing.isReadable)
        try FileManager.default.createDirectory(atPath: forwards.path, withIntermediateDirectories: true)
        #expect(forwards.look().changes(since: missing) == ["the directory is back"])
        for name in ["a", "b"] { try directory.write("x", to: "forwards.d/\(name).yaml") }
        let before = forwards.look()
        #expect(before.changes(since: before) == [])
        try directory.write("xy", to: "forwards.d/a.yaml")
        try directory.write("x", to: "forwards.d/c.yaml")
        for name in [".d.yaml", "b.yaml~", ".b.yaml.swp", "4913", "d.yml"] {
            try directory.write("x", to: "forwards.d/\(name)")
        }
        let after = forwards.look()
        #expect(after.changes(since: before) == ["a.yaml changed", "c.yaml new"])
        #expect(before.changes(since: after) == ["a.yaml changed", "c.yaml gone"])
        #expect(missing.changes(since: after) == ["the directory is gone"])
    }
}

@Suite struct InotifyEventTests {
    @Test func whatIsCutOffIsHarmless() {
        func bytes(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
        let event = bytes(1) + bytes(0x100) + bytes(0) + bytes(8) + Array("a.yaml\0\0".utf8)
        #expect(InotifyEvent.parse(event + event).map(\.name) == ["a.yaml", "a.yaml"])
        for length in 0..<event.count { #expect(InotifyEvent.parse(Array(event.prefix(length))).count <= 1) }
        #expect(InotifyEvent.parse(bytes(1) + bytes(0x4000) + bytes(0) + bytes(.max)).first?.isOverflow == true)
    }
}
