import Foundation
import FwdControl
import FwdCore
import UnixSignals

/// `fwd list --watch`: the list again each second, until a signal. A terminal has it in place; elsewhere it is printed
/// when it has changed.
struct LiveList {
    /// Our choice: as often as counters say something new to a person.
    private static let period = Duration.seconds(1)

    let path: String
    let asJSON: Bool

    /// - Throws: `ControlError` if no supervisor answers at the start; one that is gone later is waited for.
    func run() async throws {
        let first = try await ask()
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in signals { break } }
            group.addTask { try await show(from: first) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func show(from first: StatusSnapshot) async throws {
        guard TerminalSize.current != nil, !asJSON else { return try await printChanges(from: first) }
        Console.raw(LiveScreen.enter)
        defer { Console.raw(LiveScreen.leave) }
        var picture = render(first)
        while !Task.isCancelled {
            Console.raw(LiveScreen.frame(picture, rows: (TerminalSize.current ?? .standard).rows))
            try await Task.sleep(for: Self.period)
            picture = await next()
        }
    }

    private func next() async -> String {
        do {
            return render(try await ask())
        } catch {
            return "\(Self.clock())  \(error)"
        }
    }

    private func render(_ snapshot: StatusSnapshot) -> String {
        let table = ListView.render(snapshot, Console.style, width: TerminalSize.current?.columns)
        let problems = Console.problems(of: snapshot.configuration).map { "\n" + $0 }.joined()
        return "\(Self.clock())  \(ListView.summary(snapshot))\n\n\(table)\(problems)"
    }

    private func printChanges(from first: StatusSnapshot) async throws {
        var shown: [ListEntry]?
        var snapshot: StatusSnapshot? = first
        while !Task.isCancelled {
            if let snapshot, ListEntry.all(of: snapshot) != shown {
                let entries = ListEntry.all(of: snapshot)
                Console.data(
                    asJSON ? try JSONText.line(entries) : "\(ListView.render(snapshot, .plain, width: nil))\n")
                shown = entries
            }
            try await Task.sleep(for: Self.period)
            snapshot = try? await ask()
        }
    }

    private func ask() async throws -> StatusSnapshot {
        try await ControlClient.with(path: path) { try await $0.status() }
    }

    private static func clock() -> String {
        Date.now.formatted(date: .omitted, time: .standard)
    }
}
