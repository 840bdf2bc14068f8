/// Every key that a gateway's file may have: the parser refuses all others, and fwd.yaml(5) is made from it.
public enum KeyReference {
    public static let sections = [file, gateway, identity, hostKey, liveness, display, forward, dns, network, probe]

    static let file = ConfigKeySection(
        "the file",
        [
            ConfigKey("gateway", "The SSH server, and how to log in to it", default: "required"),
            ConfigKey("forwards", "The forwards by name: a spec, or a mapping with the keys below", default: "none"),
        ])

    static let gateway = ConfigKeySection(
        "gateway",
        [
            ConfigKey(
                "host",
                """
                Name or address of the server, or a Host alias of ssh_config; or a list: the first that can be used is, \
                and the first of all again when it returns
                """,
                default: "required"),
            ConfigKey("port", "1 to 65535", default: "ssh_config, else 22"),
            ConfigKey("user", "Who logs in", default: "ssh_config, else the user that runs fwd"),
            ConfigKey(
                "identity",
                """
                One key or a list: a private key, a .pub whose private half the agent has, credential:NAME, or a mapping
                """,
                default: """
                    ssh_config, else those of ~/.ssh/id_rsa, id_ecdsa and id_ed25519 that exist, and all keys of the agent
                    """),
            ConfigKey(
                "host-key", "One pin or a list: TYPE SHA256:FINGERPRINT, a whole public key line, or a mapping",
                default: "none: known-hosts decides"),
            ConfigKey(
                "agent", "The socket of an ssh-agent, or none", default: "ssh_config, else $SSH_AUTH_SOCK of fwd run"),
            ConfigKey(
                "password-file", "Holds the password, the last resort: a path or credential:NAME", default: "none"),
            ConfigKey(
                "known-hosts", "A path, a list of paths, or none",
                default:
                    "ssh_config, else ~/.ssh/known_hosts, known_hosts2, /etc/ssh/ssh_known_hosts, ssh_known_hosts2"),
            ConfigKey(
                "via", "Another gateway of this directory, to be reached through",
                default: "ssh_config's ProxyJump or ProxyCommand, else directly"),
            ConfigKey(
                "liveness",
                "How often the server is asked for a sign of life, and how many intervals of silence end the session",
                default: "ssh_config's ServerAliveInterval and ServerAliveCountMax, else 5s and 3"),
            ConfigKey(
                "display",
                """
                An X display of this machine for the far side, by a remote forward of this name: ":0", host:0, or a \
                mapping. Programs there have it as DISPLAY=localhost:10, and need the X server's cookie \
                (contrib/doc/x11.md): xauth add localhost:10 . COOKIE
                """,
                default: "none"),
            ConfigKey(
                "ssh-config", "The only ssh_config to read, or none", default: "~/.ssh/config, /etc/ssh/ssh_config"),
        ])

    static let identity = ConfigKeySection(
        "gateway.identity", condition: "where an identity is a mapping",
        [
            ConfigKey("file", "The private key, as above", default: "required"),
            ConfigKey("certificate", "The OpenSSH user certificate for it", default: "FILE-cert.pub if it exists"),
            ConfigKey(
                "passphrase-file", "Holds the passphrase of an encrypted key: a path or credential:NAME",
                default: "none"),
        ])

    static let hostKey = ConfigKeySection(
        "gateway.host-key", condition: "where a pin is a mapping",
        [
            ConfigKey("pin", "The pin, as above", default: "required"),
            ConfigKey("retire", "true: trusted still, and warned of when the server uses it", default: "false"),
        ])

    static let liveness = ConfigKeySection(
        "gateway.liveness",
        [
            ConfigKey("interval", "Between two questions: 5s", default: "5s"),
            ConfigKey("count", "Intervals of silence that end the session", default: "3"),
        ])

    static let display = ConfigKeySection(
        "gateway.display", condition: "where it is a mapping",
        [
            ConfigKey("local", "The display here, as above", default: "required"),
            ConfigKey("number", "Its number at the far side, where port 6000 + number is listened on", default: "10"),
        ])

    /// The keys of which a forward in the long form has exactly one.
    static let kinds = ["spec", "transparent", "network"]

    static let forward = ConfigKeySection(
        "forwards.NAME", condition: "in the long form",
        [
            ConfigKey(
                "spec",
                """
                As for ssh: -L or -R and [bind:]port:host:hostport, or -D and [bind:]port; an absolute path is a Unix \
                socket, at either end of -L and as the target of -R
                """,
                default: "required, unless there is transparent or network"),
            ConfigKey(
                "transparent",
                """
                In place of spec, on Linux: a network or a list; connections to them, of this machine and of hosts that \
                it routes for, are made from the gateway
                """,
                default: "none"),
            ConfigKey("exclude", "Parts of those networks that are left alone: a network or a list", default: "none"),
            ConfigKey(
                "dns", "Beside transparent: domains whose names are resolved at the far side, a mapping",
                default: "none"),
            ConfigKey(
                "network", "Instead of spec: a tunnel for IP packets, between a device here and one at the far side",
                default: "none"),
            ConfigKey(
                "hold", "How long a new connection to here waits for the gateway: 500ms, 10s, 2m, 1h, at most 24h",
                default: "10s"),
            ConfigKey("enabled", "false keeps the rule but does not start it", default: "true"),
            ConfigKey(
                "probe",
                "Proof that the target answers: off, an interval (a connection is opened that often), or a mapping",
                default: """
                    every 60s a connection, or an echo of a network's peer; none for -D and transparent, whose clients choose
                    """),
            ConfigKey(
                "allow",
                "Who may connect to a forward that listens here, or is transparent: an address or a range, or a list of them",
                default: "everybody who can reach it"),
            ConfigKey(
                "permit",
                """
                What clients of a -D may ask for: host:port or a list, with 10.2.0.0/16, [2001:db8::]/32, *.example.org \
                or * for the host and 80-90 or * for the port. A name is resolved at the far side, so it fits a name \
                or * and never an address
                """,
                default: "whatever the gateway can reach"),
            ConfigKey("max-connections", "Connections at a time; more are reset", default: "no limit"),
            ConfigKey(
                "rate", "Payload a second and direction, all connections together: 10MB/s, 64KiB/s, 100Mbit/s",
                default: "no limit"),
            ConfigKey(
                "mode", "Of the file, where a Unix socket is listened on: its permissions in octal", default: "0600"),
            ConfigKey("idle-timeout", "A connection that carries nothing for this long is ended", default: "never"),
        ])

    static let dns = ConfigKeySection(
        "forwards.NAME.dns",
        [
            ConfigKey("domains", "A domain or a list: it and all names below it", default: "required"),
            ConfigKey("server", "Who is asked there, over TCP: a host, or host:port", default: "required; port 53"),
            ConfigKey(
                "listen", "Where questions are taken here, over UDP and TCP: an address with a port",
                default: "127.0.0.1:5300"),
        ])

    static let network = ConfigKeySection(
        "forwards.NAME.network",
        [
            ConfigKey("address", "Of the device here, with its prefix: 10.99.0.1/30; or a list", default: "required"),
            ConfigKey("peer", "Of the device at the far side: 10.99.0.2; or a list", default: "required"),
            ConfigKey("routes", "A network behind the far side, or a list: 10.2.0.0/16", default: "none"),
            ConfigKey("unit", "The number of the far side's tun device, or any", default: "any"),
            ConfigKey("device", "The name of the device here", default: "fwd0, or the next that is free"),
            ConfigKey("mtu", "The longest packet, of 576 to 32000 bytes", default: "1500"),
            ConfigKey(
                "while-down",
                """
                What becomes of the routes without a session: keep drops what is sent to them, withdraw takes them out, so \
                that it may leave by another way
                """,
                default: "keep"),
        ])

    static let probe = ConfigKeySection(
        "forwards.NAME.probe", condition: "where it is a mapping",
        [
            ConfigKey(
                "to", "What a -D or a transparent one is probed with: host:port, connected to from the gateway",
                default: "the forward's target; required for those two"),
            ConfigKey("every", "Between two probes", default: "60s"),
            ConfigKey("timeout", "How long one may take", default: "10s"),
            ConfigKey(
                "expect", "Text with which the target's own first words begin", default: "none: a connection is enough"),
            ConfigKey("http", "A path: GET is sent, and the status of the answer looked at", default: "none"),
            ConfigKey("status", "The status that http wants", default: "200"),
        ])
}
