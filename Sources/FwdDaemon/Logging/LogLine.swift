import Foundation
import FwdControl
import Logging

/// One event as one line of text.
enum LogLine {
    static func render(_ format: LogFormat, time: Date, event: LogEvent, metadata: Logger.Metadata) -> String {
        switch format {
        case .text: text(time, event, metadata)
        case .json: json(time, event, metadata)
        }
    }

    static func render(_ time: Date) -> String {
        time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private static func text(_ time: Date, _ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        var line = "\(render(time)) \(event.level.rawValue) \(escape(event.message.description))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(escape(key))=\(quote(value.description))"
        }
        return line
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

    private static func json(_ time: Date, _ event: LogEvent, _ metadata: Logger.Metadata) -> String {
        var object = metadata.mapValues(JSONValue.init)
        object["time"] = .string(render(time))
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
