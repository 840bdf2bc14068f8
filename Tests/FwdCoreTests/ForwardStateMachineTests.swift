import FwdCore
import Testing

@Suite struct ForwardStateMachineTests {
    typealias Machine = ForwardStateMachine

    static let busy = Cause(.bind, "the port is in use")
    static let forbidden = Cause(.bind, .needsOperator, "ports below 1024 need a privilege")
    static let bug = Cause(.internal, .bug, "this cannot be")
    static let causes = [busy, forbidden, bug]

    enum Event: Hashable, Sendable {
        case start, stop, gatewayUp, gatewayDown, opened
        case openFailed(Cause)
        case timerFired, retry

        static let all: [Event] =
            [.start, .stop, .gatewayUp, .gatewayDown, .opened, .timerFired, .retry] + causes.map { .openFailed($0) }
    }

    /// A state of the picture.
    enum Place: Hashable, Sendable {
        case disabled, idle, opening, open
        case failed(Cause)
        case openingAgain(Cause)

        static let all: [Place] =
            [.disabled, .idle, .opening, .open] + causes.flatMap { [.failed($0), .openingAgain($0)] }

        /// Reached at the start of time. A first failure waits 250 ms, or 900 s where it parks.
        func machine(_ kind: ForwardSpec.Kind, isUp: Bool) -> Machine {
            var machine = Machine(kind: kind, isEnabled: self != .disabled)
            if isUp { _ = machine.gatewayUp() }
            for event in path { _ = machine.apply(event, at: .start) }
            return machine
        }

        private var path: [Event] {
            switch self {
            case .disabled, .idle: []
            case .opening: [.start]
            case .open: [.start, .opened]
            case .failed(let cause): [.start, .openFailed(cause)]
            case .openingAgain(let cause): [.start, .openFailed(cause), .retry]
            }
        }

        var listener: Machine.Listener {
            switch self {
            case .disabled, .idle: .idle
            case .opening: .opening(after: nil)
            case .open: .open(port: 5432)
            case .failed(let cause): .failed(until: until(after: cause), cause)
            case .openingAgain(let cause): .opening(after: cause)
            }
        }

        private func until(after cause: Cause) -> ContinuousClock.Instant {
            at(cause == forbidden ? .seconds(900) : .milliseconds(250))
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let kind: ForwardSpec.Kind
        let isUp: Bool
        let place: Place
        let event: Event
        let time: Duration
        let actions: [Machine.Action]
        let listener: Machine.Listener

        init(
            _ kind: ForwardSpec.Kind, isUp: Bool, _ place: Place, _ event: Event, at time: Duration = .seconds(10),
            _ actions: [Machine.Action], _ listener: Machine.Listener
        ) {
            self.kind = kind
            self.isUp = isUp
            self.place = place
            self.event = event
            self.time = time
            self.actions = actions
            self.listener = listener
        }

        var testDescription: String { "\(kind.flag), gateway \(isUp ? "up" : "down"), \(place): \(event) at \(time)" }
    }

    /// A forward and a gateway, in every combination that exists: the listener of a -R is idle exactly while its
    /// gateway is down.
    static let situations: [(kind: ForwardSpec.Kind, isUp: Bool, place: Place)] =
        Place.all.flatMap { place in
            [(.local, false, place), (.local, true, place)]
                + [(.remote, place != .idle, place)] + (place == .disabled ? [(.remote, false, place)] : [])
        }

    // MARK: - The picture

    /// What goes for both kinds, while the listener is wanted.
    static let both: [Row] = [(ForwardSpec.Kind.local, false), (.local, true), (.remote, true)].flatMap { kind, isUp in
        func row(
            _ place: Place, _ event: Event, at time: Duration = .seconds(10), _ actions: [Machine.Action],
            _ listener: Machine.Listener
        ) -> Row {
            Row(kind, isUp: isUp, place, event, at: time, actions, listener)
        }
        let answers = ([.opening] + causes.map { .openingAgain($0) } as [Place]).flatMap { place in
            [
                row(place, .opened, [], .open(port: 5432)),
                row(
                    place, .openFailed(forbidden), [.setTimer(at(.seconds(910)))],
                    .failed(until: at(.seconds(910)), forbidden)),
                row(
                    place, .openFailed(busy), [.setTimer(at(.milliseconds(10_250)))],
                    .failed(until: at(.milliseconds(10_250)), busy)),
                row(
                    place, .openFailed(bug), [.setTimer(at(.milliseconds(10_250)))],
                    .failed(until: at(.milliseconds(10_250)), bug)),
            ]
        }
        let waits = [busy, bug].flatMap { cause in
            [
                row(
                    .failed(cause), .timerFired, at: .milliseconds(249), [.setTimer(at(.milliseconds(250)))],
                    .failed(until: at(.milliseconds(250)), cause)),
                row(.failed(cause), .timerFired, at: .milliseconds(250), [.openListener], .opening(after: cause)),
                row(.failed(cause), .retry, [.cancelTimer, .openListener], .opening(after: cause)),
            ]
        }
        let parks = [
            row(
                .failed(forbidden), .timerFired, at: .milliseconds(899_999), [.setTimer(at(.seconds(900)))],
                .failed(until: at(.seconds(900)), forbidden)),
            row(.failed(forbidden), .timerFired, at: .seconds(900), [.openListener], .opening(after: forbidden)),
            row(.failed(forbidden), .retry, [.cancelTimer, .openListener], .opening(after: forbidden)),
        ]
        return answers + waits + parks
    }

    static let local: [Row] = [false, true].map {
        Row(.local, isUp: $0, .idle, .start, [.openListener], .opening(after: nil))
    }

    static let remote: [Row] =
        [Row(.remote, isUp: false, .idle, .gatewayUp, [.openListener], .opening(after: nil))]
        + Place.all.filter { $0 != .idle && $0 != .disabled }.map {
            Row(.remote, isUp: true, $0, .gatewayDown, [.cancelTimer, .closeListener], .idle)
        }

    static let stops: [Row] = situations.map {
        Row($0.kind, isUp: $0.isUp, $0.place, .stop, [.cancelTimer, .closeListener], .idle)
    }

    static let rows = both + local + remote + stops

    @Test(arguments: rows)
    func everyArrowOfThePicture(row: Row) {
        var machine = row.place.machine(row.kind, isUp: row.isUp)
        #expect(machine.listener == row.place.listener)
        #expect(machine.apply(row.event, at: at(row.time)) == row.actions)
        #expect(machine.listener == row.listener)
        #expect(machine.isEnabled == (row.place != .disabled && row.event != .stop))
    }

    @Test(arguments: situations)
    func everythingElseIsIgnored(kind: ForwardSpec.Kind, isUp: Bool, place: Place) {
        let known = Set(
            Self.rows.filter { $0.kind == kind && $0.isUp == isUp && $0.place == place }.map(\.event))
        let others = Event.all.filter { !known.contains($0) }
        #expect(!others.isEmpty)
        for event in others {
            var machine = place.machine(kind, isUp: isUp)
            #expect(machine.apply(event, at: at(.seconds(10))) == [], "\(event)")
            #expect(machine.listener == place.listener, "\(event)")
            #expect(machine.isEnabled == (place != .disabled), "\(event)")
        }
    }

    // MARK: - The truth

    @Test(arguments: situations)
    func thePublicStateFollowsFromListenerAndGateway(kind: ForwardSpec.Kind, isUp: Bool, place: Place) {
        let machine = place.machine(kind, isUp: isUp)
        let expected: ForwardState =
            switch place {
            case .disabled: .disabled
            case .idle, .opening: .waiting
            case .open: isUp ? .up : .waiting
            case .failed(let cause), .openingAgain(let cause): cause == Self.forbidden ? .parked : .degraded
            }
        #expect(machine.publicState == expected)
        #expect(machine.gatewayIsUp == isUp)
        #expect(machine.boundPort == (place == .open ? 5432 : nil))
        switch place {
        case .failed(let cause), .openingAgain(let cause): #expect(machine.cause == cause)
        case .disabled, .idle, .opening, .open: #expect(machine.cause == nil)
        }
    }

    @Test(arguments: situations)
    func aGatewayThatGoesMakesNoForwardLookUp(kind: ForwardSpec.Kind, isUp: Bool, place: Place) {
        var machine = place.machine(kind, isUp: isUp)
        _ = machine.gatewayDown()
        #expect(!machine.gatewayIsUp)
        #expect(machine.publicState != .up)
    }

    @Test func aLocalListenerSurvivesTheLossOfItsGateway() {
        var machine = Machine(kind: .local)
        #expect(machine.start() == [.openListener])
        machine.opened(port: 8080)
        #expect(machine.publicState == .waiting)
        for _ in 0..<3 {
            #expect(machine.gatewayUp() == [])
            #expect(machine.publicState == .up)
            #expect(machine.gatewayDown() == [])
            #expect(machine.publicState == .waiting)
            #expect(machine.boundPort == 8080)
        }
    }

    @Test func aRemoteListenerIsAskedForEachTimeTheGatewayComesUp() {
        var machine = Machine(kind: .remote)
        #expect(machine.start() == [])
        for port: UInt16 in 1...3 {
            #expect(machine.gatewayUp() == [.openListener])
            #expect(machine.publicState == .waiting)
            machine.opened(port: port)
            #expect(machine.publicState == .up)
            #expect(machine.boundPort == port)
            #expect(machine.gatewayDown() == [.cancelTimer, .closeListener])
            #expect(machine.publicState == .waiting)
            #expect(machine.boundPort == nil)
        }
    }

    @Test func anAnswerThatComesAfterTheGatewayWentChangesNothing() {
        var machine = Place.opening.machine(.remote, isUp: true)
        _ = machine.gatewayDown()
        machine.opened(port: 1)
        #expect(machine.openFailed(Self.busy, now: .start, jitter: 0.5) == [])
        #expect(machine.listener == .idle)
        #expect(machine.publicState == .waiting)
    }

    @Test(arguments: ForwardSpec.Kind.allCases, causes)
    func whatFailedStaysSoWhileItsRetryIsUnderWay(kind: ForwardSpec.Kind, cause: Cause) {
        var machine = Place.opening.machine(kind, isUp: true)
        let state: ForwardState = cause == Self.forbidden ? .parked : .degraded
        for round in 1...5 {
            let now = at(.seconds(1_000 * round))
            _ = machine.openFailed(cause, now: now, jitter: 0.5)
            #expect(machine.publicState == state)
            #expect(machine.timerFired(now: now + .seconds(900)) == [.openListener])
            #expect(machine.publicState == state)
            #expect(machine.cause == cause)
        }
        machine.opened(port: 1)
        #expect(machine.publicState == .up)
        #expect(machine.cause == nil)
    }

    @Test func anotherCauseReplacesTheOldOne() {
        var machine = Place.openingAgain(Self.busy).machine(.local, isUp: true)
        _ = machine.openFailed(Self.forbidden, now: .start, jitter: 0.5)
        #expect(machine.publicState == .parked)
        _ = machine.retry()
        _ = machine.openFailed(Self.busy, now: .start, jitter: 0.5)
        #expect(machine.publicState == .degraded)
    }

    @Test func aStoppedForwardStaysDisabledWhateverTheGatewayDoes() {
        for kind in ForwardSpec.Kind.allCases {
            var machine = Place.open.machine(kind, isUp: true)
            _ = machine.stop()
            #expect(machine.gatewayDown() + machine.gatewayUp() + machine.start() + machine.retry() == [])
            #expect(machine.publicState == .disabled)
        }
    }

    // MARK: - Backoff

    @Test func retriesGrowToHalfAMinute() {
        var machine = Place.opening.machine(.local, isUp: true)
        #expect(delays(&machine, count: 9, jitter: 1) == [0.5, 1, 2, 4, 8, 16, 30, 30, 30])
    }

    @Test func noRetryComesSoonerThanAQuarterOfASecond() {
        var machine = Place.opening.machine(.local, isUp: true)
        #expect(delays(&machine, count: 100, jitter: 0) == Array(repeating: 0.25, count: 100))
    }

    @Test func tenThousandFailuresDoNotChangeTheCap() {
        var machine = Place.opening.machine(.local, isUp: true)
        _ = delays(&machine, count: 10, jitter: 1)
        #expect(Set(delays(&machine, count: 10_000, jitter: 0.5)) == [15])
    }

    @Test func anOperatorsRetryResetsTheBackoff() {
        var machine = Place.opening.machine(.local, isUp: true)
        _ = delays(&machine, count: 10, jitter: 1)
        _ = machine.openFailed(Self.busy, now: .start, jitter: 1)
        _ = machine.retry()
        #expect(delays(&machine, count: 1, jitter: 1) == [0.5])
    }

    @Test func aNewSessionResetsTheBackoffOfARemoteForward() {
        var machine = Place.opening.machine(.remote, isUp: true)
        _ = delays(&machine, count: 10, jitter: 1)
        _ = machine.gatewayDown()
        _ = machine.gatewayUp()
        #expect(delays(&machine, count: 1, jitter: 1) == [0.5])
    }

    /// Lets the opening that is under way and its retries fail.
    private func delays(_ machine: inout Machine, count: Int, jitter: Double) -> [Double] {
        (0..<count).compactMap { _ in
            _ = machine.openFailed(Self.busy, now: .start, jitter: jitter)
            guard case .failed(let until, _) = machine.listener else { return nil }
            _ = machine.timerFired(now: until)
            return (until - .start).inSeconds
        }
    }
}

extension ForwardStateMachine {
    fileprivate mutating func apply(_ event: ForwardStateMachineTests.Event, at now: Instant) -> [Action] {
        switch event {
        case .start: return start()
        case .stop: return stop()
        case .gatewayUp: return gatewayUp()
        case .gatewayDown: return gatewayDown()
        case .opened: opened(port: 5432)
        case .openFailed(let cause): return openFailed(cause, now: now, jitter: 0.5)
        case .timerFired: return timerFired(now: now)
        case .retry: return retry()
        }
        return []
    }
}
