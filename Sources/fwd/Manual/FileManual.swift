import FwdConfig

/// fwd.yaml(5), from the keys that the parser takes.
struct FileManual {
    func render() -> String {
        var page = Mdoc(title: "FWD.YAML", section: 5, date: ManualPage.date)
        page.section("NAME")
        page.macro("Nm", "fwd.yaml")
        page.macro("Nd", "one SSH server and its port forwards")
        page.section("DESCRIPTION")
        page.paragraph(
            """
            Each gateway, which is an SSH server, has one file in forwards.d; the file's name without .yaml is the \
            gateway's. Other endings and hidden files are not read. An unknown key is an error. A bad file refuses its \
            own gateway only. Paths start with / or ~/.
            """)
        for section in KeyReference.sections { describe(section, &page) }
        page.section("FILES")
        page.list([
            ("/etc/fwd/forwards.d", ["For root, and for the system's service."]),
            ("~/.config/fwd/forwards.d", ["For others, or in $XDG_CONFIG_HOME."]),
        ])
        page.section("EXAMPLES")
        page.example(Self.example)
        page.section("SEE ALSO")
        page.macro("Xr", "fwd", "1", ",")
        page.macro("Xr", "ssh_config", "5", ",")
        page.macro("Xr", "fwd", "8")
        return page.text
    }

    private func describe(_ section: ConfigKeySection, _ page: inout Mdoc) {
        page.subsection(section.path + (section.condition.isEmpty ? "" : ", \(section.condition)"))
        page.list(
            section.keys.map { key in
                (key.name, ["\(key.summary).", key.standard == "required" ? "Required." : "Default: \(key.standard)."])
            })
    }

    static let example = """
        # amsterdam.yaml
        gateway:
          host: t2.example.org
          user: tunnel
          identity: ~/.ssh/fwd_ed25519
          host-key:
            - ssh-ed25519 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU
        forwards:
          db: -L 5432:db.internal:5432
          backup: -R 2222:localhost:22
          mail:
            spec: -L 0.0.0.0:2525:mail.internal:25
            allow: [192.168.1.0/24]
            max-connections: 200
        """
}
