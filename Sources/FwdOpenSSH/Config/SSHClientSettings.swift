import Foundation
import FwdCore

/// What ssh would do for a host, as `ssh -G` prints it; paths and commands have their tokens expanded.
public struct SSHClientSettings: Hashable, Sendable {
    /// Keywords in lower case, and their values in the order of the output: `"identityfile": ["~/.ssh/id_rsa", …]`.
    public let values: [String: [String]]

    public let hostName: String
    public let port: UInt16
    public let user: String
    /// The keys to log in with, those that ssh tries of its own accord included.
    public let identityFiles: [String]
    /// Whether the configuration names the keys: `false` where `identityFiles` is what ssh tries without any.
    public let hasOwnIdentityFiles: Bool
    public let certificateFiles: [String]
    public let identitiesOnly: Bool
    /// `nil`: the configuration does not say.
    public let identityAgent: AgentSocket?
    public let userKnownHostsFiles: [String]
    public let globalKnownHostsFiles: [String]
    /// In lower case.
    public let hostKeyAlias: String?
    /// In the order of travel. Empty: none.
    public let proxyJump: [JumpHop]
    public let proxyCommand: String?
    public let bindAddress: String?
    public let connectTimeout: Duration?
    /// `nil`: ssh does not ask for signs of life.
    public let serverAliveInterval: Duration?
    public let serverAliveCountMax: Int
    /// In the grammar of `ssh -L`, `-R` and `-D`.
    public let localForwards: [String]
    public let remoteForwards: [String]
    public let dynamicForwards: [String]

    /// - Parameters:
    ///   - host: as ssh was asked.
    ///   - defaultIdentityFiles: what ssh prints without any configuration.
    init(
        _ values: [String: [String]], host: String, defaultIdentityFiles: [String]
    ) throws(SSHClientError) {
        let answer = SSHAnswer(values)
        self.values = values
        hostName = answer.hostName ?? host
        port = try answer.port()
        user = answer.one("user") ?? LocalUser.current.name
        hostKeyAlias = answer.one("hostkeyalias")
        let expansion = TokenExpansion(
            TokenExpansion.Target(
                name: host, hostName: hostName, port: port, user: user, alias: hostKeyAlias,
                jump: answer.one("proxyjump") ?? ""))
        identityFiles = try answer.files("IdentityFile", expansion)
        hasOwnIdentityFiles = answer.all("identityfile") != defaultIdentityFiles
        certificateFiles = try answer.files("CertificateFile", expansion)
        identitiesOnly = answer.one("identitiesonly") == "yes"
        identityAgent = answer.agent()
        userKnownHostsFiles = answer.hostFiles("userknownhostsfile")
        globalKnownHostsFiles = answer.hostFiles("globalknownhostsfile")
        proxyJump = try answer.jumps(expansion)
        proxyCommand = try answer.proxyCommand(expansion)
        bindAddress = answer.one("bindaddress")
        connectTimeout = answer.seconds("connecttimeout")
        serverAliveInterval = answer.seconds("serveraliveinterval")
        serverAliveCountMax = answer.one("serveralivecountmax").flatMap { Int($0) } ?? 3
        localForwards = answer.all("localforward").map(SSHForwardText.spec)
        remoteForwards = answer.all("remoteforward").map(SSHForwardText.spec)
        dynamicForwards = answer.dynamicForwards()
    }

    /// - Parameter output: `keyword value` lines.
    static func values(of output: String) -> [String: [String]] {
        var values: [String: [String]] = [:]
        for line in output.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
            guard let keyword = words.first, words.count == 2 else { continue }
            values[keyword.lowercased(), default: []].append(String(words[1]))
        }
        return values
    }
}
