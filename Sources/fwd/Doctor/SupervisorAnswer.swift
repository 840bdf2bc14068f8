import FwdControl
import FwdCore

/// What a supervisor says to the walk, which goes on without one, or without an answer.
struct SupervisorAnswer {
    let path: String
    let result: Result<StatusSnapshot, ControlError>
    let duration: Duration

    static func of(_ client: ControlClient, patience: Duration) async -> SupervisorAnswer {
        let start = ContinuousClock.now
        let result: Result<StatusSnapshot, ControlError>
        do throws(ControlError) {
            result = .success(try await client.status(patience: patience))
        } catch {
            result = .failure(error)
        }
        return SupervisorAnswer(path: client.path, result: result, duration: ContinuousClock.now - start)
    }

    var snapshot: StatusSnapshot? { try? result.get() }

    /// The gateway as it runs, if the supervisor uses the same directory.
    func gateway(_ subject: DoctorSubject, _ contact: SupervisorContact) -> GatewayStatus? {
        guard contact.isSupervised else { return nil }
        return snapshot?.gateways.first { $0.name == subject.gateway.name }
    }

    func step(_ subject: DoctorSubject, _ contact: SupervisorContact, patience: Duration) async -> DoctorStep {
        let name = subject.gateway.name
        switch result {
        case .failure(let error) where error.code == .noSupervisor:
            return DoctorStep(.supervisor, of: name, .skipped, "no supervisor runs at \(path)", took: duration)
        case .failure(let error):
            return DoctorStep(
                .supervisor, of: name, .failed, error.message, took: duration, remedies: Self.remedies(error, name))
        case .success(let snapshot) where !contact.isSupervised:
            let text = "the supervisor that runs uses \(snapshot.directory)"
            return DoctorStep(.supervisor, of: name, .skipped, text, took: duration)
        case .success: break
        }
        let plan = try? await contact.client.plan(patience: patience)
        return SupervisorFinding(gateway(subject, contact), plan, subject).step(took: duration)
    }

    private static func remedies(_ error: ControlError, _ gateway: String) -> [DoctorRemedy] {
        error.code == .permission
            ? [DoctorRemedy("here, as the supervisor's user or root", ["sudo fwd doctor \(gateway)"])]
            : [DoctorRemedy("here, to see what it says, and to start it again", ["systemctl restart fwd"])]
    }
}

/// What the supervisor makes of a gateway: its states, and whether the file says something else.
struct SupervisorFinding {
    private let name: String
    private let status: GatewayStatus?
    private let forwards: [ForwardStatus]
    /// What a reload would change, a line each.
    private let changes: [String]

    init(_ status: GatewayStatus?, _ plan: ReloadReply?, _ subject: DoctorSubject) {
        name = subject.gateway.name
        self.status = status
        let names = Set(subject.forwards.map(\.name))
        forwards = status?.forwards.filter { names.contains($0.name) } ?? []
        let planned = plan?.gateways.first { $0.gateway == subject.gateway.name && $0.action != .kept }
        changes = planned.map { ReloadView.render([$0], .plain).split(separator: "\n").map(String.init) } ?? []
    }

    func step(took duration: Duration) -> DoctorStep {
        DoctorStep(
            .supervisor, of: name, remedies.isEmpty ? .ok : .failed, text, details: details, took: duration,
            cause: status?.cause, remedies: remedies)
    }

    private var text: String {
        guard let status else { return "the supervisor does not run it yet" }
        let cause = status.state == .up ? nil : status.cause
        return status.state.rawValue + (cause.map { ": \($0.message)" } ?? "")
    }

    private var details: [String] {
        let forwards = forwards.filter { $0.state != .up && $0.state != .disabled }.map { forward in
            "\(forward.name): \(forward.state.rawValue)" + (forward.cause.map { ": \($0.message)" } ?? "")
        }
        return forwards + (changes.isEmpty ? [] : ["the files say something else than what it runs:"] + changes)
    }

    private var remedies: [DoctorRemedy] {
        let isWaiting = [.backingOff, .parked].contains(status?.state)
        let isDown = forwards.contains { $0.state == .degraded || $0.state == .parked }
        let retry = DoctorRemedy("here, when all else is mended", ["fwd retry \(name)"])
        let reload = DoctorRemedy("here, so that the supervisor does what the files say", ["fwd reload"])
        return (changes.isEmpty && status != nil ? [] : [reload]) + (isWaiting || isDown ? [retry] : [])
    }
}
