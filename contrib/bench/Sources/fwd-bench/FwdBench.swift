import ArgumentParser
import BenchSystem
import Foundation

@main
struct FwdBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fwd-bench", abstract: "Measures fwd beside other SSH forwarders. Start it by contrib/bench/run.",
        subcommands: [Run.self], defaultSubcommand: Run.self)
}
