import ArgumentParser
import FwdControl
import FwdCore
import FwdDaemon

struct Status: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Show gateways in depth.",
        discussion: "Exits with 1 if anything that was asked for is not up.")

    @OptionGroup var options: ReportOptions

    func execute() async throws {
        let snapshot = try await ControlClient.with(path: try options.common.controlPath()) { try await $0.status() }
        let isReady = try options.gateway.map { try show($0, snapshot) } ?? show(snapshot)
        Console.talkAbout(snapshot.configuration)
        if !isReady { throw ExitStatus.failure }
    }

    private func show(_ snapshot: StatusSnapshot) throws -> Bool {
        if options.json {
            Console.data(try JSONText.render(snapshot))
        } else {
            let view = StatusView(now: snapshot.takenAt, style: Console.style)
            let gateways = snapshot.gateways.map(view.render)
            Console.data(([StatusView.supervisor(snapshot)] + gateways).joined(separator: "\n\n"))
        }
        return Readiness(of: snapshot).ready
    }

    private func show(_ name: String, _ snapshot: StatusSnapshot) throws -> Bool {
        guard let readiness = Readiness(of: name, in: snapshot) else {
            throw ControlError(.notFound, "no gateway \"\(name)\" runs; fwd list shows all")
        }
        guard let status = snapshot.gateways.first(where: { $0.name == name }) else {
            // Its file is refused and it has never run: there is nothing to show but the errors.
            return false
        }
        if options.json {
            Console.data(try JSONText.render(status))
        } else {
            Console.data(StatusView(now: snapshot.takenAt, style: Console.style).render(status))
        }
        return readiness.ready
    }
}
