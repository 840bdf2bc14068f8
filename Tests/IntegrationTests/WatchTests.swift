import Foundation
import FwdConfig
import FwdCore
import FwdTestSupport
import Testing

@Suite("`fwd run --watch`", .serialized)
struct WatchTests {
    @Test("a file that is written, moved in or deleted is taken up; many changes at once are one reload")
    func takesUpChanges() async throws {
        try await supervised { fixture in
            try fixture.directory.write(gateway("a", ports: 2), to: "forwards.d/a.yaml")
            try await eventually("the new forward is there") { try await fixture.forwards("a") == 2 }
            #expect(fixture.reloads.count == 1)
            #expect(fixture.reloads[0].contains("reason=\"a.yaml changed\""), "\(fixture.reloads)")

            try fixture.directory.write(gateway("b", ports: 1), to: "b.tmp")
            try rename(fixture.directory.file("b.tmp"), to: fixture.forwards + "/b.yaml")
            try await eventually("the new gateway is there") { try await fixture.forwards("b") == 1 }
            try FileManager.default.removeItem(atPath: fixture.forwards + "/b.yaml")
            try await eventually("it is gone") { try await fixture.forwards("b") == nil }
            #expect(fixture.reloads.count == 3)

            // Prepared, so that there is no pause between them.
            let names = (1...20).map { "c\($0)" }
            for name in names { try fixture.directory.write(gateway(name, ports: 1), to: "\(name).tmp") }
            for name in names {
                try rename(fixture.directory.file("\(name).tmp"), to: fixture.forwards + "/\(name).yaml")
            }
            try await eventually("all are there") { try await fixture.forwards("c20") == 1 }
            #expect(fixture.reloads.count == 4)
            #expect(fixture.reloads[3].contains("and 16 more"), "\(fixture.reloads[3])")
        }
    }

    @Test("reading, and the files that editors leave, trigger nothing")
    func ignoresWhatIsNoFileOfOurs() async throws {
        try await supervised { fixture in
            for name in [".a.yaml.swp", "a.yaml~", "#a.yaml#", "4913", ".#a.yaml"] {
                try fixture.directory.write("x", to: "forwards.d/\(name)")
                try FileManager.default.removeItem(atPath: fixture.forwards + "/\(name)")
            }
            _ = try String(contentsOfFile: fixture.forwards + "/a.yaml", encoding: .utf8)
            // The next true change is the first one that is heard of.
            try fixture.directory.write(gateway("a", ports: 2), to: "forwards.d/a.yaml")
            try await eventually("the change is there") { try await fixture.forwards("a") == 2 }
            #expect(fixture.reloads.count == 1, "\(fixture.reloads)")
        }
    }

    @Test("a bad file keeps what its gateway ran, and a good one mends it")
    func survivesBadFiles() async throws {
        try await supervised { fixture in
            try fixture.directory.write("gateway: {hots: x}\n", to: "forwards.d/a.yaml")
            try await eventually("the file is refused") {
                try await fixture.snapshot().configuration.refusedGateways == ["a"]
            }
            #expect(try await fixture.forwards("a") == 1)
            try fixture.directory.write(gateway("a", ports: 2), to: "forwards.d/a.yaml")
            try await eventually("the file is good") { try await fixture.forwards("a") == 2 }
            #expect(try await fixture.snapshot().configuration.isSuccessful)
        }
    }

    @Test("a directory that is deleted and made again is watched again")
    func survivesDeletion() async throws {
        try await supervised { fixture in
            for round in 1...2 {
                try FileManager.default.removeItem(atPath: fixture.forwards)
                try await eventually("the directory is missed") {
                    try await fixture.snapshot().configuration.isSuccessful == false
                }
                #expect(try await fixture.forwards("a") != nil)
                try makeDirectory(fixture.forwards)
                try fixture.directory.write(gateway("a", ports: round + 1), to: "forwards.d/a.yaml")
                try await eventually("the new directory is read") { try await fixture.forwards("a") == round + 1 }
            }
            try fixture.directory.write(gateway("a", ports: 9), to: "forwards.d/a.yaml")
            try await eventually("the new directory is watched") { try await fixture.forwards("a") == 9 }
        }
    }

    @Test("a directory that another is put in place of, by name or by symbolic link, is followed")
    func followsReplacement() async throws {
        try await supervised { fixture in
            let directory = fixture.directory
            for name in ["one", "two"] { try makeDirectory(directory.file(name)) }
            try directory.write(gateway("a", ports: 2), to: "one/a.yaml")
            try directory.write(gateway("a", ports: 3), to: "two/a.yaml")
            try rename(fixture.forwards, to: directory.file("old"))
            try FileManager.default.createSymbolicLink(
                atPath: fixture.forwards, withDestinationPath: directory.file("one"))
            try await eventually("the first link is followed") { try await fixture.forwards("a") == 2 }
            try FileManager.default.createSymbolicLink(
                atPath: directory.file("link"), withDestinationPath: directory.file("two"))
            try rename(directory.file("link"), to: fixture.forwards)
            try await eventually("the second link is followed") { try await fixture.forwards("a") == 3 }
            try directory.write(gateway("a", ports: 4), to: "two/a.yaml")
            try await eventually("what is behind it is watched") { try await fixture.forwards("a") == 4 }
            // Nobody looks at what was put aside.
            let before = fixture.reloads.count
            try directory.write(gateway("a", ports: 8), to: "one/a.yaml")
            try directory.write(gateway("a", ports: 5), to: "two/a.yaml")
            try await eventually("only the present one counts") { try await fixture.forwards("a") == 5 }
            #expect(fixture.reloads.count == before + 1)
        }
    }

    @Test("without --watch a change waits for a reload")
    func waitsForReload() async throws {
        try await supervised(arguments: []) { fixture in
            try fixture.directory.write(gateway("a", ports: 2), to: "forwards.d/a.yaml")
            // Nothing must happen, so the time in which it would is let pass.
            let deadline = ContinuousClock.now + .seconds(3)
            try await eventually(within: .seconds(10), "time has passed") {
                let forwards = try await fixture.forwards("a")
                #expect(forwards == 1)
                return ContinuousClock.now > deadline
            }
            #expect(try await fixture.fwd("reload").exit == .exited(0))
            #expect(try await fixture.forwards("a") == 2)
            #expect(fixture.reloads == [])
        }
    }
}

/// A supervisor of one gateway, which nobody can reach and which has one forward.
private func supervised(
    arguments: [String] = ["--watch"], _ body: (SupervisorFixture) async throws -> Void
) async throws {
    try await SupervisorFixture.with([], files: ["a.yaml": gateway("a", ports: 1)], arguments: arguments, body)
}

/// The text of a file with this many forwards. They are disabled: nothing listens for them.
private func gateway(_ name: String, ports: Int) -> String {
    let forwards = (1...ports).map { "  f\($0): {spec: -L \(10_000 + $0):t:1, enabled: false}\n" }
    return "gateway: {host: 127.0.0.1, port: 1, user: u, ssh-config: none}\nforwards:\n" + forwards.joined()
}

private func rename(_ path: String, to new: String) throws {
    try #require(Foundation.rename(path, new) == 0)
}

private func makeDirectory(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
}

extension SupervisorFixture {
    /// The log's lines about reloads that `--watch` has led to.
    fileprivate var reloads: [String] {
        log.split(separator: "\n").map(String.init).filter { $0.contains("the directory has changed, reloading") }
    }

    /// How many forwards a gateway has; `nil`: there is no such gateway.
    fileprivate func forwards(_ gateway: String) async throws -> Int? {
        try await snapshot().gateways.first { $0.name == gateway }?.forwards.count
    }
}
