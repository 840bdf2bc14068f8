import ArgumentParser
import FwdControl

/// What a gateway's file needs when `fwd add` makes it.
struct NewGatewayOptions: ParsableArguments {
    @Option(help: "For a new gateway: the SSH server.")
    var host: String?

    @Option(help: "For a new gateway: the server's port.")
    var port: UInt16?

    @Option(help: "For a new gateway: the user to log in as.")
    var user: String?

    @Option(help: "For a new gateway: a private key file; may be repeated.", completion: .file())
    var identity: [String] = []

    @Option(
        help: ArgumentHelp(
            "For a new gateway: a trusted host key; may be repeated.", valueName: "type SHA256:fingerprint"))
    var hostKey: [String] = []

    var isEmpty: Bool { host == nil && port == nil && user == nil && identity.isEmpty && hostKey.isEmpty }

    func validate() throws {
        if host == nil, !isEmpty { throw ValidationError("--port, --user, --identity and --host-key need --host") }
    }

    /// The text of the file, without forwards.
    func text(host: String) -> String {
        var lines = ["gateway:", "  host: \(Self.scalar(host))"]
        if let port { lines.append("  port: \(port)") }
        if let user { lines.append("  user: \(Self.scalar(user))") }
        lines += Self.list("identity", identity)
        lines += Self.list("host-key", hostKey)
        return lines.joined(separator: "\n") + "\n"
    }

    private static func list(_ key: String, _ values: [String]) -> [String] {
        if values.isEmpty { return [] }
        return ["  \(key):"] + values.map { "    - \(scalar($0))" }
    }

    /// Plain where YAML reads it back as it is, else in double quotes, for which JSON's rules are good.
    static func scalar(_ value: String) -> String {
        let isPlain = value.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", "/", "~", "@", "+", "=": true
            case ":", " ": true
            default: false
            }
        }
        let isSafe = isPlain && !value.contains(": ") && !value.hasSuffix(":") && !value.contains("  ")
        if isSafe, let first = value.unicodeScalars.first, first != "-", first != "@", first != " ",
            !value.hasSuffix(" "),
            value != "~"
        {
            return value
        }
        let quoted = (try? ControlJSON.encode(value)).map { String(decoding: $0, as: UTF8.self) }
        return quoted ?? "\"\""
    }
}
