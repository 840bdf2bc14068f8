import ArgumentParser
import BenchContenders
import BenchFigures
import BenchSystem
import Foundation

@main
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "contrib/bench/run",
        abstract: "Measures fwd beside other SSH forwarders, and writes the page about it.")

    @OptionGroup var options: BenchOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let files = ResultFiles(directory: output.directory ?? "\(options.repository)/contrib/doc")
        if output.render { return try files.writePage(of: files.readResults()) }
        endOnSignals()
        raiseDescriptorLimit()
        defer { Leftovers.shared.clear() }
        let results = try measure()
        printReport(results)
        if output.merge {
            try files.write(files.readResults().taking(results))
        } else if options.isComplete {
            try files.write(results)
        }
    }

    private func measure() throws -> Results {
        let measurements = try options.measurements()
        let contenders = try options.contenders()
        let bench = Bench(contenders: contenders, runs: options.runs, directory: try .make())
        bench.results.contenders = (contenders.filter { $0.name != "tcp" } + [.plainTCP]).map {
            Results.Contender(name: $0.name, title: $0.title, version: Versions.version(of: $0.name, options) ?? "")
        }
        for measurement in measurements { bench.perform(measurement) }
        bench.results.facts = MachineFacts.facts(options, seconds: bench.seconds)
        return bench.results
    }

    /// SIGINT and SIGTERM leave nothing behind either.
    private func endOnSignals() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                Leftovers.shared.clear()
                _exit(128 + number)
            }
            source.resume()
            signalSources.append(source)
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Thousands of connections have both their ends in this process.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// A source lives as long as somebody holds it.
nonisolated(unsafe) private var signalSources: [any DispatchSourceSignal] = []
