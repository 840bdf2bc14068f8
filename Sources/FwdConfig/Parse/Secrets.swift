import FwdCore

/// Secrets stand in files of their own. Messages here never repeat what was read: it may be the secret.
extension GatewayChecker {
    /// What somebody calls a key with the secret itself.
    private static let names: Set<String> = ["password", "passwd", "pass", "passphrase", "secret"]

    /// Reports a key that is meant to hold a secret.
    /// - Parameter keys: those that the mapping may have.
    /// - Returns: whether it was one.
    mutating func refuseSecret(_ name: String, _ field: ConfigField, keys: [String]) -> Bool {
        guard Self.names.contains(name.lowercased()) else { return false }
        let advice =
            if keys.contains("passphrase-file") {
                "\"passphrase-file\" with its path or credential:NAME"
            } else if name.lowercased() == "passphrase" {
                "\"identity: {file: …, passphrase-file: …}\" with its path or credential:NAME"
            } else {
                "\"password-file\" with its path or credential:NAME"
            }
        error(
            at: field.key.position,
            "\(field.path): a secret must not stand in this file; write it into a file of its own and use \(advice)")
        return true
    }

    /// `password-file`, `passphrase-file`.
    mutating func secret(_ field: ConfigField?) -> SecretSource? {
        guard let field else { return nil }
        guard case .scalar(let text) = field.value.content, !text.unicodeScalars.contains(where: Quoted.isControl),
            let source = Scalars.source(text, home: environment.homeDirectory)
        else {
            error(
                at: field.position,
                "\(field.path): expected \(Scalars.expectedSource), where the secret is; never the secret itself")
            return nil
        }
        warnIfAbsent(source, field)
        return source
    }

    /// A file that is not there may come later, so it is no error.
    mutating func warnIfAbsent(_ source: SecretSource, _ field: ConfigField) {
        if case .file(let path) = source { warnIfAbsent(path, field) }
    }

    mutating func warnIfAbsent(_ path: String, _ field: ConfigField) {
        if !environment.fileExists(path) { warning(at: field.position, "\(field.path): there is no file \(path)") }
    }
}
