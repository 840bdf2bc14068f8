import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// What a network does between the gateway and its server.
extension FaultRow {
    static let pathRows = [
        hole("both directions", .blackHole),
        hole("to the server", PathConditions(holdsToServer: true)),
        hole("from the server", PathConditions(holdsFromServer: true)),
        droppedByFirewall, resetStorm, cutConnections, longPath, changedAddress,
    ]

    private static func hole(_ direction: String, _ conditions: PathConditions) -> FaultRow {
        FaultRow(
            "path black-holed: \(direction)",
            holds: "noticed in 15 s though the kernels still acknowledge; up again when the path is", isPatient: true
        ) { findings in
            try await FaultScene.with(findings, .patient) { scene in
                try await scene.outlast({ try await scene.path.set(conditions) }, shownWithin: silenceLimit) { cause in
                    #expect(cause.reason == .timeout, "\(cause)")
                } mending: {
                    try await scene.path.set(.clear)
                }
            }
        }
    }

    private static let resetStorm = FaultRow(
        "RST storm", holds: "each reset is shown and survived; up after the last one"
    ) { findings in
        try await FaultScene.with(findings) { scene in
            let struck = ContinuousClock.now
            for round in 0..<20 {
                let connects = try await scene.status.connects
                try await eventually("there is a connection to reset") { try await scene.path.reset() > 0 }
                if round == 0 { try await scene.waitUntilDown(since: struck, within: .seconds(15)) }
                try await scene.waitUntilReconnected(after: connects)
            }
            let mended = ContinuousClock.now
            try await scene.waitUntilRecovered(since: mended)
            findings.note("\(try await scene.path.resets) connections reset")
        }
    }

    private static let cutConnections = FaultRow(
        "1% of connections cut", holds: "those break and none seems complete; all others are whole; the session stays",
        isPatient: true
    ) { findings in
        var options = FaultScene.Options.patient
        // What it carries itself is the traffic: any other would keep the overflow sessions busy.
        options.workers = 0
        try await FaultScene.with(findings, options) { scene in
            try await FaultyPath.with(to: scene.target.port, PathConditions(bitsPerSecond: 1_000_000)) { path in
                let port = try await scene.lead(to: [path.port])[0]
                let route = FaultTraffic.Route(port: port, target: scene.target, mayBreak: true, mayEndShort: true)
                let (cut, broken) = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for _ in 0..<200 { group.addTask { try await isBroken(route) } }
                    var cut = 0
                    for round in 0..<2 as Range<UInt64> {
                        // The smallest share is one connection.
                        cut += try await eventually("there is a connection to cut") {
                            let count = try await path.reset(share: 0.001, seed: FaultSeed.base ^ round)
                            return count > 0 ? count : nil
                        }
                    }
                    return (cut, try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 })
                }
                // One that was just about to end may be whole all the same.
                #expect((1...cut).contains(broken))
                findings.note("\(broken) of 200 were cut")
            }
            #expect(try await scene.status.connects == 1)
            try await scene.waitUntilSettled()
            try await scene.waitUntilOneSession()
        }
    }

    private static func isBroken(_ route: FaultTraffic.Route) async throws -> Bool {
        do {
            try await Exchanges.prove(Exchanges.next(up: 100_000, down: 200_000), route)
            return false
        } catch is StreamFailure {
            return true
        }
    }

    private static let longPath = FaultRow(
        "path delay 100 ms with 1 Gbit/s", holds: "the round trip is shown; every byte is there; the session stays"
    ) { findings in
        var options = FaultScene.Options()
        options.conditions = PathConditions(delay: .milliseconds(50), bitsPerSecond: 1_000_000_000)
        try await FaultScene.with(findings, options) { scene in
            let start = ContinuousClock.now
            let plan = Exchanges.next(up: 32 << 20, down: 32 << 20)
            try await Exchanges.prove(plan, scene.local, within: .seconds(120))
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            try await scene.proveBoth()
            let roundTrip = try await eventually("the round trip was measured") {
                try await scene.status.session?.rttSeconds
            }
            #expect(roundTrip >= 0.1)
            #expect(try await scene.status.connects == 1)
            let rate = Double(plan.up.count + plan.down.count) / seconds / 1e6
            findings.note(
                "shown as \(Int(roundTrip * 1000)) ms; 32 MiB each way on one connection: \(Int(rate)) MB/s in all")
        }
    }

    private static let changedAddress = FaultRow(
        "changed address behind a name", holds: "the next attempt resolves anew and goes to the new address",
        unless: needsRoot
    ) { findings in
        try await TemporaryDirectory.with { directory in
            let hosts = try directory.write("127.0.0.2 moving.test\n", to: "hosts", mode: 0o644)
            var options = FaultScene.Options()
            options.sshd = SSHDOptions(configuration: ["ListenAddress 127.0.0.2", "ListenAddress 127.0.0.3"])
            options.serverName = "moving.test"
            // A mount of its own: the machine's file stays as it is.
            options.wrapper = ["unshare", "-m", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\"", hosts]
            try await FaultScene.with(findings, options) { scene in
                #expect(try await scene.status.address?.hasPrefix("127.0.0.2:") == true)
                // In place: the mount is of this file, not of its name.
                try "127.0.0.3 moving.test\n".write(toFile: hosts, atomically: false, encoding: .utf8)
                let struck = ContinuousClock.now
                try await scene.sshd.killSessions()
                try await eventually("it came back") { try await scene.status.connects == 2 }
                try await scene.waitUntilRecovered(since: struck)
                #expect(try await scene.status.address?.hasPrefix("127.0.0.3:") == true)
            }
        }
    }

    private static let droppedByFirewall = FaultRow(
        "packets dropped by nft in a network namespace",
        holds: "noticed in 15 s though no packet says so; up again when the rule is gone",
        unless: NetworkNamespace.obstacle, isPatient: true
    ) { findings in
        try await NetworkNamespace.with { space in
            var options = FaultScene.Options.patient
            // A server that never asks would keep the port of the -R for a client that is long gone.
            options.sshd = SSHDOptions(configuration: [
                "GatewayPorts clientspecified", "ClientAliveInterval 3", "ClientAliveCountMax 2",
            ])
            options.sshd.address = space.inside
            options.sshd.wrapper = space.wrapper
            options.serverName = space.inside
            options.remoteHost = space.inside
            options.targetHost = space.outside
            try await FaultScene.with(findings, options) { scene in
                try await scene.outlast({ try await space.drop(port: scene.sshd.port) }, shownWithin: silenceLimit) {
                    findings.note("shown as \"\($0.message)\"")
                } mending: {
                    try await space.mend()
                }
            }
        }
    }
}
