import FwdCore

/// What mends credentials that cannot be used: the messages name the commands.
enum CredentialRemedy {
    static func all(_ step: DoctorStep) -> [DoctorRemedy] {
        let found = step.details.flatMap(of)
        if !found.isEmpty || step.cause?.reason == .agent { return found.isEmpty ? [agent] : found }
        let make = "ssh-keygen -t ed25519 -f ~/.ssh/id_ed25519"
        return [DoctorRemedy("here, to make a key; name it under identity", [make])]
    }

    private static let agent = DoctorRemedy("here, to see whether the agent answers", ["ssh-add -l"])

    private static let service = DoctorRemedy(
        "here, as root: only while the service runs are its credentials known", ["systemctl start fwd"])

    /// - Parameter line: `key file PATH: unusable (REASON)`.
    private static func of(_ line: String) -> [DoctorRemedy] {
        let file = line.prefix { $0 != ":" }.split(separator: " ").last.map(String.init) ?? "FILE"
        if let command = command(in: line) { return [DoctorRemedy("here", [command])] }
        if line.contains("it is encrypted") {
            return [DoctorRemedy("here, or name its passphrase-file", ["ssh-add \(file)"])]
        }
        if line.contains("no such file") {
            return [DoctorRemedy("here, to make the key; or mend identity", ["ssh-keygen -t ed25519 -f \(file)"])]
        }
        if line.contains("$CREDENTIALS_DIRECTORY is not set") { return [service] }
        if line.contains("permission denied") { return [DoctorRemedy("here, as root", ["chown $USER \(file)"])] }
        return line.contains("ssh-agent") ? [agent] : []
    }

    private static func command(in line: String) -> String? {
        for word in ["chmod 600 ", "ssh-keygen -p "] {
            guard let start = line.firstRange(of: word) else { continue }
            let rest = line[start.lowerBound...]
            return String(rest.hasSuffix(")") ? rest.dropLast() : rest)
        }
        return nil
    }
}
