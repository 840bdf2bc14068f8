import FwdCore
import Testing

@Suite struct GatewayStateMachineTests {
    typealias Machine = GatewayStateMachine

    static let lost = Cause(.lost, "the connection was reset")
    static let refused = Cause(.auth, .needsOperator, "no credential was accepted")
    static let bug = Cause(.internal, .bug, "this cannot be")

    enum Event: Hashable, Sendable {
        case start, resolved, connected, hostVerified, authenticated
        case failed(Cause)
        case timerFired, retry, demand, stop, drained

        static let all: [Event] = [
            .start, .resolved, .connected, .hostVerified, .authenticated, .failed(lost), .failed(refused),
            .failed(bug), .timerFired, .retry, .demand, .stop, .drained,
        ]
    }

    /// A state of the picture.
    enum Place: Hashable, Sendable, CaseIterable {
        case stopped, resolving, connecting, verifyingHost, authenticating, up, backingOff, parked, draining

        /// The shortest way there.
        var path: [Event] {
            switch self {
            case .stopped: []
            case .resolving: [.start]
            case .connecting: Self.resolving.path + [.resolved]
            case .verifyingHost: Self.connecting.path + [.connected]
            case .authenticating: Self.verifyingHost.path + [.hostVerified]
            case .up: Self.authenticating.path + [.authenticated]
            case .backingOff: Self.resolving.path + [.failed(lost)]
            case .parked: Self.authenticating.path + [.failed(refused)]
            case .draining: Self.up.path + [.stop]
            }
        }

        /// Reached at the start of time. Waits there are easy to tell apart: backing off takes 30 s, parking 900 s.
        var machine: Machine {
            var machine = Machine(backoff: Backoff(base: .seconds(60)))
            for event in path { _ = machine.apply(event, at: .start) }
            return machine
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let place: Place
        let event: Event
        let time: Duration
        let actions: [Machine.Action]
        let state: Machine.State

        init(
            _ place: Place, _ event: Event, at time: Duration = .seconds(10), _ actions: [Machine.Action],
            _ state: Machine.State
        ) {
            self.place = place
            self.event = event
            self.time = time
            self.actions = actions
            self.state = state
        }

        var testDescription: String { "\(place): \(event) at \(time)" }
    }

    // MARK: - The picture

    static let wayUp: [Row] = [
        Row(.stopped, .start, [.startAttempt(1)], .resolving),
        Row(.resolving, .resolved, [], .connecting),
        Row(.connecting, .connected, [], .verifyingHost),
        Row(.verifyingHost, .hostVerified, [], .authenticating),
        Row(.authenticating, .authenticated, [], .up(since: at(.seconds(10)))),
    ]

    static let failures: [Row] = [Place.resolving, .connecting, .verifyingHost, .authenticating, .up].flatMap { place in
        [
            Row(
                place, .failed(lost), [.setTimer(at(.seconds(40))), .dropSession],
                .backingOff(until: at(.seconds(40)), lost)),
            Row(
                place, .failed(bug), [.setTimer(at(.seconds(40))), .dropSession],
                .backingOff(until: at(.seconds(40)), bug)),
            Row(
                place, .failed(refused), [.setTimer(at(.seconds(910))), .dropSession],
                .parked(until: at(.seconds(910)), refused)),
        ]
    }

    static let waits: [Row] = [
        Row(
            .backingOff, .timerFired, at: .milliseconds(29_999), [.setTimer(at(.seconds(30)))],
            .backingOff(until: at(.seconds(30)), lost)),
        Row(.backingOff, .timerFired, at: .seconds(30), [.startAttempt(2)], .resolving),
        Row(.backingOff, .retry, [.cancelTimer, .startAttempt(2)], .resolving),
        Row(
            .backingOff, .demand, at: .milliseconds(999), [.setTimer(at(.seconds(1)))],
            .backingOff(until: at(.seconds(1)), lost)),
        Row(.backingOff, .demand, at: .seconds(1), [.cancelTimer, .startAttempt(2)], .resolving),
        Row(
            .parked, .timerFired, at: .milliseconds(899_999), [.setTimer(at(.seconds(900)))],
            .parked(until: at(.seconds(900)), refused)),
        Row(.parked, .timerFired, at: .seconds(900), [.startAttempt(2)], .resolving),
        Row(.parked, .retry, [.cancelTimer, .startAttempt(2)], .resolving),
    ]

    static let wayDown: [Row] =
        [Place.resolving, .connecting, .verifyingHost, .authenticating, .backingOff, .parked].map {
            Row($0, .stop, [.cancelTimer, .dropSession], .stopped)
        } + [
            Row(.up, .stop, [.drain], .draining),
            Row(.draining, .drained, [.dropSession], .stopped),
            Row(.draining, .failed(lost), [.dropSession], .stopped),
            Row(.draining, .failed(refused), [.dropSession], .stopped),
            Row(.draining, .failed(bug), [.dropSession], .stopped),
        ]

    static let rows = wayUp + failures + waits + wayDown

    @Test(arguments: rows)
    func everyArrowOfThePicture(row: Row) {
        var machine = row.place.machine
        #expect(machine.apply(row.event, at: at(row.time)) == row.actions)
        #expect(machine.state == row.state)
    }

    @Test(arguments: Place.allCases)
    func everythingElseIsIgnored(place: Place) {
        let known = Set(Self.rows.filter { $0.place == place }.map(\.event))
        let others = Event.all.filter { !known.contains($0) }
        #expect(!others.isEmpty)
        for event in others {
            var machine = place.machine
            let before = machine.state
            #expect(machine.apply(event, at: at(.seconds(10))) == [], "\(event)")
            #expect(machine.state == before, "\(event)")
            #expect(machine.attempt == place.machine.attempt, "\(event)")
        }
    }

    @Test(arguments: Place.allCases.filter { $0 != .stopped })
    func eventsOfAnotherAttemptAreIgnored(place: Place) {
        let reports = Event.all.filter(\.isReport)
        #expect(reports.count == 7)
        for event in reports {
            for number in [-1, 0, 1, 3, 99] {
                // The second attempt is under way, the first one reports late.
                var machine = place.machine
                while machine.attempt < 2 {
                    _ = machine.stop()
                    _ = machine.drained()
                    for event in Place.resolving.path + place.path.dropFirst() {
                        _ = machine.apply(event, at: .start)
                    }
                }
                let before = machine.state
                #expect(machine.apply(event, attempt: number, at: at(.seconds(10))) == [], "\(event) of \(number)")
                #expect(machine.state == before, "\(event) of \(number)")
            }
        }
    }

    @Test func publicStateWaitingAndIsUpFollowTheState() {
        let states: [Place: GatewayState] = [
            .stopped: .stopped, .resolving: .resolving, .connecting: .connecting, .verifyingHost: .verifyingHost,
            .authenticating: .authenticating, .up: .up, .backingOff: .backingOff, .parked: .parked,
            .draining: .draining,
        ]
        #expect(Set(states.values) == Set(GatewayState.allCases))
        for place in Place.allCases {
            let machine = place.machine
            #expect(machine.publicState == states[place])
            #expect(machine.isUp == (place == .up))
            #expect((machine.waiting != nil) == (place == .backingOff || place == .parked))
        }
        #expect(Place.backingOff.machine.waiting?.cause == Self.lost)
        #expect(Place.backingOff.machine.waiting?.until == at(.seconds(30)))
        #expect(Place.parked.machine.waiting?.cause == Self.refused)
        #expect(Place.parked.machine.waiting?.until == at(.seconds(900)))
    }

    @Test func attemptsAreNumberedWithoutGapsAcrossStopAndStart() {
        var machine = Machine()
        for number in 1...5 {
            #expect(machine.start() == [.startAttempt(number)])
            #expect(machine.stop() == [.cancelTimer, .dropSession])
        }
    }

    // MARK: - Class of the failure

    @Test(arguments: Cause.Reason.allCases)
    func theClassAloneDecidesBetweenRetryAndParking(reason: Cause.Reason) {
        for (failureClass, delay) in [(FailureClass.retry, 30), (.bug, 30), (.needsOperator, 900)] {
            var machine = Place.authenticating.machine
            _ = machine.apply(.failed(Cause(reason, failureClass, "x")), at: .start)
            #expect(machine.waiting?.until == at(.seconds(delay)))
            #expect(machine.publicState == (failureClass == .needsOperator ? .parked : .backingOff))
        }
    }

    /// Servers punish floods of failed logins: a thousand refusals in a row are 15 minutes apart, whatever happens in
    /// between (clients that wait, early timers, callbacks that come late).
    @Test func refusedLoginsNeverEnterFastRetry() {
        var machine = Machine()
        var now = ContinuousClock.Instant.start
        _ = machine.start()
        for number in 1...1_000 {
            #expect(machine.attempt == number)
            for event in Place.authenticating.path.dropFirst() { _ = machine.apply(event, at: now) }
            let until = now + .seconds(900)
            #expect(machine.apply(.failed(Self.refused), at: now) == [.setTimer(until), .dropSession])
            for seconds in stride(from: 0, to: 900, by: 90) {
                let then = now + .seconds(seconds)
                #expect(machine.demand(now: then) == [])
                #expect(machine.timerFired(now: then) == [.setTimer(until)])
                #expect(machine.apply(.failed(Self.lost), at: then) == [])
                #expect(machine.start() == [])
            }
            #expect(machine.state == .parked(until: until, Self.refused))
            now = until
            #expect(machine.timerFired(now: now) == [.startAttempt(number + 1)])
        }
    }

    // MARK: - Backoff

    @Test func delaysGrowToAMinuteAndStayThere() {
        var machine = Machine()
        _ = machine.start()
        #expect(delays(&machine, count: 10) == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60])
    }

    @Test func jitterIsFull() {
        for (jitter, seconds) in [(0, 0), (0.25, 15), (0.5, 30), (0.75, 45)] {
            var machine = saturated()
            let now = at(.seconds(10))
            _ = machine.failed(attempt: machine.attempt, Self.lost, now: now, jitter: jitter)
            #expect(machine.waiting?.until == now + .seconds(seconds))
        }
    }

    @Test(arguments: [(0, false), (59_999, false), (60_000, true), (86_400_000, true)])
    func onlyASessionThatLivedAMinuteResetsTheBackoff(lifetime: Int, isReset: Bool) {
        var machine = saturated()
        let end = at(.milliseconds(lifetime))
        for event in Place.up.path.dropFirst() { _ = machine.apply(event, at: .start) }
        _ = machine.failed(attempt: machine.attempt, Self.lost, now: end, jitter: 1)
        #expect(machine.waiting?.until == end + (isReset ? .milliseconds(500) : .seconds(60)))
    }

    @Test func aFailedLoginAfterTheBackoffGrewDoesNotResetIt() {
        var machine = saturated()
        _ = machine.apply(.failed(Self.refused), at: .start)
        _ = machine.timerFired(now: at(.seconds(900)))
        #expect(delays(&machine, count: 1) == [60])
    }

    @Test func anOperatorsRetryResetsTheBackoff() {
        var machine = saturated()
        _ = machine.apply(.failed(Self.lost), at: .start)
        _ = machine.retry()
        #expect(delays(&machine, count: 2) == [0.5, 1])
    }

    @Test func tenThousandReconnectsNeverOverflowNorChangeTheCap() {
        var machine = saturated()
        let first = machine.attempt
        var seen: Set<Duration> = []
        var now = ContinuousClock.Instant.start
        for round in 0..<10_000 {
            // Some attempts fail at once, some after a short life.
            let path = round.isMultiple(of: 3) ? Place.up.path : Place.authenticating.path
            for event in path.dropFirst() { _ = machine.apply(event, at: now) }
            now += .seconds(round % 60)
            _ = machine.failed(attempt: machine.attempt, Self.lost, now: now, jitter: 0.5)
            guard let until = machine.waiting?.until else { break }
            seen.insert(until - now)
            now = until
            _ = machine.timerFired(now: now)
        }
        #expect(seen == [.seconds(30)])
        #expect(machine.attempt == first + 10_000)
        #expect(machine.state == .resolving)
    }

    // MARK: - Demand

    static let network: [Cause.Reason] = [.dns, .connect, .lost, .timeout]

    @Test(arguments: Cause.Reason.allCases)
    func demandHelpsOnlyWhereTheNetworkWasTheCause(reason: Cause.Reason) {
        var machine = saturated()
        _ = machine.apply(.failed(Cause(reason, .retry, "x")), at: .start)
        let before = machine.state
        let actions = machine.demand(now: at(.milliseconds(1)))
        if Self.network.contains(reason) {
            #expect(actions == [.setTimer(at(.seconds(1)))])
            #expect(machine.waiting?.until == at(.seconds(1)))
            #expect(machine.timerFired(now: at(.seconds(1))) == [.startAttempt(machine.attempt)])
        } else {
            #expect(actions == [])
            #expect(machine.demand(now: at(.seconds(29))) == [])
            #expect(machine.state == before)
        }
    }

    @Test func demandNeverPutsTheRetryOff() {
        var machine = Machine()
        _ = machine.start()
        _ = machine.apply(.failed(Self.lost), at: .start)
        #expect(machine.demand(now: at(.milliseconds(1))) == [])
        #expect(machine.waiting?.until == at(.milliseconds(250)))
    }

    @Test(arguments: network)
    func aThousandDemandsGiveAtMostOneAttemptPerSecond(reason: Cause.Reason) {
        var machine = saturated()
        var timer: ContinuousClock.Instant?
        var starts: [ContinuousClock.Instant] = []
        func perform(_ actions: [Machine.Action]) {
            for action in actions {
                switch action {
                case .setTimer(let instant): timer = instant
                case .cancelTimer: timer = nil
                case .startAttempt, .dropSession, .drain: break
                }
            }
        }
        perform(machine.failed(attempt: machine.attempt, Cause(reason, "x"), now: .start, jitter: 0.99))
        for tick in 1...1_000 {
            let now = at(.milliseconds(10 * tick))
            if let due = timer, now >= due {
                timer = nil
                perform(machine.timerFired(now: now))
            }
            perform(machine.demand(now: now))
            if machine.state == .resolving {
                starts.append(now)
                perform(machine.failed(attempt: machine.attempt, Cause(reason, "x"), now: now, jitter: 0.99))
            }
        }
        #expect(starts == (1...10).map { at(.seconds($0)) })
    }

    @Test func demandCountsFromTheEndOfTheLastAttemptNotFromItsStart() {
        var machine = saturated()
        _ = machine.apply(.failed(Self.lost), at: .start)
        #expect(machine.demand(now: at(.seconds(1))) == [.cancelTimer, .startAttempt(machine.attempt)])
        _ = machine.apply(.failed(Self.lost), at: at(.seconds(11)))
        #expect(machine.demand(now: at(.seconds(11))) == [.setTimer(at(.seconds(12)))])
    }

    // MARK: - Draining

    @Test func drainingEndsOnceAndOldTimersAreHarmless() {
        var machine = Place.up.machine
        #expect(machine.stop() == [.drain])
        #expect(machine.stop() == [])
        #expect(machine.timerFired(now: at(.seconds(1_000))) == [])
        #expect(machine.drained() == [.dropSession])
        #expect(machine.drained() == [])
        #expect(machine.apply(.failed(Self.lost), at: .start) == [])
        #expect(machine.state == .stopped)
    }

    @Test func aStoppedGatewayStartsAgain() {
        var machine = Place.draining.machine
        _ = machine.drained()
        #expect(machine.start() == [.startAttempt(2)])
    }

    // MARK: -

    /// Its attempt is under way and its next delay has the ceiling of a minute.
    private func saturated() -> Machine {
        var machine = Machine()
        _ = machine.start()
        _ = delays(&machine, count: 10)
        return machine
    }

    /// Lets attempts fail one after the other with the greatest jitter.
    private func delays(_ machine: inout Machine, count: Int) -> [Double] {
        (0..<count).compactMap { _ in
            _ = machine.failed(attempt: machine.attempt, Self.lost, now: .start, jitter: 1)
            guard let until = machine.waiting?.until else { return nil }
            _ = machine.timerFired(now: until)
            return (until - .start).inSeconds
        }
    }
}

extension GatewayStateMachineTests.Event {
    /// Whether it belongs to an attempt.
    fileprivate var isReport: Bool {
        switch self {
        case .resolved, .connected, .hostVerified, .authenticated, .failed: true
        case .start, .timerFired, .retry, .demand, .stop, .drained: false
        }
    }
}

extension GatewayStateMachine {
    /// - Parameter number: the attempt it belongs to; absent: the present one.
    fileprivate mutating func apply(
        _ event: GatewayStateMachineTests.Event, attempt number: Int? = nil, at now: Instant
    ) -> [Action] {
        let number = number ?? attempt
        switch event {
        case .start: return start()
        case .resolved: resolved(attempt: number)
        case .connected: connected(attempt: number)
        case .hostVerified: hostVerified(attempt: number)
        case .authenticated: authenticated(attempt: number, now: now)
        case .failed(let cause): return failed(attempt: number, cause, now: now, jitter: 0.5)
        case .timerFired: return timerFired(now: now)
        case .retry: return retry()
        case .demand: return demand(now: now)
        case .stop: return stop()
        case .drained: return drained()
        }
        return []
    }
}

extension ContinuousClock.Instant {
    /// Time zero of these tests. Machines only compare instants.
    static let start = ContinuousClock.Instant.now
}

/// That long after time zero.
func at(_ duration: Duration) -> ContinuousClock.Instant {
    .start.advanced(by: duration)
}
