import FwdCore
import Testing

@testable import FwdConfig

/// `display` of a gateway.
@Suite struct DisplayKeyTests {
    private func parsed(_ display: String, forwards: String = "  db: -L 1:b:2\n") -> GatewayFile {
        let gateway = "gateway:\n  host: t2.example.org\n  host-key: \(pin)\n  display: \(display)\n"
        return parse(gateway + (forwards.isEmpty ? "" : "forwards:\n\(forwards)"))
    }

    @Test(arguments: [
        ("\":0\"", "-R 6010:/tmp/.X11-unix/X0"), ("\":1.0\"", "-R 6010:/tmp/.X11-unix/X1"),
        ("unix:2", "-R 6010:/tmp/.X11-unix/X2"), ("localhost:0.0", "-R 6010:localhost:6000"),
        ("\"[::1]:3\"", "-R 6010:[::1]:6003"), ("{local: \":0\"}", "-R 6010:/tmp/.X11-unix/X0"),
        ("{local: \":0\", number: 0}", "-R 6000:/tmp/.X11-unix/X0"),
        ("{number: 59535, local: x.example:1}", "-R 65535:x.example:6001"),
    ])
    func whatIsAccepted(text: String, spec: String) throws {
        let file = parsed(text)
        #expect(file.diagnostics == [])
        let forwards = try #require(file.configuration).forwards
        #expect(forwards.map(\.name) == ["display", "db"])
        #expect(forwards.first?.spec.description == spec)
        #expect(forwards.first?.probe == .standard)
    }

    @Test(arguments: [
        "0", "\":\"", "\":x\"", "\":0.\"", "\":0.0.0\"", "\":59536\"", "\"a b:0\"", "[a]", "{number: 1}",
        "{local: \":0\", number: -1}", "{local: \":0\", number: 59536}", "{lokal: \":0\"}",
    ])
    func whatIsNone(text: String) {
        let file = parsed(text)
        let said = lines(file.diagnostics)
        #expect(!said.isEmpty && said.allSatisfy { $0.contains("gateway.display") }, "\(said)")
        #expect(file.configuration == nil)
    }

    @Test func itsNameAndItsPortAreTaken() {
        let name = lines(parsed("\":0\"", forwards: "  display: -L 1:b:2\n").diagnostics)
        #expect(name == ["6:3: error: forwards.display: gateway.display of line 4 is a forward of this name already"])
        let port = lines(parsed("\":0\"", forwards: "  a: -R 6010:b:2\n").diagnostics)
        #expect(
            port == ["6:3: error: forwards.a: listens on localhost:6010, where \"display\" of line 4 listens already"])
    }

    @Test func itAloneIsSomethingToCarry() throws {
        let file = parsed("\":0\"", forwards: "")
        #expect(file.diagnostics == [])
        #expect(try #require(file.configuration).forwards.map(\.name) == ["display"])
    }

    @Test func othersAreAddedAndRemovedBesideItAndItselfIsNot() throws {
        let text = "gateway:\n  host: h\n  host-key: \(pin)\n  display: \":0\"\nforwards:\n  db: -L 1:b:2\n"
        let file = try file(text)
        let added = try file.adding(spec: "-L 9:b:2")
        #expect(added.configuration.forwards.map(\.name) == ["display", "db", "l9"])
        #expect(try added.removing(forward: "l9").text == text)
        #expect(throws: ConfigError.self) { try file.adding(forward: "display", spec: "-L 9:b:2") }
        for edit in [
            { try file.removing(forward: "display") }, { try file.setting(forward: "display", enabled: false) },
        ] {
            let error = #expect(throws: ConfigError.self) { try edit() }
            #expect(error?.code == .uneditable && error?.message.contains("gateway.display") == true)
        }
    }

    @Test func writtenOutItIsTheForwardThatItMakes() throws {
        let configuration = try #require(parsed("{local: \":0\", number: 12}").configuration)
        #expect(try file(ForwardsFile.text(of: configuration)).configuration == configuration)
    }
}
