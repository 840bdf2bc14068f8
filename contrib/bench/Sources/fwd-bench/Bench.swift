import BenchContenders
import BenchFigures
import BenchSystem
import Foundation

/// One run of the bench: who takes part, and what was found so far.
final class Bench {
    let contenders: [Contender]
    let runs: Int
    let directory: WorkDirectory
    var results = Results()
    private let started = Moment.now
    /// How long each contender took in the present measurement.
    private var secondsOf: [String: Double] = [:]

    init(contenders: [Contender], runs: Int, directory: WorkDirectory) {
        (self.contenders, self.runs, self.directory) = (contenders, runs, directory)
    }

    var seconds: Double { Moment.now.seconds(since: started) }

    /// A measurement that fails as a whole leaves its reason with every contender, and does not end the bench.
    func perform(_ measurement: any Measurement) {
        let start = Moment.now
        say("\(measurement.name) ...")
        do {
            try measurement.measure(self)
        } catch {
            say("\(measurement.name) failed: \(error)")
            for contender in contenders { fail(measurement.figures, contender, error) }
        }
        let parts = contenders.compactMap { contender in
            secondsOf[contender.name].map { "\(contender.name) \(number($0, digits: 0))" }
        }
        secondsOf = [:]
        let seconds = number(Moment.now.seconds(since: start), digits: 0)
        say("\(measurement.name) took \(seconds) s (\(parts.joined(separator: ", ")))")
    }

    /// Runs `body`, and counts its time for the contender.
    func timing<Value>(_ contender: Contender, _ body: () throws -> Value) rethrows -> Value {
        let start = Moment.now
        defer { secondsOf[contender.name, default: 0] += Moment.now.seconds(since: start) }
        return try body()
    }

    func record(_ values: [String: Double], _ contender: Contender, run: Int) {
        for (figure, value) in values { results[figure, contender.name].record(value, run: run) }
    }

    /// The run has failed: its figures have no value, but the reason.
    func fail(_ figures: [String], _ contender: Contender, run: Int? = nil, _ reason: any Error) {
        for figure in figures {
            if let run { results[figure, contender.name].record(nil, run: run) }
            results[figure, contender.name].note(Self.shortened("\(reason)"))
        }
    }

    /// Those contenders for which the figures make sense; the others get the reason instead.
    func contenders(for figures: [String], without exclusions: [Exclusion]) -> [Contender] {
        contenders.filter { contender in
            guard let exclusion = exclusions.first(where: { $0.names.contains(contender.name) }) else { return true }
            for figure in figures { results[figure, contender.name].absence = exclusion.reason }
            return false
        }
    }

    func say(_ text: String) {
        let line = String(format: "%6.1f  %@\n", seconds, text)
        FileHandle.standardError.write(Data(line.utf8))
    }

    /// One line, for the notes under a table.
    private static func shortened(_ reason: String) -> String {
        let words = reason.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count <= 200 ? words : "\(words.prefix(200)) …"
    }
}

/// Contenders that do not take part in a measurement, and why.
struct Exclusion: Sendable {
    let names: Set<String>
    let reason: String

    static let cipher = Exclusion(names: ["ssh-gcm"], reason: "the cipher makes no difference: see `ssh -L`")
    static let stock = Exclusion(names: ["fwd-stock"], reason: "measured for some figures only")
    static let carriedBySSH = Exclusion(names: ["autossh"], reason: "its connections are carried by ssh: see `ssh -L`")
}
