import BenchSystem
import Foundation

/// What each contender says of its version.
enum Versions {
    static func version(of contender: String, _ options: BenchOptions) -> String? {
        switch contender {
        case "fwd": options.fwd.flatMap { firstLine(["\($0)", "--version"]) }
        case "fwd-stock": options.stock.flatMap { firstLine(["\($0)", "--version"]) }
        case "ssh", "ssh-gcm": firstLine(["ssh", "-V"])
        case "autossh": firstLine(["autossh", "-V"])
        case "dbclient": firstLine(["dbclient", "-V"])
        case "asyncssh": python(options, "import asyncssh; print('asyncssh', asyncssh.__version__)")
        case "sshtunnel":
            python(
                options,
                "import sshtunnel, paramiko; print('sshtunnel', sshtunnel.__version__, 'paramiko', paramiko.__version__)"
            )
        default: nil
        }
    }

    static func firstLine(_ command: [String]) -> String? {
        let output = try? ChildProcess.output(command, within: .seconds(10))
        return output?.split(separator: "\n").first.map(String.init)
    }

    private static func python(_ options: BenchOptions, _ script: String) -> String? {
        firstLine(["\(options.repository)/contrib/bench/.build-venv/bin/python", "-c", script])
    }
}
