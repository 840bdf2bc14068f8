import FwdCore
import FwdTestSupport
import Testing

/// The built binary against a real sshd.
@Suite(.serialized) struct EnableTests {
    @Test func disableStopsListeningAndEnableStartsAgain() async throws {
        try await TargetServer.with(.echo) { target in
            try await CommandFixture.with { fixture in
                let port = FreePorts.next()
                let spec = "-L \(port):127.0.0.1:\(target.port)"
                try fixture.write("site", fixture.gateway(forwards: "  web: \(spec) # keep\n"))
                try await fixture.running { _ in
                    try await eventually("it is up") { try await fixture.forward("site/web")?.state == .up }
                    let disabled = try await fixture.fwd(["disable", "site/web"])
                    #expect(disabled.exit == .exited(0), "\(disabled.errors)")
                    #expect(disabled.output == "site/web: disabled\n")
                    try await eventually("the port is free") { FreePorts.isFree(port) }
                    #expect(try await fixture.forward("site/web")?.state == .disabled)
                    #expect(try fixture.read("site").hasSuffix("enabled: false} # keep\n"))
                    let enabled = try await fixture.fwd(["enable", "site/web"])
                    #expect(enabled.exit == .exited(0), "\(enabled.errors)")
                    #expect(enabled.output.hasPrefix("site/web: up, \(spec)"))
                    #expect(!FreePorts.isFree(port))
                }
            }
        }
    }

    @Test func aConnectionOutlivesItsForwardBeingDisabled() async throws {
        try await TargetServer.with(.echo) { target in
            try await CommandFixture.with { fixture in
                let port = FreePorts.next()
                try fixture.write("site", fixture.gateway(forwards: "  web: -L \(port):127.0.0.1:\(target.port)\n"))
                try await fixture.running { _ in
                    try await eventually("it is up") { try await fixture.forward("site/web")?.state == .up }
                    try await StreamClient.with(port: port) { client in
                        try await client.send("one")
                        #expect(await client.receive(count: 3) == "one")
                        #expect(try await fixture.fwd(["disable", "site/web"]).exit == .exited(0))
                        #expect(try await fixture.forward("site/web")?.state == .disabled)
                        try await client.send("two")
                        #expect(await client.receive(count: 3) == "two")
                    }
                }
            }
        }
    }

    @Test func withoutASupervisorTheFileSaysIt() async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("site", fixture.gateway(forwards: "  web: -L 1:127.0.0.1:9\n  b: -L 2:127.0.0.1:9\n"))
            let typing = try await fixture.fwd(["disable", "site/b", "site/wbe"])
            #expect(typing.exit == .exited(78))
            #expect(typing.errors.contains("did you mean \"web\"?"))
            #expect(!(try fixture.read("site").contains("enabled")))
            #expect(try await fixture.fwd(["disable", "site/b"]).exit == .exited(0))
            let enabled = try await fixture.fwd(["enable", "site/b"])
            #expect(enabled.output == "site/b: enabled\n")
            #expect(enabled.errors.contains("no supervisor runs; it starts with the next fwd run"))
        }
    }
}
