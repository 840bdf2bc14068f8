import FwdCore
import Logging
import NIOCore
import NIOPosix

/// Walks from here to the targets of a gateway's forwards, by the way that its sessions go, and tells of each step.
///
/// Every server on the way is connected to and logged in to once, by a session of the walk's own. There is no other
/// connection to a server: one that does not log in would count against this machine there. It ends in time whatever
/// the servers do.
public actor GatewayExamination {
    /// Our choices.
    enum Policy {
        /// Of a step that needs an answer of the network.
        static let step = Duration.seconds(3)
        /// PAM lets a refused password wait for two seconds, and an agent may ask a person.
        static let login = Duration.seconds(5)
        /// The agent has 5 s to list its keys.
        static let credentials = Duration.milliseconds(5500)
        /// For connections to be closed in order.
        static let farewell = Duration.milliseconds(200)
    }

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

    nonisolated let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    /// All of the directory, for the route.
    let gateways: [String: GatewayConfiguration]
    /// The gateway as the supervisor has it; it holds what its forwards listen on.
    let supervised: GatewayStatus?
    private let deadline: ContinuousClock.Instant
    private let report: @Sendable (DoctorStep) -> Void
    let logger = Logger(label: "fwd") { _ in SwiftLogNoOpLogHandler() }
    let links: LinkMaker
    /// Carries what goes through a jump, and questions about refused listeners.
    let carrier: JumpHost
    var sessions: [WalkedSession] = []
    private var jumps: [String: WalkedSession?] = [:]
    private var isOutOfTime = false

    /// - Parameters:
    ///   - deadline: when the walk has ended, apart from a fraction of a second.
    ///   - report: told of each step when it is over.
    public init(
        among gateways: [String: GatewayConfiguration], beside supervised: GatewayStatus?,
        until deadline: ContinuousClock.Instant, report: @escaping @Sendable (DoctorStep) -> Void
    ) {
        self.gateways = gateways
        self.supervised = supervised
        self.deadline = deadline
        self.report = report
        links = LinkMaker(loop: loop, registry: GatewayRegistry())
        carrier = JumpHost(loop: loop)
    }

    /// - Parameter forwards: those of the gateway that are examined.
    /// - Returns: whether there was time for every step.
    public func run(_ gateway: GatewayConfiguration, _ forwards: [ForwardConfiguration]) async -> Bool {
        let session = await reach(gateway)
        await examine(forwards, of: gateway.name, over: session)
        await close()
        return !isOutOfTime
    }

    // MARK: - The way

    /// Logs in to the first of the servers that can be logged in to. One that refuses the login is the last: another
    /// attempt elsewhere would be one more that fails.
    private func reach(_ gateway: GatewayConfiguration) async -> WalkedSession? {
        for server in gateway.servers {
            switch await walk(to: server) {
            case .loggedIn(let session): return session
            case .refused: return nil
            case .unreachable: continue
            }
        }
        return nil
    }

    /// Several servers may be behind one jump.
    func jump(_ name: String) async -> WalkedSession? {
        if let known = jumps[name] { return known }
        // Whatever the directory says, nobody waits for himself.
        jumps[name] = .some(nil)
        guard let gateway = gateways[name] else { return nil }
        let session = await reach(gateway)
        jumps[name] = .some(session)
        return session
    }

    private func close() async {
        for walked in sessions.reversed() {
            let closed = PendingAnswer<Result<Void, any Error>>(loop, within: Policy.farewell)
            closed.settle(with: walked.link.channel.closeFuture)
            walked.session.close()
            _ = await value(of: closed)
            _ = await told(by: walked.link.proxy)
        }
        sessions = []
    }

    // MARK: - Telling and waiting

    func tell(_ step: DoctorStep) {
        report(step)
    }

    /// The step and those behind it are not taken.
    func skip(_ steps: [DoctorStep.Name], of gateway: String, forward: String? = nil, _ why: String) {
        if why == Self.noTime { isOutOfTime = true }
        for step in steps { tell(DoctorStep(step, of: gateway, forward: forward, .skipped, why)) }
    }

    /// What a step may take; `nil`: there is no time left.
    func time(_ limit: Duration) -> Duration? {
        let left = deadline - .now
        if left <= .zero { isOutOfTime = true }
        return left > .zero ? min(limit, left) : nil
    }

    static let noTime = "no time left"

    /// - Returns: `nil`: it has not come in time.
    func value<Value>(of answer: PendingAnswer<Value>) async -> Value? {
        await withCheckedContinuation { continuation in answer.whenSettled { continuation.resume() } }
        return answer.value
    }

    func value<Value>(within limit: Duration, _ ask: (@escaping (Value) -> Void) -> Void) async -> Value? {
        let answer = PendingAnswer<Value>(loop, within: limit)
        ask { answer.settle($0) }
        return await value(of: answer)
    }
}
