import ArgumentParser
import BenchContenders
import BenchSystem
import Foundation

struct BenchOptions: ParsableArguments {
    @Option(help: .hidden) var repository: String
    @Option(help: "The fwd to measure; absent: built from this repository.") var fwd: String?
    @Option(help: "Another fwd, linked with a stock libssh2, to measure beside it.") var stock: String?
    @Option(help: "Counted runs of each figure.") var runs = 5
    @Flag(help: "Short samples: for a look, not for the page.") var quick = false
    @Option(name: .customLong("only"), help: "These measurements, comma-separated: \(MeasurementCatalog.names).")
    var onlyNames: String?
    @Option(
        name: .customLong("contenders"),
        help: "These contenders, comma-separated: \(Contender.all.joined(separator: ",")).")
    var contenderNames: String?

    /// Whether the page can be made of this run alone.
    var isComplete: Bool { onlyNames == nil && contenderNames == nil }

    func measurements() throws -> [any Measurement] {
        let all = MeasurementCatalog.all(SampleLengths(isQuick: quick))
        guard let onlyNames else { return all }
        return try onlyNames.split(separator: ",").flatMap { name in
            let found = all.filter { $0.name == name || $0.group == name }
            guard !found.isEmpty else {
                throw ValidationError("no measurement \"\(name)\"; there are \(MeasurementCatalog.names)")
            }
            return found
        }
    }

    func contenders() throws -> [Contender] {
        guard let contenderNames else { return Contender.all.compactMap(contender) }
        return try contenderNames.split(separator: ",").map(String.init).map { name in
            guard let found = contender(name) else {
                let known = Contender.all.joined(separator: ",")
                throw ValidationError("no contender \"\(name)\" here; known are \(known)")
            }
            return found
        }
    }

    private func contender(_ name: String) -> Contender? {
        switch name {
        case "fwd": fwd.map(Contender.fwd)
        case "fwd-stock": stock.map(Contender.fwdStock)
        case "ssh": .ssh
        case "tcp": .plainTCP
        case "ssh-gcm": .sshGCM
        case "autossh": .autossh
        case "dbclient": .dbclient
        case "asyncssh", "sshtunnel": pythonContender(name)
        default: nil
        }
    }

    private func pythonContender(_ name: String) -> Contender {
        let bench = "\(repository)/contrib/bench"
        return .python(
            name, python: "\(bench)/.build-venv/bin/python", script: "\(bench)/contenders/\(name)_forward.py")
    }
}
