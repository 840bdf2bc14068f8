import ArgumentParser
import FwdConfig
import FwdDaemon
import Logging

struct Run: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Supervise all forwards in the foreground.",
        discussion: """
            A change of the directory counts when it is read again: by HUP, by "fwd reload", or by itself with --watch.

            HUP reads the directory again and retries at once. TERM and INT stop listening, let connections end for up \
            to 10 seconds, and exit with 0; a second one exits at once.
            """)

    @OptionGroup var common: CommonOptions

    @Option(
        help: ArgumentHelp(
            "Where liveness, readiness and metrics are served, or \"off\".", valueName: "addr:port|off"),
        transform: HealthOption.init(parsing:))
    var health = HealthOption(address: .standard)

    @Flag(help: "Reload when a file of the directory has changed.")
    var watch = false

    @OptionGroup var logging: LogOptions

    func execute() async throws {
        let logger = logging.logger()
        // First of all: what is started later must not see what is meant for this process.
        let serviceManager = ServiceManager.takeOver(logger: logger)
        defer { serviceManager.flush() }
        let run = RunConfiguration(
            directory: common.runDirectory, controlPath: try common.controlPath(), health: health.address,
            watchesDirectory: watch)
        let load = ForwardsDirectory(path: run.directory).loader
        let daemon = try await Daemon(run, load: load, serviceManager: serviceManager, logger: logger)
        try await daemon.run()
    }
}

/// An address, or nothing.
struct HealthOption: Sendable {
    let address: HealthAddress?

    init(address: HealthAddress?) {
        self.address = address
    }

    init(parsing text: String) throws {
        if text == "off" {
            address = nil
            return
        }
        guard let address = HealthAddress(text) else {
            throw ValidationError("expected ADDR:PORT (as in 127.0.0.1:9522 or [::1]:9522) or \"off\", not \"\(text)\"")
        }
        self.address = address
    }
}

struct LogOptions: ParsableArguments {
    @Option(help: "How much is logged.")
    var logLevel: LogLevel = .info

    @Option(help: "How log lines look.")
    var logFormat: LogFormat = .text

    func logger() -> Logger {
        LineLogHandler.logger(format: logFormat, level: logLevel.level)
    }
}

/// The levels of swift-log, least first.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case trace, debug, info, notice, warning, error, critical

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

extension LogFormat: ExpressibleByArgument {}
