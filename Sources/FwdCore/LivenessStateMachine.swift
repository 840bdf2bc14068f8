/// Decides when a silent peer counts as dead. Pure.
///
/// ```
///            interval over            answer
///   quiet --------------------> asked ---------> quiet
///                                 |  no sign of life for interval * count
///                                 v
///                               dead
/// ```
///
/// Any byte from the peer is a sign of life, so a busy session is never given up. So is progress of what was sent before
/// the question: behind a slow upload, the question itself is late, and its answer with it. That the question has arrived
/// proves the peer's kernel only, not its sshd; so does all that is acknowledged after it.
public struct LivenessStateMachine: Sendable {
    public typealias Instant = ContinuousClock.Instant

    public enum Action: Hashable, Sendable {
        /// Ask the peer for a sign of life; report `asked`, unless that is not possible now.
        case ask
        /// Call `timerFired` at that time. Replaces an earlier timer.
        case setTimer(Instant)
        /// Give the session up.
        case giveUp(silence: Duration)
    }

    /// Our choice: a timer that is this late was held up by this machine, and so were the peer's answers.
    public static let lateness = Duration.seconds(1)

    private struct Question {
        let at: Instant
        /// In bytes of the connection's output.
        let offset: UInt64
    }

    public let liveness: Liveness
    private var lastLife: Instant
    private var question: Question?
    private var acknowledged: UInt64 = 0
    private var nextQuestion: Instant
    /// Since when an answer is expected soon, because the path may have changed.
    private var doubtedSince: Instant?
    /// Since when the peer could have answered.
    private var answerableSince: Instant?
    private var timer: Instant

    public init(_ liveness: Liveness, now: Instant) {
        self.liveness = liveness
        lastLife = now
        nextQuestion = now
        timer = now
    }

    /// The round trip is measured now.
    public var isAsking: Bool { question != nil }

    public mutating func received(now: Instant) {
        lastLife = now
        doubtedSince = nil
    }

    /// - Parameter offset: how many bytes of output there were up to the question.
    public mutating func asked(offset: UInt64, now: Instant) {
        question = Question(at: now, offset: offset)
        answerableSince = now
        nextQuestion = now + liveness.interval
    }

    /// - Returns: how long it took; `nil` if nothing was asked.
    public mutating func answered(now: Instant) -> Duration? {
        defer { question = nil }
        received(now: now)
        return question.map { now - $0.at }
    }

    /// The question cannot be answered any more (its channel was closed).
    public mutating func forgetQuestion() {
        question = nil
    }

    /// The path may have changed, or the machine has slept: an answer is due within one interval.
    public mutating func doubt(now: Instant) -> [Action] {
        doubtedSince = now
        answerableSince = now
        nextQuestion = min(nextQuestion, now)
        return look(now: now)
    }

    /// - Parameters:
    ///   - acknowledged: how much of the output the peer's TCP has acknowledged; `nil` if that is not known.
    ///   - at: when it did so last.
    public mutating func timerFired(now: Instant, acknowledged count: UInt64?, at: Instant) -> [Action] {
        if now - timer > Self.lateness, question != nil { answerableSince = now }
        if let count { noteProgress(count, at) }
        return look(now: now)
    }

    private mutating func noteProgress(_ count: UInt64, _ at: Instant) {
        if let question, count > acknowledged, acknowledged < question.offset {
            if count < question.offset { lastLife = max(lastLife, at) } else { answerableSince = at }
        }
        acknowledged = max(acknowledged, count)
    }

    private mutating func look(now: Instant) -> [Action] {
        if question != nil {
            let deadline = deadline
            guard now < deadline else { return [.giveUp(silence: now - lastLife)] }
            timer = deadline
            return [.setTimer(deadline)]
        }
        guard now >= nextQuestion else {
            timer = nextQuestion
            return [.setTimer(nextQuestion)]
        }
        nextQuestion = now + liveness.interval
        timer = nextQuestion
        return [.ask, .setTimer(nextQuestion)]
    }

    /// When the peer is given up, if nothing is heard of it until then.
    private var deadline: Instant {
        let fair = (answerableSince ?? lastLife) + liveness.interval
        if let doubtedSince { return max(doubtedSince + liveness.interval, fair) }
        return max(lastLife + liveness.interval * liveness.count, fair)
    }
}
