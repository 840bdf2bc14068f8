import FwdCore
import Logging

/// The metadata keys of all log lines; the same words as the metrics' labels.
public enum LogKey {
    public static let gateway = "gateway"
    public static let forward = "forward"
    public static let session = "session"
    public static let address = "address"
    public static let state = "state"
    public static let reason = "reason"
    public static let result = "result"
    public static let peer = "peer"
    public static let port = "port"
    public static let retryIn = "retry_in"
}

extension Logger {
    func with(_ key: String, _ value: some CustomStringConvertible) -> Logger {
        var copy = self
        copy[metadataKey: key] = "\(value)"
        return copy
    }
}
