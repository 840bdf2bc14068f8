import ArgumentParser
import FwdConfig
import FwdControl
import FwdCore
import FwdTunnel

/// `fwd doctor`: the file, the supervisor, the way to the server and behind it; tells of each step when it is over, with
/// what mends it.
struct DoctorWalk {
    /// Our choices. All together it takes less than 10 s.
    enum Policy {
        static let budget = Duration.milliseconds(8500)
        /// A `Match exec` of ssh_config may wait for something.
        static let configuration = Duration.seconds(4)
        static let supervisor = Duration.seconds(2)
    }

    let target: ForwardTarget
    let common: CommonOptions
    /// Told of each step.
    let show: (DoctorStep, DoctorView.Widths) -> Void

    /// The report, and the code to exit with.
    typealias Outcome = (report: DoctorReport, exit: ExitCode)

    func run() async throws -> Outcome {
        let start = ContinuousClock.now
        var (report, exit) = try await ControlClient.with(path: try common.controlPath()) { client in
            try await walk(client, until: start + Policy.budget)
        }
        report.isHealthy = report.isHealthy && !report.steps.contains { $0.outcome == .failed }
        report.durationSeconds = (ContinuousClock.now - start).inSeconds
        if exit == .success, !report.isHealthy { exit = ExitStatus.failure }
        return (report, exit)
    }

    private func walk(_ client: ControlClient, until deadline: ContinuousClock.Instant) async throws -> Outcome {
        var report = DoctorReport(gateway: target.gateway, isHealthy: true, durationSeconds: 0, steps: [])
        let supervisor = await SupervisorAnswer.of(client, patience: Policy.supervisor)
        ServiceCredentials.adopt(of: supervisor.snapshot)
        let path = common.namedDirectory ?? supervisor.snapshot?.directory ?? common.standardDirectory
        let contact = SupervisorContact(
            client: client, supervised: supervisor.snapshot?.directory, directory: ForwardsDirectory(path: path))
        let question = DoctorConfiguration(directory: contact.directory, target: target)
        let subject: DoctorSubject
        do {
            guard let answer = try await question.answer(within: Policy.configuration) else {
                tell(question.late, nil, &report)
                return (report, ExitStatus.configuration)
            }
            subject = answer
        } catch let error as ConfigError {
            tell(question.failure(error), nil, &report)
            return (report, ExitStatus.of(error))
        }
        let remedies = Remedies(subject, in: contact.directory)
        tell(subject.step, remedies, &report)
        tell(await supervisor.step(subject, contact, patience: Policy.supervisor), remedies, &report)
        await examine(subject, supervisor.gateway(subject, contact), until: deadline, remedies, &report)
        return (report, subject.step.outcome == .failed ? ExitStatus.configuration : .success)
    }

    private func examine(
        _ subject: DoctorSubject, _ supervised: GatewayStatus?, until deadline: ContinuousClock.Instant,
        _ remedies: Remedies, _ report: inout DoctorReport
    ) async {
        let (steps, continuation) = AsyncStream.makeStream(of: DoctorStep.self)
        let examination = GatewayExamination(
            among: subject.gateways, beside: supervised, until: deadline, report: { continuation.yield($0) })
        async let isComplete = Self.finish(continuation) {
            await examination.run(subject.gateway, subject.forwards)
        }
        for await step in steps { tell(step, remedies, &report) }
        report.isHealthy = await isComplete
    }

    private static func finish(
        _ steps: AsyncStream<DoctorStep>.Continuation, _ body: @Sendable () async -> Bool
    ) async -> Bool {
        let result = await body()
        steps.finish()
        return result
    }

    private func tell(_ step: DoctorStep, _ remedies: Remedies?, _ report: inout DoctorReport) {
        var step = step
        step.remedies += remedies?.mending(step) ?? []
        report.steps.append(step)
        show(step, remedies.map { DoctorView.Widths($0.subject) } ?? DoctorView.Widths(label: 0))
    }
}
