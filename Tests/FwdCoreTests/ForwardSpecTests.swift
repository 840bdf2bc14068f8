import FwdCore
import Testing

@Suite struct ForwardSpecTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let text: String
        let kind: ForwardSpec.Kind
        let address: ForwardSpec.BindAddress
        let port: UInt16
        let target: ForwardSpec.Endpoint

        init(
            _ text: String, _ kind: ForwardSpec.Kind, _ address: ForwardSpec.BindAddress, _ port: UInt16,
            _ host: String,
            _ hostPort: UInt16
        ) {
            self.text = text
            self.kind = kind
            self.address = address
            self.port = port
            target = ForwardSpec.Endpoint(host: host, port: hostPort)
        }

        var testDescription: String { text }
    }

    @Test(arguments: [
        Row("-L 5432:db:5432", .local, .loopback, 5432, "db", 5432),
        Row("-L5432:db:5432", .local, .loopback, 5432, "db", 5432),
        Row("-L \t 1:db:65535", .local, .loopback, 1, "db", 65535),
        Row("-R 2222:localhost:22", .remote, .loopback, 2222, "localhost", 22),
        Row("-R 0:localhost:22", .remote, .loopback, 0, "localhost", 22),
        Row("-L localhost:80:h:80", .local, .loopback, 80, "h", 80),
        Row("-L :80:h:80", .local, .any, 80, "h", 80),
        Row("-L *:80:h:80", .local, .any, 80, "h", 80),
        Row("-L 0.0.0.0:80:h:80", .local, .address("0.0.0.0"), 80, "h", 80),
        Row("-L [::1]:80:[2001:db8::7]:81", .local, .address("::1"), 80, "2001:db8::7", 81),
        Row("-L [fe80::1%eth0]:80:h:80", .local, .address("fe80::1%eth0"), 80, "h", 80),
        Row("-L [127.0.0.1]:80:[h]:80", .local, .address("127.0.0.1"), 80, "h", 80),
        Row("-L http:h:http", .local, .loopback, 80, "h", 80),
    ])
    func sshsGrammarIsRead(row: Row) throws {
        let spec = try ForwardSpec(parsing: row.text, service: { $0 == "http" ? 80 : nil })
        #expect(
            spec
                == ForwardSpec(kind: row.kind, listen: .init(address: row.address, port: row.port), target: row.target))
        #expect(try ForwardSpec(parsing: spec.description) == spec)
    }

    @Test(arguments: [
        ("", 0, "a forward starts with -L, -R or -D, as in \"-L 5432:db:5432\""),
        ("5432:db:5432", 0, "a forward starts with -L, -R or -D, as in \"-L 5432:db:5432\""),
        ("-D", 2, "\"\" is not a port (1 to 65535)"),
        ("-D 0", 3, "port 0 is possible for -R only, where the far side chooses"),
        ("-D a:b:1", 3, "expected -D [bind_address:]port, found 3 fields"),
        ("-X 1:b:2", 0, "unknown kind \"-X\"; -L, -R and -D are supported"),
        (
            "-L", 2,
            "expected -L [bind_address:]port:host:hostport (or the path of a Unix socket at either end), found 1 field"
        ),
        (
            "-R 80:h", 3,
            "expected -R [bind_address:]port:host:hostport (or -R [bind_address:]port:local_socket), found 2 fields"
        ),
        (
            "-L a:80:h:80:x", 3,
            "expected -L [bind_address:]port:host:hostport (or the path of a Unix socket at either end), found 5 fields"
        ),
        ("-L 0:h:80", 3, "port 0 is possible for -R only, where the far side chooses"),
        ("-R 80:h:0", 8, "the target's port must not be 0"),
        ("-L 65536:h:80", 3, "\"65536\" is not a port (1 to 65535)"),
        ("-L -1:h:80", 3, "\"-1\" is not a port (1 to 65535)"),
        ("-L ::80:h", 4, "\"\" is not a port (1 to 65535)"),
        ("-L 80:h:smtp", 8, "\"smtp\" is not a port (1 to 65535)"),
        ("-L 80::80", 6, "the target's host is missing"),
        ("-L 80:*:80", 6, "\"*\" is not a host name or address"),
        ("-L 80:a b:80", 6, "\"a b\" is not a host name or address"),
        ("-L [::1:80:h:80", 3, "\"[\" without \"]\""),
        ("-L [::1]80:h:80", 8, "expected \":\" after \"]\""),
        ("-R /run/x:h:80", 3, "a Unix socket at the far side cannot be listened on"),
        ("-L 80:run/x", 6, "\"run/x\" is not the absolute path of a Unix socket"),
        ("-L 80:/run/", 6, "\"/run/\" is not a Unix socket's path (a file, at most 107 bytes)"),
        (
            "-L *:/run/x:h:80", 3,
            "expected -L [bind_address:]port:host:hostport (or the path of a Unix socket at either end), found 4 fields"
        ),
        (
            "-L /run/x", 3,
            "expected -L [bind_address:]port:host:hostport (or the path of a Unix socket at either end), found 1 field"
        ),
    ])
    func whatIsNoForwardIsRefusedAtItsPlace(text: String, offset: Int, message: String) {
        let error = #expect(throws: ForwardSpecError.self) { try ForwardSpec(parsing: text) }
        #expect(error == ForwardSpecError(message, at: offset))
    }

    @Test(
        arguments: [
            ("-L /run/a.sock:db:5432", .local, .socket("/run/a.sock"), .host(.init(host: "db", port: 5432))),
            ("-L /run/a.sock:/run/b.sock", .local, .socket("/run/a.sock"), .socket("/run/b.sock")),
            ("-L 80:/run/b.sock", .local, .port(.init(address: .loopback, port: 80)), .socket("/run/b.sock")),
            ("-L *:80:/run/b.sock", .local, .port(.init(address: .any, port: 80)), .socket("/run/b.sock")),
            ("-R 80:/run/b.sock", .remote, .port(.init(address: .loopback, port: 80)), .socket("/run/b.sock")),
            (
                "-R [::1]:80:/run/b.sock", .remote, .port(.init(address: .address("::1"), port: 80)),
                .socket("/run/b.sock")
            ),
            ("-D 1080", .dynamic, .port(.init(address: .loopback, port: 1080)), nil),
            ("-D [::]:1080", .dynamic, .port(.init(address: .address("::"), port: 1080)), nil),
            ("-D :1080", .dynamic, .port(.init(address: .any, port: 1080)), nil),
        ] as [(String, ForwardSpec.Kind, ForwardSpec.Listen, ForwardSpec.Destination?)])
    func unixSocketsAndProxiesAreRead(
        text: String, kind: ForwardSpec.Kind, listen: ForwardSpec.Listen, destination: ForwardSpec.Destination?
    ) throws {
        let spec = try ForwardSpec(parsing: text)
        #expect(spec == ForwardSpec(kind: kind, listen: listen, target: destination.map { .destination($0) } ?? .asked))
        #expect(try ForwardSpec(parsing: spec.description) == spec)
    }

    @Test(arguments: [
        ("-L 80:h:80", false, "localhost:80"), ("-L 127.3.2.1:80:h:80", false, "127.3.2.1:80"),
        ("-L [::1]:80:h:80", false, "[::1]:80"), ("-L *:80:h:80", true, "*:80"),
        ("-L 192.0.2.1:80:h:80", true, "192.0.2.1:80"), ("-R [::]:0:h:80", true, "[::]:0"),
    ])
    func theReachOfAListenerIsKnown(text: String, isBeyond: Bool, listen: String) throws {
        let spec = try ForwardSpec(parsing: text)
        #expect(spec.listensBeyondLoopback == isBeyond)
        #expect(spec.listen.description == listen)
    }
}
