import FwdDaemon

/// fwd(8): the supervisor.
struct DaemonManual {
    private let run: ToolInfo.Command?

    init(_ root: ToolInfo.Command) {
        run = root.subcommands?.first { $0.commandName == "run" }
    }

    func render() -> String {
        var page = Mdoc(title: "FWD", section: 8, date: ManualPage.date)
        page.section("NAME")
        page.macro("Nm", "fwd")
        page.macro("Nd", "supervises SSH port forwards (fwd run)")
        page.section("DESCRIPTION")
        page.paragraph(run?.abstract ?? "")
        page.paragraph(run?.discussion?.replacing("\n\n", with: " ").replacing("\n", with: " ") ?? "")
        page.section("OPTIONS")
        page.list(run.map(OptionText.shown)?.map(OptionText.item) ?? [])
        page.section("SIGNALS")
        page.list(Self.signals)
        page.section("HEALTH")
        page.paragraph("Answered on the health address, GET only:")
        page.list(HealthRoute.allCases.map { ($0.rawValue, ["\($0.summary)."]) })
        page.section("ENVIRONMENT")
        page.list(Self.environment)
        page.section("FILES")
        page.list(Self.files)
        page.section("EXIT STATUS")
        page.list(ManualPage.exitCodes)
        page.section("SEE ALSO")
        page.macro("Xr", "fwd", "1", ",")
        page.macro("Xr", "fwd.yaml", "5", ",")
        page.macro("Xr", "sshd_config", "5", ",")
        page.macro("Xr", "systemd.service", "5")
        return page.text
    }

    private static let signals: [(term: String, meaning: [String])] = [
        ("HUP", ["Reads the directory again, then retries everything at once."]),
        ("TERM, INT", ["Stops listening, lets connections end for up to 10 s, exits with 0. A second one: at once."]),
    ]

    private static let environment: [(term: String, meaning: [String])] = [
        ("FWD_DIR", ["The directory, where --dir is not given."]),
        ("SSH_AUTH_SOCK", ["The ssh-agent, for gateways that name none."]),
        ("CREDENTIALS_DIRECTORY", ["Where credential:NAME is looked for; systemd sets it (LoadCredential=)."]),
        ("NOTIFY_SOCKET, WATCHDOG_USEC, LISTEN_FDS, LISTEN_FDNAMES", ["The service manager's; see sd_notify(3)."]),
        ("JOURNAL_STREAM", ["Where log lines go to the journal, they carry their priority and no time."]),
        ("NO_COLOR", ["No colours."]),
    ]

    private static let files: [(term: String, meaning: [String])] = [
        ("/etc/fwd/forwards.d", ["One file for each gateway, see fwd.yaml(5)."]),
        ("/run/fwd/control.sock", ["The control socket of root's and the system's supervisor."]),
    ]
}
