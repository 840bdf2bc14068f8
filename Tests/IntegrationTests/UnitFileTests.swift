import Foundation
import FwdTestSupport
import Testing

/// contrib/systemd, against systemd's own tools and against the built binary.
@Suite("The units of contrib/systemd", .serialized)
struct UnitFileTests {
    @Test("each unit is what systemd expects, without a warning")
    func areVerified() async throws {
        guard let analyze = analyzer() else { return }
        try await TemporaryDirectory.with { directory in
            try write(UnitFile.all(), to: directory)
            for unit in try UnitFile.all() {
                let scope = unit.isForUsers ? ["--user"] : []
                let result = try await ProcessRun.run(
                    analyze, scope + ["verify", "--man=no", directory.file(unit.installed)],
                    environment: environment(directory))
                #expect(result.exit == .exited(0), "\(unit.name): \(result)")
                #expect(result.output + result.errors == "", "\(unit.name)")
            }
        }
    }

    @Test("the system's unit is exposed to less than 2.0 of 10")
    func isHardened() async throws {
        guard let analyze = analyzer() else { return }
        let help = try await ProcessRun.output(of: analyze, ["--help"])
        guard help.contains("--offline") else {
            print("skipped: needs systemd-analyze security --offline, which systemd has since 250")
            return
        }
        try await TemporaryDirectory.with { directory in
            try write(UnitFile.all(), to: directory)
            // The threshold is told in tenths.
            let result = try await ProcessRun.run(
                analyze, ["security", "--offline=true", "--threshold=20", directory.file("fwd.service")])
            #expect(result.exit == .exited(0), "\(result)")
        }
    }

    @Test("the drop-in for forwards that change the network is what systemd expects, and opens little more")
    func networkDropIn() async throws {
        guard let analyze = analyzer() else { return }
        let help = try await ProcessRun.output(of: analyze, ["--help"])
        try await TemporaryDirectory.with { directory in
            try write(UnitFile.all(), to: directory)
            let system = directory.file("fwd.service")
            try FileManager.default.createDirectory(atPath: system + ".d", withIntermediateDirectories: true)
            try directory.write(UnitFile.text("fwd-network.conf"), to: "fwd.service.d/network.conf")
            let verified = try await ProcessRun.run(
                analyze, ["verify", "--man=no", system], environment: environment(directory))
            #expect(verified.exit == .exited(0) && verified.output + verified.errors == "", "\(verified)")
            guard help.contains("--offline") else { return print("skipped: needs systemd-analyze security --offline") }
            let result = try await ProcessRun.run(
                analyze, ["security", "--offline=true", "--threshold=21", system])
            #expect(result.exit == .exited(0), "\(result)")
            // It was read at all.
            #expect(result.output.contains("/dev/net/tun"), "\(result)")
        }
    }

    @Test("what a service runs is taken by fwd, is ready without any gateway, reloads and ends")
    func areRun() async throws {
        let services = try UnitFile.all().filter { $0.name.hasSuffix(".service") }
        #expect(services.count == 2)
        for service in services {
            try await TemporaryDirectory.with { directory in
                try FileManager.default.createDirectory(
                    atPath: directory.file("forwards.d"), withIntermediateDirectories: true)
                let receiver = try NotifyReceiver(path: directory.file("notify"))
                let control = ["--control", directory.file("control/control.sock")]
                // The last one of an option counts.
                let own = ["--dir", directory.file("forwards.d"), "--health", "off"] + control
                let start = try service.arguments(of: "ExecStart")
                try await FwdProcess.running(start + own, environment: ["NOTIFY_SOCKET": receiver.path]) { process in
                    try await eventually("\(service.name) is ready") { receiver.last("READY") == "1" }
                    #expect(receiver.last("STATUS") == "no gateways")
                    let reload = try await FwdProcess.run(service.arguments(of: "ExecReload") + control)
                    #expect(reload.exit == .exited(0), "\(reload)")
                    try await eventually("the reload is told") { receiver.last("RELOADING") == "1" }
                    process.send(SIGTERM)
                    #expect(try await process.waitForExit() == .exited(0))
                    #expect(receiver.last("STOPPING") == "1")
                }
            }
        }
    }

    /// `nil`, and a word about it, where there is none.
    private func analyzer() -> String? {
        if let found = try? ChildProcess.find("systemd-analyze") { return found }
        print("skipped: needs systemd-analyze")
        return nil
    }

    /// All together and under the names they are installed by, for one names the other; run the built binary.
    private func write(_ units: [UnitFile], to directory: TemporaryDirectory) throws {
        #expect(units.count == 3)
        try FileManager.default.createDirectory(
            atPath: directory.file("user"), withIntermediateDirectories: true)
        for unit in units {
            let text = unit.text.replacing("/usr/bin/fwd", with: try FwdProcess.path())
            try directory.write(text, to: unit.installed)
        }
    }

    private func environment(_ directory: TemporaryDirectory) -> [String: String] {
        ProcessInfo.processInfo.environment.merging(["XDG_RUNTIME_DIR": directory.path]) { _, given in given }
    }
}

/// One file of contrib/systemd.
private struct UnitFile {
    let name: String
    let text: String

    var isForUsers: Bool { name.contains("-user.") }
    /// Its path in a directory of units.
    var installed: String { isForUsers ? "user/fwd.service" : name }

    private static var directory: URL {
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
            .appending(path: "contrib/systemd")
    }

    static func text(_ name: String) throws -> String {
        try String(contentsOf: directory.appending(path: name), encoding: .utf8)
    }

    static func all() throws -> [UnitFile] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false))
        return try names.filter { $0.hasSuffix(".service") || $0.hasSuffix(".socket") }.sorted().map { name in
            UnitFile(name: name, text: try String(contentsOf: directory.appending(path: name), encoding: .utf8))
        }
    }

    /// What follows `/usr/bin/fwd` in the line of this key.
    func arguments(of key: String) throws -> [String] {
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(key)=") })
        let words = line.dropFirst(key.count + 1).split(separator: " ").map(String.init)
        #expect(words.first == "/usr/bin/fwd")
        return Array(words.dropFirst())
    }
}
