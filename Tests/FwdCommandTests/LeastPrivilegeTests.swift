import FwdCore
import Testing

@testable import fwd

@Suite struct LeastPrivilegeTests {
    static func privilege(
        _ specs: [String], disabled: [String] = [], jumps: [(String, UInt16)] = [], user: String = "tunnel"
    ) throws -> LeastPrivilege {
        func forward(_ spec: String, isEnabled: Bool) throws -> ForwardConfiguration {
            ForwardConfiguration(name: "f", spec: try ForwardSpec(parsing: spec), isEnabled: isEnabled)
        }
        let forwards =
            try specs.map { try forward($0, isEnabled: true) } + disabled.map { try forward($0, isEnabled: false) }
        let login = LoginConfiguration(user: user)
        let gateway = GatewayConfiguration(name: "g", host: "h", login: login, forwards: forwards)
        return try LeastPrivilege(
            gateway,
            jumps: jumps.map { host, port in
                GatewayConfiguration(name: "j", host: "alias", hostName: host, port: port, login: login)
            })
    }

    @Test func theLineHasEveryTargetAndListenerOnce() throws {
        let privilege = try Self.privilege(
            [
                "-L 1:db:5432", "-L 2:db:5432", "-L 3:[2001:db8::1]:80", "-R 2222:localhost:22",
                "-R [::1]:2223:localhost:22", "-R WEB.example:80:localhost:80",
            ], disabled: ["-L 4:secret:1", "-R 9:localhost:9"], jumps: [("inner.example", 22)])
        #expect(
            privilege.keyOptions == "restrict,port-forwarding,permitopen=\"db:5432\",permitopen=\"[2001:db8::1]:80\","
                + "permitopen=\"inner.example:22\",permitlisten=\"localhost:2222\",permitlisten=\"[::1]:2223\","
                + "permitlisten=\"web.example:80\",command=\"true\"")
        #expect(privilege.listensBeyondLoopback)
    }

    @Test func theBlockSaysTheSame() throws {
        let block = try Self.privilege(["-L 1:db:5432", "-L 2:[::1]:80", "-R 2222:localhost:22"]).matchBlock
        #expect(
            block == """
                Match User tunnel
                    AllowTcpForwarding yes
                    PermitOpen db:5432 [::1]:80
                    PermitListen localhost:2222
                    GatewayPorts no
                    AllowStreamLocalForwarding no
                    AllowAgentForwarding no
                    X11Forwarding no
                    PermitTunnel no
                    PermitTTY no
                    PermitUserRC no
                    ForceCommand true
                """)
    }

    @Test(
        arguments: [
            ([], "no", "none", "none"), (["-L 1:db:2"], "local", "db:2", "none"),
            (["-R 1:db:2"], "remote", "none", "localhost:1"),
            (["-L 1:db:2", "-R 3:x:4"], "yes", "db:2", "localhost:3"),
        ] as [([String], String, String, String)])
    func whatIsNotNeededIsForbidden(
        _ specs: [String], _ direction: String, _ open: String, _ listen: String
    ) throws {
        let block = try Self.privilege(specs).matchBlock
        #expect(block.contains("AllowTcpForwarding \(direction)\n"))
        #expect(block.contains("PermitOpen \(open)\n"))
        #expect(block.contains("PermitListen \(listen)\n"))
        let options = try Self.privilege(specs).keyOptions
        #expect(options.contains("permitopen=\"forbidden.invalid:1\"") == (open == "none"))
        #expect(options.contains("permitlisten=\"FORBIDDEN.INVALID:1\"") == (listen == "none"))
    }

    @Test func clientsThatChooseNeedAllUnlessTheListCanBeSaid() throws {
        func opens(_ permit: [PermittedDestination]?, probe: Probe? = nil) throws -> LeastPrivilege {
            let forward = ForwardConfiguration(
                name: "d", spec: try ForwardSpec(parsing: "-D 1080"), probe: probe,
                limits: ForwardLimits(permit: permit))
            let login = LoginConfiguration(user: "tunnel")
            return try LeastPrivilege(
                GatewayConfiguration(name: "g", host: "h", login: login, forwards: [forward]), jumps: [])
        }
        let all = try opens(nil)
        #expect(all.opensAnything && all.matchBlock.contains("PermitOpen any\n"))
        #expect(all.matchBlock.contains("AllowTcpForwarding local\n") && !all.keyOptions.contains("permitopen"))
        let named = PermittedDestination(host: .name("db.internal"), ports: 80...81)
        let host = try #require(AddressRange(network: [10, 0, 0, 7], prefixLength: 32))
        let probe = Probe(to: .init(host: "db.internal", port: 81))
        let listed = try opens([named, .init(host: .addresses(host), ports: 22...22)], probe: probe)
        #expect(!listed.opensAnything)
        #expect(listed.opens == ["db.internal:81", "db.internal:80", "10.0.0.7:22"])
        for host in [PermittedDestination.Host.namesBelow("internal"), .any] {
            #expect(try opens([named, .init(host: host, ports: 1...1)]).opensAnything, "\(host)")
        }
        #expect(try opens([.init(host: .name("db"), ports: 1...UInt16.max)]).opensAnything)
    }

    @Test(
        arguments: [
            ("-R 1:t:2", "localhost:1", false), ("-R 127.0.0.1:1:t:2", "127.0.0.1:1", false),
            ("-R [::1]:1:t:2", "[::1]:1", false), ("-R *:1:t:2", "*:1", true),
            ("-R 127.0.0.2:1:t:2", "127.0.0.2:1", true),
            ("-R 0:t:2", "localhost:*", false),
        ] as [(String, String, Bool)])
    func aListenerIsNamedAsItIsAskedFor(_ spec: String, _ listen: String, _ needsGatewayPorts: Bool) throws {
        let privilege = try Self.privilege([spec])
        #expect(privilege.listens == [listen])
        #expect(privilege.listensBeyondLoopback == needsGatewayPorts)
        #expect(privilege.matchBlock.contains("GatewayPorts \(needsGatewayPorts ? "clientspecified" : "no")\n"))
        #expect(privilege.hasChosenPorts == spec.hasPrefix("-R 0:"))
    }

    @Test(arguments: ["a,command=x", "a'b", "a\\b", "a#b", "a?b", "a!b", "a(b"])
    func whatSshdWouldReadOtherwiseIsRefused(_ host: String) {
        #expect(throws: LeastPrivilege.Problem.self) { try Self.privilege(["-L 1:\(host):2"]) }
        #expect(throws: LeastPrivilege.Problem.self) { try Self.privilege(["-R \(host):1:t:2"]) }
        #expect(throws: LeastPrivilege.Problem.self) { try Self.privilege([], user: host) }
    }
}
