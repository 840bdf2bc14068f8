import Foundation
import Logging

/// Writes one line per event: level, message, metadata sorted by key.
public struct LineLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let format: LogFormat
    private let place: LogPlace
    private let sink: LogSink
    private let clock: @Sendable () -> Date
    private let repetitions = RepetitionFilter()

    public init(
        format: LogFormat, level: Logger.Level, place: LogPlace = .stream, sink: LogSink = .standardError,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.format = format
        logLevel = level
        self.place = place
        self.sink = sink
        self.clock = clock
    }

    /// A logger that writes to the standard error stream.
    public static func logger(format: LogFormat, level: Logger.Level) -> Logger {
        let place = LogPlace.standardError(environment: ProcessInfo.processInfo.environment)
        return Logger(label: "fwd") { _ in LineLogHandler(format: format, level: level, place: place) }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, last in last } }
        if let own = event.metadata { all.merge(own) { _, last in last } }
        if let error = event.error { all["error"] = "\(error)" }
        let now = clock()
        guard let repeated = repetitions.admit(event, all, at: now) else { return }
        if repeated > 0 { all["repeated"] = "\(repeated)" }
        sink.append(LogLine(format: format, place: place, time: now).render(event, all))
    }
}
