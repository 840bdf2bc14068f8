/// The sshd_config of a fixture.
struct SSHDConfiguration {
    let directory: TemporaryDirectory
    let port: UInt16
    let hostKeys: [SSHKey]
    let options: SSHDOptions
    let program: SSHDProgram
    let passwordService: PAMService?

    var text: String {
        let given = options.configuration
        let match = given.firstIndex { $0.lowercased().hasPrefix("match") } ?? given.endIndex
        let lines = given[..<match] + network + authentication + passwords + limits + given[match...]
        return lines.joined(separator: "\n") + "\n"
    }

    private var network: [String] {
        let loopback = FreePorts.hasIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"]
        let addresses = options.address.map { [$0] } ?? loopback
        // A bash that sshd starts reads ~/.bashrc, unless it seems to be inside another one: that can take a minute.
        return [
            "SetEnv SHLVL=2", "Port \(port)", "PidFile \(directory.file("sshd.pid"))", "UseDNS no",
            "LogLevel \(options.logLevel)",
        ]
            + addresses.map { "ListenAddress \($0)" }
    }

    private var authentication: [String] {
        hostKeys.map { "HostKey \($0.path)" } + [
            "AuthorizedKeysFile \(directory.file("authorized_keys"))",
            "StrictModes no",
            "PermitRootLogin yes",
        ] + (options.trustedUserCA.map { ["TrustedUserCAKeys \($0.path).pub"] } ?? [])
    }

    private var passwords: [String] {
        guard let passwordService else {
            return [
                "PasswordAuthentication no", "KbdInteractiveAuthentication no",
                "UsePAM \(CurrentUser.isLocked ? "yes" : "no")",
            ]
        }
        let name = program.knowsPAMServiceName ? ["PAMServiceName \(passwordService.name)"] : []
        return ["PasswordAuthentication yes", "KbdInteractiveAuthentication yes", "UsePAM yes"] + name
    }

    /// Tests open many sessions at once, and many of them fail on purpose.
    private var limits: [String] {
        ["MaxStartups 1000", "MaxAuthTries 100", "PrintMotd no", "PrintLastLog no"]
            + (program.knowsPenalties ? ["PerSourcePenalties no"] : [])
    }
}
