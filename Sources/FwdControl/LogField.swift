import Logging

/// The keys of our log lines; they are the names of the metrics' labels where both exist.
package enum LogField: String {
    case gateway, forward, state, reason, cause, error
    case address, path, pid, uid, signal
    case directory, file, gateways, forwards, action
    case started, stopped, changed, kept
    case version, libssh2
}

extension Logger {
    package subscript(_ key: LogField) -> Metadata.Value? {
        get { self[metadataKey: key.rawValue] }
        set { self[metadataKey: key.rawValue] = newValue }
    }
}

extension Logger.MetadataValue {
    package static func names(_ names: [String]) -> Self { .string(names.joined(separator: ",")) }
}

extension Dictionary where Key == String, Value == Logger.MetadataValue {
    /// Metadata from our keys.
    package static func keys(_ pairs: KeyValuePairs<LogField, Logger.MetadataValue>) -> Self {
        Dictionary(pairs.map { ($0.key.rawValue, $0.value) }) { _, last in last }
    }
}
