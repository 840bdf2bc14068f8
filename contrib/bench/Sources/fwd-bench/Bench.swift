import BenchContenders
import BenchFigures
import BenchSystem
import Foundation

/// One run of the bench: who takes part, and what was found so far.
final class Bench {
    let options: BenchOptions
    let contenders: [Contender]
    let directory: WorkDirectory
    var results = Results()
    private let started = Moment.now

    init(options: BenchOptions, contenders: [Contender], directory: WorkDirectory) {
        self.options = options
        self.contenders = contenders
        self.directory = directory
        results.contenders = contenders.map { Results.Contender(name: $0.name, title: $0.title, version: "") }
    }

    /// A measurement that fails as a whole leaves its reason with every contender, and does not end the bench.
    func perform(_ measurement: any Measurement) {
        let start = Moment.now
        say("\(measurement.name) ...")
        do {
            try measurement.measure(self)
        } catch {
            say("\(measurement.name) failed: \(error)")
            for contender in contenders { fail(measurement.figures, contender, "\(error)") }
        }
        say(String(format: "\(measurement.name) took %.0f s", Moment.now.seconds(since: start)))
    }

    func record(_ figure: String, _ contender: Contender, run: Int, _ value: Double) {
        results[figure, contender.name].record(value, run: run)
    }

    func fail(_ figures: [String], _ contender: Contender, _ reason: String) {
        for figure in figures { results[figure, contender.name].note(reason) }
    }

    /// The contenders without those for which the figures make no sense; these get the reason.
    func contenders(for figures: [String], without names: Set<String>, because reason: String) -> [Contender] {
        for contender in contenders where names.contains(contender.name) { fail(figures, contender, reason) }
        return contenders.filter { !names.contains($0.name) }
    }

    /// What `body` returns; if it throws, the contender has failed and `nil`.
    func attempt<Value>(_ figures: [String], _ contender: Contender, _ body: () throws -> Value) -> Value? {
        do {
            return try body()
        } catch {
            say("\(contender.name) failed: \(error)")
            fail(figures, contender, "\(error)")
            return nil
        }
    }

    func say(_ text: String) {
        let line = String(format: "%6.1f  %@\n", Moment.now.seconds(since: started), text)
        FileHandle.standardError.write(Data(line.utf8))
    }
}
