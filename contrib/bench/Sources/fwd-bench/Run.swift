import ArgumentParser
import BenchContenders
import BenchFigures
import BenchSystem
import Foundation

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure.")

    @OptionGroup var options: BenchOptions

    func run() throws {
        endOnSignals()
        raiseDescriptorLimit()
        defer { Leftovers.shared.clear() }
        let measurements = try options.measurements()
        let bench = Bench(options: options, contenders: try options.contenders(), directory: try .make())
        for measurement in measurements { bench.perform(measurement) }
        printReport(bench.results)
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
