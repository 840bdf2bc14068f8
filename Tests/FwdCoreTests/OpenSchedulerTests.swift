import FwdCore
import Testing

@Suite struct OpenSchedulerTests {
    // MARK: - Slots

    @Test func anOpenTakesTheFreeSlotAndTheNextOneWaitsForIt() {
        var scheduler = online()
        #expect(scheduler.enqueue(1, target: "a", now: .start) == [.open(1, on: 1)])
        #expect(scheduler.enqueue(2, target: "b", now: .start) == [.setTimer(at(.milliseconds(250)))])
        #expect(scheduler.queueLength == 1)
        #expect(scheduler.finished(1, on: 1, isTimeout: false, now: at(.milliseconds(1))) == [.open(2, on: 1)])
        #expect(scheduler.queueLength == 0)
        #expect(scheduler.finished(2, on: 1, isTimeout: false, now: at(.milliseconds(2))) == [])
    }

    @Test func opensThatCameBeforeTheSessionStartInTheirOrder() {
        var scheduler = OpenScheduler()
        for ticket in 1...3 { #expect(scheduler.enqueue(ticket, target: "a", now: .start) == []) }
        let ready = scheduler.sessionReady(1, isOverflow: false, now: .start)
        #expect(ready == [.open(1, on: 1), .setTimer(at(.milliseconds(250)))])
        for ticket in 2...3 {
            let actions = scheduler.finished(ticket - 1, on: 1, isTimeout: false, now: .start)
            #expect(actions.first == .open(ticket, on: 1))
        }
    }

    @Test func theLowestFreeSessionIsTakenFirst() {
        var scheduler = online(sessions: 3)
        #expect(scheduler.enqueue(1, target: "a", now: .start) == [.open(1, on: 1)])
        #expect(scheduler.enqueue(2, target: "b", now: .start) == [.open(2, on: 2)])
        _ = scheduler.finished(1, on: 1, isTimeout: false, now: .start)
        #expect(scheduler.enqueue(3, target: "c", now: .start) == [.open(3, on: 1)])
        #expect(scheduler.enqueue(4, target: "d", now: .start) == [.open(4, on: 3)])
    }

    @Test func aSessionThatIsGoneTakesNoMore() {
        var scheduler = online(sessions: 2)
        scheduler.sessionGone(1)
        #expect(scheduler.finished(1, on: 1, isTimeout: false, now: .start) == [])
        #expect(scheduler.enqueue(1, target: "a", now: .start) == [.open(1, on: 2)])
        #expect(scheduler.enqueue(2, target: "a", now: .start) == [.setTimer(at(.milliseconds(250)))])
    }

    // MARK: - Several slots

    @Test func aSessionWithSeveralSlotsOpensAtOnce() {
        var scheduler = OpenScheduler(slots: 8)
        _ = scheduler.sessionReady(1, isOverflow: false, now: .start)
        for ticket in 1...8 {
            #expect(scheduler.enqueue(ticket, target: "t\(ticket)", now: .start) == [.open(ticket, on: 1)])
        }
        #expect(scheduler.enqueue(9, target: "t9", now: .start) == [.setTimer(at(.milliseconds(250)))])
        #expect(scheduler.finished(5, on: 1, isTimeout: false, now: .start) == [.open(9, on: 1)])
    }

    @Test func oneTargetHasAQuarterOfTheSlotsAtMost() {
        var scheduler = OpenScheduler(slots: 8)
        _ = scheduler.sessionReady(1, isOverflow: false, now: .start)
        for ticket in 1...2 { #expect(scheduler.enqueue(ticket, target: "a", now: .start) == [.open(ticket, on: 1)]) }
        for ticket in 3...30 { #expect(scheduler.enqueue(ticket, target: "a", now: .start) == []) }
        #expect(scheduler.enqueue(31, target: "b", now: .start) == [.open(31, on: 1)])
        #expect(scheduler.finished(1, on: 1, isTimeout: false, now: .start) == [.open(3, on: 1)])
        // Nobody logs in once more for a target that has its share.
        #expect(scheduler.tick(now: at(.seconds(1))) == [])
    }

    @Test func aSlowTargetKeepsFewerSlots() {
        var scheduler = OpenScheduler(slots: 64)
        _ = scheduler.sessionReady(1, isOverflow: false, now: .start)
        for ticket in 1...6 { #expect(scheduler.enqueue(ticket, target: "a", now: .start) == [.open(ticket, on: 1)]) }
        let later = at(.milliseconds(250))
        #expect(scheduler.enqueue(7, target: "a", now: later) == [])
        for ticket in 1...2 { #expect(scheduler.finished(ticket, on: 1, isTimeout: false, now: later) == []) }
        #expect(scheduler.finished(3, on: 1, isTimeout: false, now: later) == [.open(7, on: 1)])
    }

    // MARK: - Many relays

    @Test func whenAllSessionsCarryMuchAnotherOneIsAskedForAndGetsTheNext() {
        var scheduler = OpenScheduler(slots: 8)
        _ = scheduler.sessionReady(1, isOverflow: false, now: .start)
        scheduler.carries(31, on: 1)
        #expect(scheduler.enqueue(1, target: "a", now: .start) == [.open(1, on: 1), .spawnSession])
        #expect(scheduler.enqueue(2, target: "a", now: .start) == [.open(2, on: 1)])
        #expect(scheduler.sessionReady(2, isOverflow: true, now: .start) == [])
        #expect(scheduler.enqueue(3, target: "b", now: .start) == [.open(3, on: 2)])
        scheduler.carries(3, on: 1)
        #expect(scheduler.enqueue(4, target: "c", now: .start) == [.open(4, on: 1)])
    }

    @Test func whenNoMoreMayBeHadTheOneThatCarriesLeastGetsTheNext() {
        var scheduler = OpenScheduler(slots: 8)
        for session in 1...16 {
            _ = scheduler.sessionReady(session, isOverflow: session > 1, now: .start)
            scheduler.carries(session == 9 ? 40 : 50, on: session)
        }
        #expect(scheduler.enqueue(1, target: "a", now: .start) == [.open(1, on: 9)])
    }

    @Test func aServerThatRefusesMoreSessionsIsNotAskedAgainAtOnce() {
        var scheduler = OpenScheduler(slots: 8)
        _ = scheduler.sessionReady(1, isOverflow: false, now: .start)
        scheduler.carries(100, on: 1)
        #expect(scheduler.enqueue(1, target: "a", now: .start) == [.open(1, on: 1), .spawnSession])
        #expect(scheduler.spawnFailed(now: .start, retryAfter: .seconds(5)) == [])
        #expect(scheduler.enqueue(2, target: "b", now: at(.seconds(4))) == [.open(2, on: 1)])
        #expect(scheduler.enqueue(3, target: "c", now: at(.seconds(5))) == [.open(3, on: 1), .spawnSession])
    }

    // MARK: - Slow targets

    @Test func aSlowTargetGetsNoSecondSlotAndOthersPassIt() {
        var scheduler = online(sessions: 2)
        #expect(scheduler.enqueue(1, target: "slow", now: .start) == [.open(1, on: 1)])
        let now = at(.milliseconds(250))
        #expect(scheduler.enqueue(2, target: "slow", now: now) == [])
        #expect(scheduler.enqueue(3, target: "b", now: now) == [.open(3, on: 2)])
        #expect(scheduler.finished(3, on: 2, isTimeout: false, now: now) == [])
        #expect(scheduler.finished(1, on: 1, isTimeout: false, now: now) == [.open(2, on: 1)])
    }

    @Test func aTargetThatIsNotSlowYetMayHaveASecondSlot() {
        var scheduler = online(sessions: 2)
        _ = scheduler.enqueue(1, target: "a", now: .start)
        #expect(scheduler.enqueue(2, target: "a", now: at(.milliseconds(249))) == [.open(2, on: 2)])
    }

    @Test func onALongPathAnOpenIsSlowAfterThreeRoundTrips() {
        for (milliseconds, actions) in [(599, [OpenScheduler.Action.open(2, on: 2)]), (600, [])] {
            var scheduler = online(sessions: 2)
            scheduler.roundTrip = .milliseconds(200)
            _ = scheduler.enqueue(1, target: "a", now: .start)
            #expect(scheduler.enqueue(2, target: "a", now: at(.milliseconds(milliseconds))) == actions)
        }
    }

    @Test func aTargetThatTimedOutGetsOneSlotAtATimeUntilItAnswers() {
        var scheduler = online(sessions: 3)
        _ = scheduler.enqueue(1, target: "dead", now: .start)
        #expect(scheduler.finished(1, on: 1, isTimeout: true, now: at(.seconds(10))) == [])
        let now = at(.seconds(10))
        #expect(scheduler.enqueue(2, target: "dead", now: now) == [.open(2, on: 1)])
        #expect(scheduler.enqueue(3, target: "dead", now: now) == [])
        #expect(scheduler.enqueue(4, target: "dead", now: now) == [])
        // A second timeout changes nothing.
        #expect(scheduler.finished(2, on: 1, isTimeout: true, now: now) == [.open(3, on: 1)])
        // An answer, be it a refusal, clears it.
        #expect(scheduler.finished(3, on: 1, isTimeout: false, now: now) == [.open(4, on: 1)])
        #expect(scheduler.enqueue(5, target: "dead", now: now) == [.open(5, on: 2)])
    }

    @Test func opensOfASlowTargetAloneAskForNoSession() {
        var scheduler = online()
        _ = scheduler.enqueue(1, target: "slow", now: .start)
        let now = at(.seconds(1))
        for ticket in 2...20 { #expect(scheduler.enqueue(ticket, target: "slow", now: now) == []) }
        #expect(scheduler.tick(now: at(.seconds(9))) == [])
    }

    // MARK: - More sessions

    @Test func theFifthOpenThatWaitsAsksForASessionAtOnce() {
        var scheduler = online()
        _ = scheduler.enqueue(1, target: "a", now: .start)
        for ticket in 2...5 {
            #expect(scheduler.enqueue(ticket, target: "a", now: .start) == [.setTimer(at(.milliseconds(250)))])
        }
        #expect(scheduler.enqueue(6, target: "a", now: .start) == [.spawnSession])
        #expect(scheduler.enqueue(7, target: "a", now: .start) == [])
        #expect(scheduler.sessionReady(2, isOverflow: true, now: .start).first == .open(2, on: 2))
    }

    @Test(arguments: [(0, 250), (83, 250), (100, 300), (700, 2_100)])
    func anOpenThatWaitsTooLongAsksForASession(roundTrip: Int, limit: Int) {
        var scheduler = online()
        scheduler.roundTrip = .milliseconds(roundTrip)
        _ = scheduler.enqueue(1, target: "a", now: .start)
        let asked = at(.milliseconds(10))
        let due = asked + .milliseconds(limit)
        #expect(scheduler.enqueue(2, target: "b", now: asked) == [.setTimer(due)])
        #expect(scheduler.tick(now: due - .nanoseconds(1)) == [.setTimer(due)])
        #expect(scheduler.tick(now: due) == [.spawnSession])
        #expect(scheduler.tick(now: due) == [])
    }

    @Test func afterAFailedLoginNoneIsAskedForWithinFiveSeconds() {
        var scheduler = online()
        _ = scheduler.enqueue(1, target: "a", now: .start)
        _ = scheduler.enqueue(2, target: "b", now: .start)
        #expect(scheduler.tick(now: at(.seconds(1))) == [.spawnSession])
        let again = at(.seconds(7))
        #expect(scheduler.spawnFailed(now: at(.seconds(2)), retryAfter: .seconds(5)) == [.setTimer(again)])
        for ticket in 3...20 {
            #expect(scheduler.enqueue(ticket, target: "c", now: at(.seconds(3))) == [.setTimer(again)])
        }
        #expect(scheduler.tick(now: again - .nanoseconds(1)) == [.setTimer(again)])
        #expect(scheduler.tick(now: again).logins == 4)
    }

    @Test(arguments: [(1, 12), (16, 4)])
    func thereIsALimitOfOverflowSessions(slots: Int, limit: Int) {
        var scheduler = OpenScheduler(slots: slots)
        _ = scheduler.sessionReady(1, isOverflow: false, now: .start)
        var sessions = 1
        var spawns = 0
        for ticket in 1...1_000 {
            var asked = scheduler.enqueue(ticket, target: "t\(ticket)", now: at(.seconds(ticket))).logins
            while asked > 0 {
                spawns += 1
                sessions += 1
                asked += scheduler.sessionReady(sessions, isOverflow: true, now: at(.seconds(ticket))).logins - 1
            }
        }
        #expect(spawns == limit)
        // One dies: one may take its place.
        scheduler.sessionGone(3)
        #expect(scheduler.tick(now: at(.seconds(1_001))) == [.spawnSession])
    }

    @Test func aCrowdOnOneSlotAsksForSeveralSessionsAtOnce() {
        var scheduler = online()
        var asked = 0
        for ticket in 1...50 { asked += scheduler.enqueue(ticket, target: "a", now: .start).logins }
        #expect(asked == 4, "never more logins at a time")
        // One for each four that wait: with few left, no more.
        asked = scheduler.sessionReady(2, isOverflow: true, now: .start).logins
        #expect(asked == 1)
        for ticket in 10...50 { _ = scheduler.withdraw(ticket) }
        #expect(scheduler.sessionReady(3, isOverflow: true, now: .start).logins == 0)
    }

    @Test func aGatewayThatIsDownIsAskedForNothing() {
        var scheduler = OpenScheduler()
        for ticket in 1...100 { #expect(scheduler.enqueue(ticket, target: "a", now: .start) == []) }
        #expect(scheduler.tick(now: at(.seconds(100))) == [])
    }

    @Test func withoutAnySessionLeftTheNextOpenAsksForOneAtOnce() {
        var scheduler = online()
        scheduler.sessionGone(1)
        #expect(scheduler.tick(now: .start) == [])
        #expect(scheduler.enqueue(1, target: "a", now: .start) == [.spawnSession])
        #expect(scheduler.sessionReady(2, isOverflow: true, now: .start) == [.open(1, on: 2)])
    }

    // MARK: - Withdraw and reset

    @Test func onlyAnOpenThatWaitsCanBeWithdrawn() {
        var scheduler = online()
        _ = scheduler.enqueue(1, target: "a", now: .start)
        _ = scheduler.enqueue(2, target: "a", now: .start)
        _ = scheduler.enqueue(3, target: "a", now: .start)
        #expect([1, 2, 2, 99].map { scheduler.withdraw($0) } == [false, true, false, false])
        #expect(scheduler.queueLength == 1)
        #expect(scheduler.finished(1, on: 1, isTimeout: false, now: .start) == [.open(3, on: 1)])
        #expect([3].map { scheduler.withdraw($0) } == [false])
    }

    @Test func aWithdrawnOpenNoLongerAsksForASession() {
        var scheduler = online()
        _ = scheduler.enqueue(1, target: "a", now: .start)
        _ = scheduler.enqueue(2, target: "b", now: .start)
        #expect([2].map { scheduler.withdraw($0) } == [true])
        #expect(scheduler.tick(now: at(.milliseconds(250))) == [])
    }

    @Test func aResetForgetsTheSessionsAndKeepsTheQueue() {
        var scheduler = online(sessions: 2)
        for ticket in 1...4 { _ = scheduler.enqueue(ticket, target: "t\(ticket)", now: .start) }
        #expect(scheduler.tick(now: at(.seconds(1))) == [.spawnSession])
        scheduler.reset()
        #expect(scheduler.queueLength == 2)
        #expect(scheduler.finished(1, on: 1, isTimeout: false, now: at(.seconds(2))) == [])
        #expect(scheduler.tick(now: at(.seconds(3))) == [])
        // Opens that began on a dead session are not begun again; an old login does not stand in the way of a new one.
        let ready = scheduler.sessionReady(7, isOverflow: false, now: at(.seconds(4)))
        #expect(ready == [.open(3, on: 7), .spawnSession])
    }

    @Test func aResetForgetsTheFailedLogin() {
        var scheduler = online()
        _ = scheduler.enqueue(1, target: "a", now: .start)
        _ = scheduler.enqueue(2, target: "b", now: .start)
        _ = scheduler.tick(now: at(.seconds(1)))
        _ = scheduler.spawnFailed(now: at(.seconds(1)), retryAfter: .seconds(5))
        scheduler.reset()
        _ = scheduler.enqueue(3, target: "c", now: at(.seconds(1)))
        #expect(
            scheduler.sessionReady(2, isOverflow: false, now: at(.seconds(2))) == [.open(2, on: 2), .spawnSession])
    }

    // MARK: - Many targets

    @Test(arguments: [1, 16], [true, false])
    func targetsThatAreNotUsedAreForgotten(slots: Int, timeOut: Bool) {
        var scheduler = OpenScheduler(slots: slots)
        _ = scheduler.sessionReady(1, isOverflow: false, now: .start)
        for ticket in 1...10_000 {
            #expect(scheduler.enqueue(ticket, target: "t\(ticket)", now: .start) == [.open(ticket, on: 1)])
            #expect(scheduler.finished(ticket, on: 1, isTimeout: timeOut, now: .start) == [])
        }
        #expect(scheduler.targetCount == (timeOut ? OpenScheduler.Policy.suspectLimit : 0))
        scheduler.reset()
        #expect(scheduler.targetCount == 0)
    }

    @Test func theSuspectThatTimedOutLongestAgoIsForgottenFirst() {
        var scheduler = OpenScheduler()
        let limit = OpenScheduler.Policy.suspectLimit
        _ = scheduler.sessionReady(1, isOverflow: false, now: .start)
        // The first target times out again after the others, and again: it stays, and the second one goes.
        let targets = Array(1...limit) + Array(repeating: 1, count: 3 * limit) + [limit + 1]
        for (ticket, target) in targets.enumerated() {
            _ = scheduler.enqueue(ticket, target: "t\(target)", now: .start)
            _ = scheduler.finished(ticket, on: 1, isTimeout: true, now: .start)
        }
        #expect(scheduler.targetCount == limit)
        let isSuspect = [1, 2, 3, limit + 1].map { target in
            // A second open to a suspect does not ask for a session, for it may not begin there.
            var scheduler = scheduler
            let ticket = targets.count
            _ = scheduler.enqueue(ticket, target: "t\(target)", now: .start)
            return scheduler.enqueue(ticket + 1, target: "t\(target)", now: .start) == []
        }
        #expect(isSuspect == [true, false, true, true])
    }

    @Test func answersAreRememberedWhileSomebodyWaits() {
        var waiting = WaitingTargets<Int>()
        for target in 1...10_000 {
            waiting.enter(target)
            waiting.leave(target)
            waiting.answered(target, now: .start)
        }
        #expect(waiting.count == 0)
        waiting.enter(1)
        #expect(waiting.lastAnswer(of: 1) == nil)
        waiting.enter(1)
        waiting.answered(1, now: .start)
        waiting.leave(1)
        #expect(waiting.lastAnswer(of: 1) == .start)
        waiting.leave(1)
        #expect(waiting.count == 0)
    }

    // MARK: - A long random life

    /// Ten lives of ten thousand steps, each checked against a model after every step.
    @Test(arguments: 1...10, [1, 16])
    func aRandomLifeBreaksNoLaw(seed: Int, slots: Int) {
        var model = SchedulerModel(seed: UInt64(seed), slots: slots)
        for _ in 0..<10_000 { model.step() }
        #expect(model.violations == [])
        // It was a life worth living.
        #expect(model.opens > 1_000)
        #expect(model.spawns > (slots == 1 ? 50 : 10))
        #expect(model.mostSessions > 5 || slots > 1)
        #expect(model.mostOpens > slots / 2)
        #expect(model.failedSpawns > 3 || slots > 1)
        #expect(model.withdrawals > 50)
        #expect(model.passedOver > 50)
        #expect(model.resets > 3)
    }

    /// With that many sessions, numbered from 1.
    private func online(sessions: Int = 1) -> OpenScheduler {
        var scheduler = OpenScheduler()
        for session in 1...sessions {
            #expect(scheduler.sessionReady(session, isOverflow: session > 1, now: .start) == [])
        }
        return scheduler
    }
}

extension [OpenScheduler.Action] {
    fileprivate var logins: Int { count { $0 == .spawnSession } }
}

/// Lives with a scheduler as a pool of sessions would, and keeps its own books.
private struct SchedulerModel {
    private struct Open {
        let ticket: Int
        let target: String
        let since: ContinuousClock.Instant
    }

    private let slotCount: Int
    private var scheduler: OpenScheduler
    private var random: SplitMix64
    private var now = ContinuousClock.Instant.start
    private var waiting: [Open] = []
    private var slots: [Int: [Open]] = [:]
    private var isOnline = false
    private var spawning = 0
    private var spawnNotBefore: ContinuousClock.Instant?
    private var suspects: Set<String> = []
    private var begun: Set<Int> = []
    private var timer: ContinuousClock.Instant?
    private var lastTicket = 0
    private var lastSession = 0

    private(set) var violations: Set<String> = []
    private(set) var opens = 0
    private(set) var spawns = 0
    private(set) var failedSpawns = 0
    private(set) var withdrawals = 0
    private(set) var passedOver = 0
    private(set) var resets = 0
    private(set) var mostSessions = 0
    private(set) var mostOpens = 0

    init(seed: UInt64, slots: Int) {
        slotCount = slots
        scheduler = OpenScheduler(slots: slots)
        random = SplitMix64(seed: seed)
    }

    // MARK: - The world

    mutating func step() {
        now += .milliseconds(Int.random(in: 0...(chance(20) ? 400 : 10), using: &random))
        switch Int.random(in: 0..<1_000, using: &random) {
        case 0..<350: if waiting.count < 40 { enqueue() }
        case 350..<600: finish()
        case 600..<700: connect()
        case 700..<760: withdraw()
        case 760..<800: tick()
        case 800..<980: awaitTimer()
        case 980..<990: scheduler.roundTrip = .milliseconds(Int.random(in: 0...300, using: &random))
        case 990..<995: loseSession()
        case 995..<997: reset()
        default: finishUnknown()
        }
        check(scheduler.queueLength == waiting.count, "the queue has another length")
        check(slots.count + spawning <= mostAllowed, "too many sessions")
        mostSessions = max(mostSessions, slots.count)
        mostOpens = max(mostOpens, busy.count)
    }

    private mutating func enqueue() {
        lastTicket += 1
        let target = "t\(Int.random(in: 0..<8, using: &random))"
        waiting.append(Open(ticket: lastTicket, target: target, since: now))
        take(scheduler.enqueue(lastTicket, target: target, now: now))
    }

    private mutating func finish() {
        guard let (session, open) = busy.randomElement(using: &random) else { return }
        // Targets differ: t0 swallows everything, t1 is often slow.
        let isTimeout = open.target == "t0" ? chance(90) : open.target == "t1" && chance(30)
        if isTimeout, now - open.since < .seconds(10), chance(80) { return }
        if isTimeout { suspects.insert(open.target) } else { suspects.remove(open.target) }
        slots[session]?.removeAll { $0.ticket == open.ticket }
        take(scheduler.finished(open.ticket, on: session, isTimeout: isTimeout, now: now))
    }

    private mutating func finishUnknown() {
        let unknown = scheduler.finished(lastTicket, on: lastSession + 1, isTimeout: true, now: now)
        check(unknown == [], "an unknown session finished")
    }

    private mutating func connect() {
        if !isOnline {
            addSession(isOverflow: false)
        } else if spawning > 0, chance(50) {
            addSession(isOverflow: true)
        } else if spawning > 0, chance(20) {
            spawning -= 1
            failedSpawns += 1
            spawnNotBefore = now + .seconds(5)
            take(scheduler.spawnFailed(now: now, retryAfter: .seconds(5)))
        }
    }

    private mutating func addSession(isOverflow: Bool) {
        lastSession += 1
        isOnline = true
        if isOverflow { spawning -= 1 }
        slots[lastSession] = []
        take(scheduler.sessionReady(lastSession, isOverflow: isOverflow, now: now))
    }

    private mutating func withdraw() {
        let ticket = Int.random(in: max(1, lastTicket - 20)...(lastTicket + 1), using: &random)
        let index = waiting.firstIndex { $0.ticket == ticket }
        check(scheduler.withdraw(ticket) == (index != nil), "withdraw says something else")
        guard let index else { return }
        waiting.remove(at: index)
        withdrawals += 1
    }

    private mutating func tick() {
        take(scheduler.tick(now: now))
    }

    private mutating func awaitTimer() {
        guard let due = timer else { return }
        now = max(now, due)
        timer = nil
        tick()
    }

    private mutating func loseSession() {
        guard let session = slots.keys.sorted().randomElement(using: &random) else { return }
        slots[session] = nil
        scheduler.sessionGone(session)
        tick()
    }

    private mutating func reset() {
        slots = [:]
        suspects = []
        isOnline = false
        spawning = 0
        spawnNotBefore = nil
        scheduler.reset()
        resets += 1
        check(scheduler.tick(now: now) == [], "a scheduler without sessions acts")
    }

    // MARK: - The laws

    private mutating func take(_ actions: [OpenScheduler.Action]) {
        var asked = 0
        var hasTimer = false
        for action in actions {
            switch action {
            case .open(let ticket, let session): begin(ticket, on: session)
            case .spawnSession:
                asked += 1
            case .setTimer(let instant):
                check(instant > now, "a timer in the past")
                hasTimer = true
                timer = instant
            }
        }
        check(eligible.isEmpty || freeSessions.isEmpty, "a slot is free and an open waits")
        check(asked == wantedLogins, "\(asked) logins were asked for, not \(wantedLogins)")
        check(asked + spawning > 0 || hasTimer || !mayWantSession, "nobody will look after the opens that wait")
        spawning += asked
        spawns += asked
    }

    private mutating func begin(_ ticket: Int, on session: Int) {
        check(begun.insert(ticket).inserted, "a ticket was opened twice")
        check(freeSessions.first == session, "not the lowest free session")
        guard let index = waiting.firstIndex(where: { $0.ticket == ticket }) else {
            return check(false, "a ticket that does not wait was opened")
        }
        check(eligible.first?.ticket == ticket, "not the first in the queue whose target is quick")
        if index > 0 { passedOver += 1 }
        let open = waiting.remove(at: index)
        slots[session, default: []].append(Open(ticket: ticket, target: open.target, since: now))
        opens += 1
    }

    private var limit: Duration { max(.milliseconds(250), scheduler.roundTrip * 3.0) }

    /// In order of their numbers, so that a seed means one life.
    private var busy: [(Int, Open)] {
        slots.keys.sorted().flatMap { session in (slots[session] ?? []).map { (session, $0) } }
    }

    private var freeSessions: [Int] {
        slots.filter { $0.value.count < slotCount }.keys.sorted()
    }

    /// Opens whose target holds no slot, or no more than its share for a short time, and did not time out before.
    private var eligible: [Open] {
        let opens = busy.map(\.1)
        let slow = Set(opens.filter { suspects.contains($0.target) || now - $0.since >= limit }.map(\.target))
        let counts = Dictionary(grouping: opens, by: \.target).mapValues(\.count)
        return waiting.filter { open in
            let isSlow = slow.contains(open.target)
            if slotCount == 1 { return !isSlow }
            return counts[open.target, default: 0] < (isSlow ? slotCount / 16 : slotCount / 4)
        }
    }

    private var mostAllowed: Int { slotCount == 1 ? 13 : 5 }
    private var room: Int { min(mostAllowed - slots.count, slotCount == 1 ? 4 : 1) - spawning }

    private var mayWantSession: Bool {
        isOnline && room > 0 && !eligible.isEmpty
    }

    private var wantedLogins: Int {
        guard mayWantSession, now >= spawnNotBefore ?? now, let oldest = eligible.first else { return 0 }
        guard slots.isEmpty || eligible.count > 4 || now - oldest.since >= limit else { return 0 }
        return max(0, min(max(1, eligible.count / 4) - spawning, room))
    }

    // MARK: -

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    private mutating func check(_ isKept: Bool, _ law: String) {
        if !isKept { violations.insert(law) }
    }
}

/// Sebastiano Vigna's splitmix64: the same numbers for the same seed.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
