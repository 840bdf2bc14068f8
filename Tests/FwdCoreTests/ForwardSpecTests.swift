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
        ("", 0, "a forward starts with -L or -R, as in \"-L 5432:db:5432\""),
        ("5432:db:5432", 0, "a forward starts with -L or -R, as in \"-L 5432:db:5432\""),
        ("-D 1080", 0, "dynamic forwards (-D) are not supported"),
        ("-X 1:b:2", 0, "unknown kind \"-X\"; -L and -R are supported"),
        ("-L", 2, "expected -L [bind_address:]port:host:hostport, found 1 field"),
        ("-R 80:h", 3, "expected -R [bind_address:]port:host:hostport, found 2 fields"),
        ("-L a:80:h:80:x", 3, "expected -L [bind_address:]port:host:hostport, found 5 fields"),
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
        ("-L /run/x:h:80", 3, "Unix sockets are not supported"),
    ])
    func whatIsNoForwardIsRefusedAtItsPlace(text: String, offset: Int, message: String) {
        let error = #expect(throws: ForwardSpecError.self) { try ForwardSpec(parsing: text) }
        #expect(error == ForwardSpecError(message, at: offset))
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
