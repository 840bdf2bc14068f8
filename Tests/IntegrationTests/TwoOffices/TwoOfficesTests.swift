import FwdTestSupport
import Testing

@Suite("Two offices", .serialized, .enabled(if: TwoOffices.obstacle == nil, "\(TwoOffices.obstacle ?? "")"))
struct TwoOfficesTests {
    private static let size: UInt64 = 256 << 20
    /// Enough to be no accident.
    private static let sample: UInt64 = 256 << 10

    @Test(
        "A client reaches the other office's server, and the Internet sees nothing of it",
        arguments: Means.allCases, Direction.allCases)
    func reaches(_ means: Means, _ direction: Direction) async throws {
        try await LinkedOffices.with([means]) { linked in
            let capture = try await linked.offices.capturing {
                let began = ContinuousClock.now
                let exchanged = try await linked.exchange(Self.size, means, direction, within: .seconds(300))
                #expect(exchanged.isWhole && exchanged.bytes == Self.size, "\(exchanged)")
                #expect(try await linked.exchange6(Self.sample, means, direction)?.isWhole != false)
                print("\(means.testDescription) \(direction.testDescription): \(ContinuousClock.now - began)")
            }
            expectOnlySSH(in: capture, linked)
            expectNothingInner(in: capture, linked.ends(direction), means)
            // The Internet carries it both ways; a busy machine may miss a packet now and then.
            #expect(capture.count > 2 * Self.size / 100 * 95, "\(capture.dropped) packets were dropped")
        }
    }

    private func expectOnlySSH(in capture: PacketCapture, _ linked: LinkedOffices) {
        let (a, b) = (linked.offices.a.addresses.wan, linked.offices.b.addresses.wan)
        for conversation in capture.conversations {
            let isOfSSH =
                conversation.involves(a, port: linked.sshdA.port) || conversation.involves(b, port: linked.sshdB.port)
            #expect(conversation.isBetween(a, b) && isOfSSH, "\(conversation)")
        }
    }

    private func expectNothingInner(in capture: PacketCapture, _ ends: (near: Office, far: Office), _ means: Means) {
        #expect(!capture.contains(OfficeTraffic.marker))
        let (client, server) = (ends.near.addresses.client, means.innerDestination(at: ends.far.addresses))
        #expect(!capture.containsHeader(from: client, to: server))
        #expect(!capture.containsHeader(from: server, to: client))
        #expect(!capture.contains(server))
    }

    @Test("A capture shows what is not encrypted, and no other way leads from office to office")
    func control() async throws {
        try await TwoOffices.with { offices in
            let (near, far) = (offices.a.addresses, offices.b.addresses)
            try await OfficeTraffic.serving(on: offices.b.gate) {
                let capture = try await offices.capturing {
                    let exchanged = try await OfficeTraffic.exchange(
                        Self.sample, from: offices.a.gate, .direct(far.wan))
                    #expect(exchanged.isWhole)
                    await #expect(throws: TestSupportError.self) {
                        try await OfficeTraffic.exchange(
                            Self.sample, from: offices.a.client, .direct(far.server), within: .seconds(8))
                    }
                }
                #expect(capture.contains(OfficeTraffic.marker))
                #expect(capture.containsHeader(from: near.client, to: far.server))
                #expect(capture.conversations.contains { $0.involves(far.wan, port: OfficeTraffic.port) })
            }
        }
    }

    @Test("All means heal after the servers restart")
    func healsAfterRestart() async throws {
        try await LinkedOffices.with(Means.allCases) { linked in
            try await expectAllCarry(linked)
            try await linked.sshdA.restart()
            try await linked.sshdB.restart()
            try await expectAllHeal(linked, within: .seconds(90))
        }
    }

    @Test("All means heal after the link was cut for a minute")
    func healsAfterCut() async throws {
        try await LinkedOffices.with(Means.allCases) { linked in
            try await expectAllCarry(linked)
            let cut = ContinuousClock.now
            try await linked.offices.cut()
            try await linked.waitUntilDown()
            try await eventually(within: .seconds(90), "the cut has lasted a minute") {
                ContinuousClock.now - cut >= .seconds(60)
            }
            try await linked.offices.mend()
            let mended = ContinuousClock.now
            // The gate that sees no change of its own link waits for its next try, a minute at most.
            try await expectAllHeal(linked, within: .seconds(90))
            print("healed \(ContinuousClock.now - mended) after the cut")
        }
    }

    private func expectAllCarry(_ linked: LinkedOffices) async throws {
        for means in Means.allCases {
            for direction in Direction.allCases {
                #expect(try await linked.exchange(Self.sample, means, direction).isWhole)
            }
        }
    }

    /// What was lost may show first as a connection that ends; a new one must come through in the end.
    private func expectAllHeal(_ linked: LinkedOffices, within deadline: Duration) async throws {
        let end = ContinuousClock.now + deadline
        for means in Means.allCases {
            for direction in Direction.allCases {
                let what = "\(means.testDescription) \(direction.testDescription) carries again"
                try await eventually(within: end - .now, what) {
                    try? await linked.exchange(Self.sample, means, direction, within: .seconds(5)).isWhole ? () : nil
                }
            }
        }
        try await linked.waitUntilUp(within: end - .now)
    }
}
