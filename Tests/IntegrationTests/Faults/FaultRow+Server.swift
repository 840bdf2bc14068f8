import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// What an SSH server does to its clients.
extension FaultRow {
    static let serverRows = [killed, stopped, otherHostKey, slowRestart, rekeying]

    /// For a peer that says nothing any more: interval times count are 15 s; a supervisor that was late itself gives it
    /// one interval of 5 s more. Two would be too late.
    static let silenceLimit = Duration.seconds(23)

    private static let killed = FaultRow(
        "sshd SIGKILL", holds: "down is shown with its cause; up again without help; the other gateway is not touched"
    ) { findings in
        try await FaultScene.with(findings) { scene in
            try await scene.outlast {
                await scene.sshd.kill()
            } meanwhile: { cause in
                findings.note("shown as \"\(cause.message)\"")
            } mending: {
                try await scene.sshd.restart()
            }
        }
    }

    private static let stopped = FaultRow(
        "sshd SIGSTOP (30 s)", holds: "noticed in 15 s though TCP still answers; up again after SIGCONT",
        isPatient: true
    ) { findings in
        try await FaultScene.with(findings, .patient) { scene in
            let struck = ContinuousClock.now
            try await scene.outlast({ try await scene.sshd.pause() }, shownWithin: silenceLimit) { cause in
                #expect(cause.reason == .timeout, "\(cause)")
                try await ContinuousClock().sleep(until: struck + .seconds(30))
                #expect(try await scene.status.state != .up)
            } mending: {
                await scene.sshd.resume()
            }
        }
    }

    private static let otherHostKey = FaultRow(
        "sshd restarted with another host key",
        holds: "parked, with the mismatch named, and nothing goes through; up after the right key is back and fwd retry"
    ) { findings in
        try await FaultScene.with(findings) { scene in
            let struck = ContinuousClock.now
            try await scene.sshd.restart(hostKey: .ed25519)
            try await scene.fixture.waitUntil(gateway: FaultScene.struck, is: .parked)
            findings.detected(after: .now - struck)
            let cause = try #require(try await scene.status.cause)
            #expect(cause.reason == .hostKey)
            #expect(cause.message.contains("HOST KEY MISMATCH"), "\(cause)")
            let mended = ContinuousClock.now
            try await scene.sshd.restart()
            try await scene.retry()
            try await scene.waitUntilRecovered(since: mended)
        }
    }

    private static let slowRestart = FaultRow(
        "sshd away for longer than the first retries", holds: "retries go on and are counted; up again without help",
        isPatient: true
    ) { findings in
        try await FaultScene.with(findings, .patient) { scene in
            try await scene.outlast {
                await scene.sshd.kill()
            } meanwhile: { _ in
                let failures = try await eventually(within: .seconds(60), "four attempts have failed") {
                    let failures = try await scene.status.failures.values.reduce(0, +)
                    return failures >= 5 ? failures : nil
                }
                let waiting = try await scene.status
                #expect(waiting.nextRetry != nil || waiting.state != .backingOff)
                findings.note("\(failures) failures counted before it was back")
            } mending: {
                try await scene.sshd.restart()
            }
        }
    }

    private static let rekeying = FaultRow(
        "rekey under load in both directions", holds: "one session carries it all; every byte is there"
    ) { findings in
        var options = FaultScene.Options()
        options.sshd = SSHDOptions(configuration: ["RekeyLimit 4M"], logLevel: "DEBUG1")
        try await FaultScene.with(findings, options) { scene in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for route in [scene.local, scene.remote] {
                    let plan = Exchanges.next(up: 48 << 20, down: 48 << 20)
                    group.addTask { try await Exchanges.prove(plan, route, within: .seconds(120)) }
                }
                try await group.waitForAll()
            }
            let exchanges = scene.sshd.hostKeyAlgorithms.count
            #expect(exchanges >= 10)
            #expect(try await scene.status.connects == 1)
            findings.note("\(exchanges) key exchanges")
        }
    }
}
