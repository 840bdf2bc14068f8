/// The sshd_config of a fixture.
struct SSHDConfiguration {
    let directory: TemporaryDirectory
    let port: UInt16
    let hostKeys: [SSHKey]
    let extraLines: [String]
    let knowsPenalties: Bool

    var text: String {
        let match = extraLines.firstIndex { $0.lowercased().hasPrefix("match") } ?? extraLines.endIndex
        let lines = extraLines[..<match] + network + authentication + limits + extraLines[match...]
        return lines.joined(separator: "\n") + "\n"
    }

    private var network: [String] {
        let addresses = FreePorts.hasIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]
        return ["Port \(port)", "PidFile \(directory.file("sshd.pid"))", "UseDNS no", "LogLevel VERBOSE"]
            + addresses.map { "ListenAddress \($0)" }
    }

    private var authentication: [String] {
        hostKeys.map { "HostKey \($0.path)" } + [
            "AuthorizedKeysFile \(directory.file("authorized_keys"))",
            "StrictModes no",
            "PermitRootLogin yes",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "UsePAM \(CurrentUser.isLocked ? "yes" : "no")",
        ]
    }

    /// Tests open many sessions at once, and many of them fail on purpose.
    private var limits: [String] {
        ["MaxStartups 1000", "MaxAuthTries 100", "PrintMotd no", "PrintLastLog no"]
            + (knowsPenalties ? ["PerSourcePenalties no"] : [])
    }
}
