import Foundation
import FwdControl
import Logging

/// One event as one line of text.
struct LogLine {
    let format: LogFormat
    let place: LogPlace
    let time: Date

    func render(_ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        let line =
            switch format {
            case .text: text(event, metadata)
            case .json: json(event, metadata)
            }
        if case .journal = place { return "<\(Self.priority(event.level))>\(line)" }
        return line
    }

    private func text(_ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        var line = beginning(event.level) + Self.escape(event.message.description)
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(Self.escape(key))=\(Self.quote(value.description))"
        }
        return line
    }

    private func beginning(_ level: Logger.Level) -> String {
        switch place {
        case .stream: "\(Self.render(time)) \(level.rawValue) "
        case .journal: ""
        case .terminal(let isColoured):
            "\(Self.timeOfDay(time)) \(isColoured ? Self.coloured(level) : level.rawValue) "
        }
    }

    private static func render(_ time: Date) -> String {
        time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private static func timeOfDay(_ time: Date) -> String {
        let parts = Calendar.current.dateComponents([.hour, .minute, .second], from: time)
        return [parts.hour, parts.minute, parts.second]
            .map { ($0 ?? 0) < 10 ? "0\($0 ?? 0)" : "\($0 ?? 0)" }.joined(separator: ":")
    }

    /// SGR codes of ECMA-48: red where somebody must act, yellow for warnings, dim for what is seldom read.
    private static func coloured(_ level: Logger.Level) -> String {
        let code =
            switch level {
            case .critical, .error: 31
            case .warning: 33
            case .notice: 1
            case .info, .debug, .trace: 2
            }
        return "\u{1B}[\(code)m\(level.rawValue)\u{1B}[0m"
    }

    /// syslog's severities (RFC 5424 section 6.2.1), as sd-daemon(3) takes them.
    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }

    /// A value with anything that would make the line ambiguous stands in quotes.
    private static func quote(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.unicodeScalars.allSatisfy { $0 != " " && $0 != "\"" && $0 != "=" }
        let escaped = escape(value)
        return isPlain ? escaped : "\"\(escaped.replacing("\"", with: "\\\""))\""
    }

    /// Line feeds and all other control characters become visible, so that one event stays one line and nothing from
    /// a peer can steer a terminal.
    static func escape(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control || $0 == "\\" }) else {
            return text
        }
        return text.unicodeScalars.reduce(into: "") { escaped, scalar in
            switch scalar {
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\t": escaped += "\\t"
            case "\\": escaped += "\\\\"
            case _ where scalar.properties.generalCategory == .control:
                escaped += "\\u{\(String(scalar.value, radix: 16))}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
    }

    private func json(_ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        var object = metadata.mapValues(JSONValue.init)
        object["time"] = .string(Self.render(time))
        object["level"] = .string(event.level.rawValue)
        object["message"] = .string(event.message.description)
        guard let data = try? ControlJSON.encode(object) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    /// Metadata as JSON.
    private enum JSONValue: Encodable {
        case string(String)
        case array([JSONValue])
        case object([String: JSONValue])

        init(_ value: Logger.MetadataValue) {
            switch value {
            case .string(let text): self = .string(text)
            case .stringConvertible(let value): self = .string(value.description)
            case .array(let values): self = .array(values.map(JSONValue.init))
            case .dictionary(let values): self = .object(values.mapValues(JSONValue.init))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .string(let text): try container.encode(text)
            case .array(let values): try container.encode(values)
            case .object(let values): try container.encode(values)
            }
        }
    }
}
