import ArgumentParser
import Foundation
import FwdConfig
import FwdControl

/// `--dir` and `--control`, which every verb takes.
struct CommonOptions: ParsableArguments {
    @Option(
        name: .customLong("dir"),
        help: ArgumentHelp(
            "The directory with one YAML file per gateway.",
            discussion: "Default: $FWD_DIR, else /etc/fwd/forwards.d for root, $XDG_CONFIG_HOME/fwd/forwards.d for "
                + "others.",
            valueName: "dir"),
        completion: .directory)
    var directory: String?

    @Option(
        help: ArgumentHelp(
            "The supervisor's control socket.",
            discussion: "Default: /run/fwd/control.sock for root, $XDG_RUNTIME_DIR/fwd/control.sock for others.",
            valueName: "path"),
        completion: .file())
    var control: String?

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// The absolute path of the control socket.
    func controlPath() throws -> String {
        let path = control ?? ControlSocket.standardPath(environment: Self.environment, uid: geteuid())
        return try ControlSocket.absolutePath(path, workingDirectory: FileManager.default.currentDirectoryPath)
    }

    /// The directory that was named by option or environment, absolute.
    var namedDirectory: String? {
        let named = directory ?? Self.environment["FWD_DIR"]
        return named.flatMap { $0.isEmpty ? nil : Self.absolute($0) }
    }

    /// Where `forwards.d` is when nobody says so.
    var standardDirectory: String {
        ForwardsDirectory.standardPath(environment: Self.environment, isRoot: geteuid() == 0)
    }

    /// The directory for `fwd run`.
    var runDirectory: String { namedDirectory ?? standardDirectory }

    static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }
}
