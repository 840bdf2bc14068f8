import Foundation
import FwdConfig
import FwdCore
import FwdTestSupport
import Testing

/// What rows do in a scene, and wait for.
extension FaultScene {
    var status: GatewayStatus {
        get async throws { try await fixture.status(of: Self.struck) }
    }

    /// Waits until the state shown is no longer up, and says why; notes how long that took.
    @discardableResult
    func waitUntilDown(since start: ContinuousClock.Instant, within deadline: Duration) async throws -> Cause {
        let cause = try await eventually(within: deadline, "the fault is shown") {
            let status = try await status
            return status.state == .up ? nil : status.cause ?? status.lastError?.cause
        }
        findings.detected(after: .now - start)
        for forward in try await status.forwards where forward.state == .up {
            #expect(try await status.state == .up, "\(forward.name) is shown as up while its gateway is not")
        }
        return cause
    }

    /// Waits until both forwards are up and carry bytes; notes how long that took.
    func waitUntilRecovered(since start: ContinuousClock.Instant, within deadline: Duration = .seconds(60)) async throws
    {
        try await fixture.waitUntilAllIsUp(Self.struck, within: deadline)
        try await proveBoth()
        findings.recovered(after: .now - start)
    }

    /// Strikes, waits until that is shown, looks at it, mends, and waits until all is back.
    func outlast(
        _ fault: () async throws -> Void, shownWithin shown: Duration = .seconds(15),
        meanwhile: (Cause) async throws -> Void = { _ in }, mending: () async throws -> Void,
        backWithin back: Duration = .seconds(60)
    ) async throws {
        let struck = ContinuousClock.now
        try await fault()
        try await meanwhile(try await waitUntilDown(since: struck, within: shown))
        let mended = ContinuousClock.now
        try await mending()
        try await waitUntilRecovered(since: mended, within: back)
    }

    /// Waits until it has come up again; it need not wait for its next attempt, which is a matter of the backoff.
    func waitUntilReconnected(after connects: Int) async throws {
        try await eventually("it has come back") {
            let status = try await status
            if status.connects > connects { return true }
            guard status.state == .backingOff else { return false }
            fixture.process.send(SIGHUP)
            // One is enough for one wait, however long the reload takes on a busy machine.
            let isOver = try? await eventually(within: .seconds(2), "it tries again") { () async throws -> Bool? in
                try await self.status.state != .backingOff ? true : nil
            }
            return isOver == true ? try await self.status.connects > connects : false
        }
    }

    func proveBoth(_ rounds: Int = 2) async throws {
        for _ in 0..<rounds {
            for route in [local, remote] {
                try await Exchanges.prove(Exchanges.next(up: 200_000, down: 300_000), route)
            }
        }
    }

    /// Adds a -L of the struck gateway to each of these ports, by a reload.
    /// - Returns: where they listen.
    func lead(to targets: [UInt16]) async throws -> [UInt16] {
        var changed = gateway
        let ports = targets.map { _ in FreePorts.next() }
        for (port, target) in zip(ports, targets) {
            changed.forwards.append(try ForwardConfiguration("to-\(target)", "-L \(port):127.0.0.1:\(target)"))
        }
        try fixture.directory.write(ForwardsFile.text(of: changed), to: "forwards.d/\(gateway.name).yaml")
        fixture.process.send(SIGHUP)
        try await eventually("the added forwards are up") {
            let forwards = try await status.forwards
            return forwards.count == changed.forwards.count && forwards.allSatisfy { $0.state == .up }
        }
        return ports
    }

    /// Waits until the struck gateway carries nothing but the traffic itself.
    func waitUntilSettled(within deadline: Duration = .seconds(60)) async throws {
        var last = ""
        do {
            try await eventually(within: deadline, "the other relays have ended") {
                let status = try await status
                let active = status.forwards.map { ($0.name, $0.relays.active) }
                last = "\(status.sessions) sessions, relays \(active)"
                return active.allSatisfy { $0.0.hasPrefix("to-") ? $0.1 == 0 : $0.1 <= 4 }
            }
        } catch is DeadlineExceeded {
            throw TestSupportError("relays stay: \(last)")
        }
    }

    /// Overflow sessions end half a minute after their last relay.
    func waitUntilOneSession() async throws {
        try await eventually(within: .seconds(60), "idle overflow sessions are closed") {
            try await status.sessions == 1
        }
    }

    func retry() async throws {
        _ = try await fixture.fwd("retry", Self.struck, "--timeout", "1")
    }
}

extension SupervisorFixture {
    /// The snapshot, from the health endpoint: cheaper than a process each time.
    func healthSnapshot() async throws -> StatusSnapshot {
        try JSONDecoder().decode(StatusSnapshot.self, from: Data(try await health("/status").body.utf8))
    }

    func status(of gateway: String) async throws -> GatewayStatus {
        try #require(try await healthSnapshot().gateways.first { $0.name == gateway })
    }

    func waitUntilAllIsUp(_ gateway: String, within deadline: Duration = .seconds(30)) async throws {
        try await eventually(within: deadline, "\(gateway) and its forwards are up") {
            let status = try await status(of: gateway)
            return status.state == .up && status.forwards.allSatisfy { $0.state == .up }
        }
    }
}
