import Crypto
import Foundation

/// Replaces what ssh_config(5) calls TOKENS and ENVIRONMENT VARIABLES, and the tilde, as ssh does.
struct TokenExpansion {
    /// Without `%`.
    private let tokens: [Character: String]
    private let environment: [String: String]

    /// The tokens of ProxyCommand and ProxyJump.
    static let proxyTokens: Set<Character> = ["%", "h", "n", "p", "r"]
    /// The tokens of files and sockets.
    static let fileTokens: Set<Character> = ["%", "C", "d", "h", "i", "j", "k", "L", "l", "n", "p", "r", "u"]

    struct Target {
        let name: String
        let hostName: String
        let port: UInt16
        let user: String
        let alias: String?
        /// ProxyJump as it stands, or empty.
        let jump: String
    }

    init(
        _ target: Target, local: LocalUser = .current, localHost: String = ProcessInfo.processInfo.hostName,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        let connection = localHost + target.hostName + String(target.port) + target.user + target.jump
        tokens = [
            "%": "%", "h": target.hostName, "n": target.name, "p": String(target.port), "r": target.user,
            "k": target.alias ?? target.name, "j": target.jump, "d": local.home, "i": String(local.id),
            "u": local.name, "l": localHost, "L": String(localHost.prefix { $0 != "." }),
            "C": Insecure.SHA1.hash(data: Array(connection.utf8)).map { hexadecimal($0) }.joined(),
        ]
        self.environment = environment
    }

    /// A path of an identity or a certificate: tilde, tokens, `${VARIABLE}`.
    /// - Parameter keyword: as ssh_config(5) spells it, for the message.
    func file(_ value: String, keyword: String) throws(SSHClientError) -> String {
        let isHome = value == "~" || value.hasPrefix("~")
        let path = isHome ? try tilde(value, keyword: keyword) : value
        return try expand(path, Self.fileTokens, hasVariables: true, keyword: keyword)
    }

    func proxy(_ value: String, keyword: String) throws(SSHClientError) -> String {
        try expand(value, Self.proxyTokens, hasVariables: false, keyword: keyword)
    }

    private func tilde(_ value: String, keyword: String) throws(SSHClientError) -> String {
        let name = value.dropFirst().prefix { $0 != "/" }
        let rest = value.dropFirst(1 + name.count)
        guard let home = name.isEmpty ? tokens["d"] : LocalUser(named: String(name))?.home else {
            throw .unusable("\(keyword) \(value.printable(200)) names a user that does not exist")
        }
        return home + rest
    }

    private func expand(
        _ value: String, _ allowed: Set<Character>, hasVariables: Bool, keyword: String
    ) throws(SSHClientError) -> String {
        var (result, rest) = ("", value[...])
        while let next = rest.popFirst() {
            if next == "%" {
                guard let token = rest.popFirst(), allowed.contains(token), let text = tokens[token] else {
                    throw .unusable("\(keyword) \(value.printable(200)) has an unknown token; %% stands for %")
                }
                result += text
            } else if hasVariables, next == "$", rest.first == "{" {
                guard let end = rest.firstIndex(of: "}"), let text = environment[String(rest[..<end].dropFirst())]
                else { throw .unusable("\(keyword) \(value.printable(200)) has a variable that is not set") }
                result += text
                rest = rest[end...].dropFirst()
            } else {
                result.append(next)
            }
        }
        return result
    }
}

private func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
}
