import FwdCore
import FwdTestSupport
import Testing

/// What the hosts behind a forward do.
extension FaultRow {
    static let targetRows = [badTargets]

    private static let badTargets = FaultRow(
        "target refuses, hangs, closes at once, sends a byte a second",
        holds: "each client gets what its target gives, and nobody else waits for it"
    ) { findings in
        try await FaultScene.with(findings) { scene in
            let hole = try BlackHole.open()
            defer { hole.close() }
            let closing = try await TargetServer.start(.closesAtOnce)
            let slow = try await TargetServer.start(.custom(sendByteASecond))
            let ports = try await scene.lead(to: [FreePorts.next(), closing.port, slow.port, hole.port])
            let waiting = try await StreamClient.connect(port: ports[3])
            async let trickled = StreamClient.with(port: ports[2]) { await $0.receive() }
            for port in ports[..<2] {
                // The reset may be there before `connect` has returned.
                guard let received = try? await StreamClient.with(port: port, { await $0.receive() }) else { continue }
                #expect(received.text.isEmpty)
                #expect(received.end != .timeout, "the client of port \(port) is left waiting")
            }
            let start = ContinuousClock.now
            try await scene.proveBoth()
            findings.note("exchanges beside them took \((ContinuousClock.now - start) / .milliseconds(1)) ms")
            #expect(try await trickled.text == "01234")
            await waiting.close()
            await closing.stop()
            await slow.stop()
            #expect(try await scene.status.connects == 1)
        }
    }

    private static let sendByteASecond: @Sendable (ByteStream) async throws -> Void = { stream in
        for number in 0..<5 {
            try await stream.write("\(number)")
            try await ContinuousClock().sleep(for: .seconds(1))
        }
    }
}
