import FwdCore
import Testing

@Suite struct RelayStateMachineTests {
    typealias Action = RelayStateMachine.Action

    enum Event: Hashable, Sendable, CaseIterable {
        case nearEOF, nearEOFWithPendingBytes, nearBytesSent, farEOF, nearOutputFinished
        case farClosed, nearClosed, nearClosedWithPendingBytes, nearFailed, sessionLost, stopped
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let before: [Event]
        let event: Event
        let actions: [Action]

        init(_ before: [Event], _ event: Event, _ actions: [Action]) {
            self.before = before
            self.event = event
            self.actions = actions
        }

        var testDescription: String { "\(before) then \(event)" }
    }

    // MARK: - The picture

    /// Both directions, and every way to have come there.
    static let halves: [(toFar: [Event], toNear: [Event])] =
        [[], [.nearEOFWithPendingBytes], [.nearEOF], [.nearEOFWithPendingBytes, .nearBytesSent]].flatMap { toFar in
            [[], [.farEOF], [.farEOF, .nearOutputFinished]].map { (toFar, $0) }
        }

    static let endedTogether: [Action] = [.closeFar, .closeNear, .ended(.completed)]

    static let rows: [Row] =
        [
            Row([], .nearEOF, [.sendFarEOF]),
            Row([], .nearEOFWithPendingBytes, []),
            Row([.nearEOFWithPendingBytes], .nearBytesSent, [.sendFarEOF]),
            Row([], .farEOF, [.finishNearOutput]),
            Row([.farEOF], .nearOutputFinished, []),
            // The second half ends the relay.
            Row([.farEOF, .nearOutputFinished], .nearEOF, [.sendFarEOF] + endedTogether),
            Row([.farEOF, .nearOutputFinished], .nearEOFWithPendingBytes, []),
            Row(
                [.farEOF, .nearOutputFinished, .nearEOFWithPendingBytes], .nearBytesSent, [.sendFarEOF] + endedTogether),
            Row([.nearEOF], .farEOF, [.finishNearOutput]),
            Row([.nearEOF, .farEOF], .nearOutputFinished, endedTogether),
            Row([.nearEOFWithPendingBytes, .farEOF], .nearOutputFinished, []),
            // After our FIN, a near side that closes has only sent its EOF.
            Row([.farEOF, .nearOutputFinished], .nearClosed, [.sendFarEOF] + endedTogether),
            Row([.farEOF, .nearOutputFinished], .nearClosedWithPendingBytes, []),
            Row(
                [.farEOF, .nearOutputFinished, .nearClosedWithPendingBytes], .nearBytesSent,
                [.sendFarEOF] + endedTogether),
            Row([.farEOF, .nearOutputFinished, .nearEOFWithPendingBytes], .nearClosedWithPendingBytes, []),
            // Before it, it has not taken what the far side sent.
            Row([], .nearClosed, [.closeFar, .resetNear, .ended(.localReset)]),
            Row([], .nearClosedWithPendingBytes, [.closeFar, .resetNear, .ended(.localReset)]),
            Row([.nearEOF], .nearClosed, [.closeFar, .resetNear, .ended(.localReset)]),
            Row([.farEOF], .nearClosed, [.closeFar, .resetNear, .ended(.localReset)]),
            // The end of the channel is the normal end only if both sides had said so.
            Row([], .farClosed, [.closeFar, .closeNear, .ended(.farClosed)]),
            Row([.farEOF], .farClosed, [.closeFar, .closeNear, .ended(.farClosed)]),
            Row([.farEOF, .nearOutputFinished], .farClosed, [.closeFar, .closeNear, .ended(.farClosed)]),
            Row([.nearEOFWithPendingBytes, .farEOF], .farClosed, [.closeFar, .closeNear, .ended(.farClosed)]),
            Row([.nearEOF, .farEOF], .farClosed, endedTogether),
            Row([.nearEOF], .farClosed, [.closeFar, .closeNear, .ended(.farClosed)]),
        ]
        + halves.filter { !isOver(after: $0.toFar + $0.toNear) }.flatMap { half in
            [
                Row(half.toFar + half.toNear, .nearFailed, [.closeFar, .resetNear, .ended(.localReset)]),
                Row(half.toFar + half.toNear, .sessionLost, [.resetNear, .ended(.sessionLost)]),
                Row(half.toFar + half.toNear, .stopped, [.closeFar, .resetNear, .ended(.stopped)]),
            ]
        }

    @Test(arguments: rows)
    func everyArrowOfThePicture(row: Row) {
        var machine = RelayStateMachine()
        for event in row.before { _ = machine.apply(event) }
        #expect(!machine.isOver)
        #expect(machine.apply(row.event) == row.actions)
        let hasEnded = row.actions.contains { if case .ended = $0 { true } else { false } }
        #expect(machine.isOver == hasEnded)
    }

    @Test(arguments: [
        Row([], .nearBytesSent, []), Row([], .nearOutputFinished, []), Row([.nearEOF], .nearEOF, []),
        Row([.nearEOF], .nearEOFWithPendingBytes, []), Row([.nearEOF], .nearBytesSent, []),
        Row([.nearEOFWithPendingBytes], .nearEOF, []), Row([.farEOF], .farEOF, []),
        Row([.farEOF], .nearBytesSent, []), Row([.farEOF, .nearOutputFinished], .farEOF, []),
        Row([.farEOF, .nearOutputFinished], .nearOutputFinished, []), Row([.nearEOF], .nearOutputFinished, []),
    ])
    func aRepeatedOrUntimelyEventIsIgnored(row: Row) {
        var machine = RelayStateMachine()
        for event in row.before { _ = machine.apply(event) }
        #expect(machine.apply(row.event) == [])
        #expect(!machine.isOver)
    }

    // MARK: - Half-close

    @Test func theFarSideMaySendForAsLongAsItLikesAfterOurEOF() {
        var machine = RelayStateMachine()
        #expect(machine.nearEOF(hasPendingBytes: false) == [.sendFarEOF])
        #expect(!machine.isOver)
        #expect(machine.farEOF() == [.finishNearOutput])
        #expect(!machine.isOver)
        #expect(machine.nearOutputFinished() == Self.endedTogether)
    }

    @Test func ourSideMaySendForAsLongAsItLikesAfterTheFarEOF() {
        var machine = RelayStateMachine()
        #expect(machine.farEOF() == [.finishNearOutput])
        #expect(machine.nearOutputFinished() == [])
        #expect(!machine.isOver)
        #expect(machine.nearEOF(hasPendingBytes: true) == [])
        #expect(machine.nearBytesSent() == [.sendFarEOF] + Self.endedTogether)
    }

    /// The four events of a normal life in each of their six possible orders.
    @Test(
        arguments: [
            [.nearEOFWithPendingBytes, .nearBytesSent, .farEOF, .nearOutputFinished],
            [.nearEOFWithPendingBytes, .farEOF, .nearBytesSent, .nearOutputFinished],
            [.nearEOFWithPendingBytes, .farEOF, .nearOutputFinished, .nearBytesSent],
            [.farEOF, .nearEOFWithPendingBytes, .nearBytesSent, .nearOutputFinished],
            [.farEOF, .nearEOFWithPendingBytes, .nearOutputFinished, .nearBytesSent],
            [.farEOF, .nearOutputFinished, .nearEOFWithPendingBytes, .nearBytesSent],
        ] as [[Event]])
    func aNormalLifeEndsCompletedInEveryOrder(order: [Event]) {
        var machine = RelayStateMachine()
        let actions = order.flatMap { event in
            #expect(!machine.isOver)
            return machine.apply(event)
        }
        #expect(Set(actions) == Set([.sendFarEOF, .finishNearOutput] + Self.endedTogether))
        #expect(actions.count == 5)
        #expect(actions.suffix(3) == Self.endedTogether)
    }

    // MARK: - Every order

    /// What is left out because the same event is there in its other form.
    static let alternatives: [[Event]] = [Event.nearEOF, .nearEOFWithPendingBytes].flatMap { eof in
        [Event.nearClosed, .nearClosedWithPendingBytes].map { [eof, $0] }
    }

    /// All 9! orders of the nine events, with and without pending bytes.
    @Test(arguments: alternatives)
    func everyOrderOfAllEventsEndsExactlyOnce(leftOut: [Event]) {
        let events = Event.allCases.filter { !leftOut.contains($0) }
        #expect(events.count == 9)
        var search = RelaySearch()
        search.permute(events, RelayTrace())
        #expect(search.violations == [])
        #expect(search.leaves == 362_880)
        #expect(search.results == [.completed, .localReset, .farClosed, .sessionLost, .stopped])
    }

    /// All sequences of five events, repetitions included.
    @Test func repeatedEventsBreakNothing() {
        var search = RelaySearch()
        search.extend(RelayTrace(), by: 5)
        #expect(search.violations == [])
        #expect(search.leaves == 161_051)
    }

    private static func isOver(after events: [Event]) -> Bool {
        var machine = RelayStateMachine()
        for event in events { _ = machine.apply(event) }
        return machine.isOver
    }
}

extension RelayStateMachine {
    fileprivate mutating func apply(_ event: RelayStateMachineTests.Event) -> [Action] {
        switch event {
        case .nearEOF: nearEOF(hasPendingBytes: false)
        case .nearEOFWithPendingBytes: nearEOF(hasPendingBytes: true)
        case .nearBytesSent: nearBytesSent()
        case .farEOF: farEOF()
        case .nearOutputFinished: nearOutputFinished()
        case .farClosed: farClosed()
        case .nearClosed: nearClosed(hasPendingBytes: false)
        case .nearClosedWithPendingBytes: nearClosed(hasPendingBytes: true)
        case .nearFailed: nearFailed()
        case .sessionLost: sessionLost()
        case .stopped: stopped()
        }
    }
}

/// One sequence of events, what the machine answered, and what that broke.
private struct RelayTrace {
    private var machine = RelayStateMachine()
    private(set) var result: RelayResult?
    private(set) var violation: String?
    private var hasFarEOF = false
    private var isPending = false
    private var hasSentEOF = false
    private var hasFinishedNear = false
    private var closesFar = 0
    private var closesNear = 0
    private var resetsNear = 0

    mutating func feed(_ event: RelayStateMachineTests.Event) {
        note(event)
        let actions = machine.apply(event)
        if result != nil, !actions.isEmpty { violation = "\(event) after the end gave \(actions)" }
        for action in actions { check(action) }
        if machine.isOver != (result != nil) { violation = "isOver is \(machine.isOver) after \(event)" }
    }

    /// The world's side: are there bytes that still wait?
    private mutating func note(_ event: RelayStateMachineTests.Event) {
        switch event {
        case .nearEOFWithPendingBytes, .nearClosedWithPendingBytes: if !hasSentEOF { isPending = true }
        case .nearBytesSent: isPending = false
        case .farEOF: hasFarEOF = true
        case .nearEOF, .nearOutputFinished, .farClosed, .nearClosed, .nearFailed, .sessionLost, .stopped: break
        }
    }

    private mutating func check(_ action: RelayStateMachine.Action) {
        if result != nil { violation = "\(action) after the end" }
        switch action {
        case .sendFarEOF:
            if hasSentEOF { violation = "a second EOF" }
            if isPending { violation = "EOF before the pending bytes" }
            if closesFar > 0 { violation = "EOF after CLOSE" }
            hasSentEOF = true
        case .finishNearOutput:
            if hasFinishedNear || !hasFarEOF { violation = "a FIN without a far EOF, or a second one" }
            hasFinishedNear = true
        case .closeFar: closesFar += 1
        case .closeNear: closesNear += 1
        case .resetNear: resetsNear += 1
        case .ended(let result): end(result)
        }
    }

    private mutating func end(_ result: RelayResult) {
        self.result = result
        if closesFar != (result == .sessionLost ? 0 : 1) { violation = "\(closesFar) CLOSEs, \(result)" }
        let isGentle = result == .completed || result == .farClosed
        if closesNear != (isGentle ? 1 : 0) || resetsNear != (isGentle ? 0 : 1) {
            violation = "\(closesNear) closes and \(resetsNear) resets, \(result)"
        }
        if result == .completed, !(hasSentEOF && hasFinishedNear) { violation = "completed without both EOFs" }
    }
}

/// Walks the tree of all orders.
private struct RelaySearch {
    private(set) var violations: Set<String> = []
    private(set) var results: Set<RelayResult> = []
    private(set) var leaves = 0

    mutating func permute(_ remaining: [RelayStateMachineTests.Event], _ trace: RelayTrace) {
        guard !remaining.isEmpty else { return leaf(trace, mustHaveEnded: true) }
        for index in remaining.indices {
            var rest = remaining
            var next = trace
            next.feed(rest.remove(at: index))
            permute(rest, next)
        }
    }

    mutating func extend(_ trace: RelayTrace, by length: Int) {
        guard length > 0 else { return leaf(trace, mustHaveEnded: false) }
        for event in RelayStateMachineTests.Event.allCases {
            var next = trace
            next.feed(event)
            extend(next, by: length - 1)
        }
    }

    private mutating func leaf(_ trace: RelayTrace, mustHaveEnded: Bool) {
        leaves += 1
        if let violation = trace.violation { violations.insert(violation) }
        if let result = trace.result { results.insert(result) } else if mustHaveEnded { violations.insert("no end") }
    }
}
