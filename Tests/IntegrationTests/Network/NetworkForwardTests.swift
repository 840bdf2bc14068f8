import Foundation
import FwdCore
import FwdTestSupport
import Testing

@Suite("Network forwards, between two namespaces", .serialized)
struct NetworkForwardTests {
    private static let id = "b/office"

    @Test("carry pings and TCP whole, IPv4 and IPv6, both ways")
    func carries() async throws {
        try await TwoSites.with { sites in
            try await sites.supervised { fixture in
                try await fixture.waitUntil(Self.id, is: .up)
                for address in [TwoSites.peerIPv4, TwoSites.peerIPv6, TwoSites.farIPv4, TwoSites.farIPv6] {
                    #expect(try await sites.answers(address, from: sites.here, within: 10), "\(address)")
                }
                // As long as the device takes: no piece is lost, and none is cut.
                #expect(try await sites.answers(TwoSites.farIPv4, from: sites.here, bytes: 1472, within: 10))
                #expect(try await sites.answers(TwoSites.nearIPv4, from: sites.there, within: 10))
                #expect(try await sites.answers(TwoSites.nearIPv6, from: sites.there, within: 10))
                for (address, isUp) in [(TwoSites.farIPv4, true), (TwoSites.farIPv6, false), (TwoSites.farIPv4, false)]
                {
                    let outcome = try await NamespaceStream.run(
                        from: sites.here, to: address, in: sites.there, mebibytes: 64, isUp: isUp)
                    #expect(outcome.isSame)
                    print("\(address) \(isUp ? "up" : "down"): \(Int(outcome.megabytesPerSecond)) MB/s")
                }
                let back = try await NamespaceStream.run(
                    from: sites.there, to: TwoSites.nearIPv6, in: sites.here, mebibytes: 16, isUp: true)
                #expect(back.isSame)
                let network = try #require(try await fixture.waitUntil(Self.id, is: .up).network)
                #expect(network.packetsToPeer > 40_000 && network.packetsFromPeer > 40_000)
                #expect(network.device == "fwd0")
            }
        }
    }

    @Test("heal when sshd restarts; what is sent meanwhile leaves by no other way, and is counted")
    func heals() async throws {
        try await TwoSites.with { sites in
            try await sites.supervised { fixture in
                try await fixture.waitUntil(Self.id, is: .up)
                await sites.sshd.kill()
                try await fixture.waitUntil(Self.id, is: .waiting)
                #expect(try await TwoSites.shown(sites.here, "route get \(TwoSites.farIPv4)").contains("dev fwd0"))
                #expect(try await !sites.answers(TwoSites.farIPv4, from: sites.here))
                let dropped = try await fixture.waitUntil(Self.id, is: .waiting).network?.dropped
                #expect((dropped?["noSession"] ?? 0) > 0)
                try await sites.sshd.restart()
                try await fixture.waitUntil(Self.id, is: .up)
                try await eventually("the far side answers") {
                    try await sites.answers(TwoSites.farIPv4, from: sites.here)
                }
                // The session's end is the gateway's trouble, and told once.
                let own = fixture.log.split(separator: "\n").filter { $0.contains("forward=office") }
                #expect(!own.contains { $0.contains("degraded") }, "\(own)")
            }
        }
    }

    @Test("take their routes out while the session is down, where the file says so")
    func withdraws() async throws {
        try await TwoSites.with { sites in
            let routes = { try await TwoSites.shown(sites.here, "route show dev fwd0") }
            try await sites.supervised("while-down: withdraw") { fixture in
                try await fixture.waitUntil(Self.id, is: .up)
                try await eventually("the routes are there") { try await routes().contains("10.2.0.0/16") }
                await sites.sshd.kill()
                try await eventually("the routes are gone") { try await !routes().contains("10.2.0.0/16") }
                #expect(try await routes().contains("10.99.0.0/30"))
                try await sites.sshd.restart()
                // Up means that they are back.
                try await fixture.waitUntil(Self.id, is: .up)
                #expect(try await routes().contains("10.2.0.0/16"))
                // One that somebody has taken out does not keep the others in.
                try await sites.here.configure("route del 10.2.0.0/16 dev fwd0")
                await sites.sshd.kill()
                try await eventually("the other one is gone") {
                    try await !TwoSites.shown(sites.here, "-6 route show dev fwd0").contains("fd02::/16")
                }
            }
        }
    }

    @Test("are not up while a route of theirs cannot be put in, and say so")
    func needsItsRoutes() async throws {
        try await TwoSites.with { sites in
            try await sites.here.configure("route add 10.2.0.0/16 dev thither")
            try await sites.supervised("while-down: withdraw") { fixture in
                let status = try await fixture.waitUntil(Self.id, is: .degraded)
                #expect(status.cause?.message.contains("File exists") == true, "\(status)")
                try await sites.here.configure("route del 10.2.0.0/16 dev thither")
                try await fixture.waitUntil(Self.id, is: .up)
                #expect(try await TwoSites.shown(sites.here, "route show dev fwd0").contains("10.2.0.0/16"))
            }
        }
    }

    @Test("have their device as soon as it can be made, whether the gateway is there or not")
    func makesItsDevice() async throws {
        try await TwoSites.with { sites in
            await sites.sshd.kill()
            try await sites.here.configure("tuntap add dev office0 mode tun")
            try await sites.supervised("device: office0") { fixture in
                try await eventually("it is missed") { fixture.log.contains("the network device is not there") }
                try await sites.here.configure("link del office0")
                try await eventually("it is there") {
                    try await TwoSites.shown(sites.here, "route").contains("10.2.0.0/16 dev office0")
                }
                #expect(try await fixture.snapshot().gateways[0].state != .up)
                try await sites.here.configure("link del office0")
                try await eventually("it is there again") {
                    try await TwoSites.shown(sites.here, "route").contains("10.2.0.0/16 dev office0")
                }
                #expect(try await fixture.snapshot().gateways[0].state != .up)
            }
        }
    }

    @Test("leave nothing behind, whether they are removed, or fwd is killed", arguments: [false, true])
    func leavesNothing(isKilled: Bool) async throws {
        try await TwoSites.with { sites in
            // Without link-local addresses: the kernel makes and checks them in its own time.
            let shown = {
                var lines: [String] = []
                for command in ["-o address", "route", "-6 route"] {
                    lines += try await TwoSites.shown(sites.here, command).split(separator: "\n").map(String.init)
                }
                return lines.filter { !$0.contains("fe80::") }
            }
            let before = try await shown()
            try await sites.supervised { fixture in
                try await fixture.waitUntil(Self.id, is: .up)
                #expect(try await TwoSites.shown(sites.here, "link").contains("fwd0"))
                if isKilled {
                    fixture.process.send(SIGKILL)
                    _ = try await fixture.process.waitForExit()
                } else {
                    #expect(try await fixture.fwd("disable", "--dir", fixture.forwards, Self.id).exit == .exited(0))
                    try await fixture.waitUntil(Self.id, is: .disabled)
                }
                try await eventually("nothing is left") { try await shown() == before }
            }
        }
    }

    @Test("are parked with the remedy where the server does not permit them; others go on")
    func isForbidden() async throws {
        try await TwoSites.with(permitTunnel: "no") { sites in
            try await sites.supervised { fixture in
                let status = try await fixture.waitUntil(Self.id, is: .parked)
                #expect(status.cause?.reason == .forbidden)
                #expect(status.cause?.message.contains("PermitTunnel point-to-point") == true)
                #expect(try await fixture.snapshot().gateways[0].forwards.count == 2)
                #expect(try await fixture.snapshot().gateways[0].state == .up)
                let report = try await fixture.fwd("doctor", "--dir", fixture.forwards, Self.id)
                #expect(report.output.contains("PermitTunnel point-to-point"), "\(report)")
                #expect(report.output.contains("ip addr add 10.99.0.2/30 dev tun0"), "\(report)")
            }
        }
    }

    @Test("say which capability is missing, and where it is given; others go on")
    func lacksCapability() async throws {
        guard (try? ChildProcess.find("setpriv")) != nil else { return print("skipped: needs setpriv") }
        try await TwoSites.with { sites in
            let wrapper = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]
            try await sites.supervised(under: wrapper) { fixture in
                let status = try await fixture.waitUntil(Self.id, is: .parked)
                #expect(status.cause?.message.contains("CAP_NET_ADMIN") == true)
                #expect(status.cause?.message.contains("fwd-network.conf") == true)
                #expect(try await fixture.snapshot().gateways[0].state == .up)
            }
        }
    }

    @Test("keep packets whole while keys are exchanged under load")
    func rekeys() async throws {
        try await TwoSites.with(configuration: ["RekeyLimit 2M", "LogLevel DEBUG1"]) { sites in
            // No probe: its echo may be dropped under this load.
            try await sites.supervised(probe: "off") { fixture in
                try await fixture.waitUntil(Self.id, is: .up)
                for isUp in [true, false] {
                    let outcome = try await NamespaceStream.run(
                        from: sites.here, to: TwoSites.farIPv4, in: sites.there, mebibytes: 32, isUp: isUp
                    ) {
                        // Packets of other lengths among them.
                        try await sites.burst(TwoSites.peerIPv4, packets: 300, bytes: 16)
                    }
                    #expect(outcome.isSame)
                }
                let lines = sites.sshd.log.split(whereSeparator: \.isNewline)
                #expect(lines.count { $0.contains("SSH2_MSG_NEWKEYS received") } > 20)
                #expect(try await fixture.snapshot().gateways[0].connects == 1)
                #expect(try await fixture.waitUntil(Self.id, is: .up).lastError == nil)
            }
        }
    }

    @Test("drop what a slow path does not carry, and keep the rest from being late", arguments: [true, false])
    func isPrompt(isUp: Bool) async throws {
        try await TwoSites.with { sites in
            try await sites.supervised { fixture in
                try await fixture.waitUntil(Self.id, is: .up)
                // 1 MB/s, with a queue of 50 ms.
                let (space, link) = isUp ? (sites.here, "thither") : (sites.there, TwoSites.farLink)
                let command = "qdisc add dev \(link) root tbf rate 8mbit burst 16kb latency 50ms"
                let result = try await ProcessRun.run(
                    "tc", ["-n", space.name] + command.split(separator: " ").map(String.init))
                guard result.exit.isSuccess else { return print("skipped: no slow link: \(result.errors)") }
                var roundTrips: [Double] = []
                let outcome = try await NamespaceStream.run(
                    from: sites.here, to: TwoSites.farIPv4, in: sites.there, mebibytes: 6, isUp: isUp
                ) {
                    for _ in 0..<15 {
                        // One that is lost is as late as can be.
                        roundTrips.append(try await sites.roundTrip(TwoSites.peerIPv4) ?? .infinity)
                    }
                }
                #expect(outcome.isSame)
                let median = roundTrips.sorted()[roundTrips.count / 2]
                #expect(median > 0 && median < 1, "\(roundTrips) s")
                let dropped = try #require(try await fixture.waitUntil(Self.id, is: .up).network).dropped
                print("slow: up \(isUp), \(median) s, \(outcome.megabytesPerSecond) MB/s, \(dropped)")
                guard isUp else { return }
                // Five seconds' worth, all at once.
                try await sites.burst(TwoSites.peerIPv4, packets: 4000)
                let after = try #require(try await fixture.waitUntil(Self.id, is: .up).network).dropped
                print("after a burst: \(after)")
                // How many depends on how fast the burst is made; without a bound it were none.
                #expect((after["queueFull"] ?? 0) > (dropped["queueFull"] ?? 0))
            }
        }
    }

    @Test("are refused where the gateway's own address would go through the tunnel, whose name is resolved late")
    func refusesLoop() async throws {
        try await TwoSites.with { sites in
            try await sites.namingTheServer {
                let file = Self.looping(sites.fileByName("device: loop0"))
                try await SupervisorFixture.with([], files: ["b.yaml": file], under: sites.here.wrapper) { fixture in
                    try await Self.expectLoop(fixture)
                    #expect(try await !TwoSites.shown(sites.here, "link").contains("loop0"))
                }
            }
        }
    }

    @Test("are refused at a reload too, and the session they would cut off stays")
    func refusesLoopAtReload() async throws {
        try await TwoSites.with { sites in
            try await sites.namingTheServer {
                let good = sites.fileByName()
                try await SupervisorFixture.with([], files: ["b.yaml": good], under: sites.here.wrapper) { fixture in
                    try await fixture.waitUntil(Self.id, is: .up)
                    try fixture.directory.write(Self.looping(good), to: "forwards.d/b.yaml")
                    fixture.process.send(SIGHUP)
                    try await Self.expectLoop(fixture)
                    #expect(try await fixture.snapshot().gateways[0].connects == 1)
                }
            }
        }
    }

    /// With routes that cover the server.
    private static func looping(_ file: String) -> String {
        file.replacing("10.2.0.0/16", with: "192.0.2.0/24")
    }

    private static func expectLoop(_ fixture: SupervisorFixture) async throws {
        let status = try await fixture.waitUntil(id, is: .parked)
        #expect(status.cause?.message.contains("192.0.2.2 lies in 192.0.2.0/24") == true, "\(status)")
        #expect(try await fixture.snapshot().gateways[0].state == .up)
    }

    @Test("are degraded while the peer does not answer, and up again when it does")
    func notices() async throws {
        try await TwoSites.with { sites in
            try await sites.there.configure("address del \(TwoSites.peerIPv4)/30 dev tun0")
            try await sites.supervised { fixture in
                let status = try await fixture.waitUntil(Self.id, is: .degraded)
                #expect(status.cause?.message.contains("10.99.0.2 does not answer") == true, "\(status)")
                try await sites.there.configure("address add \(TwoSites.peerIPv4)/30 dev tun0")
                try await fixture.waitUntil(Self.id, is: .up)
            }
        }
    }
}
