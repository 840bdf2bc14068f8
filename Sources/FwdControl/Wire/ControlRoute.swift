/// Every route of the control protocol; `contrib/doc/control-api.md` has one section for each.
public enum ControlRoute: String, CaseIterable, Sendable {
    case status = "/v1/status"
    case plan = "/v1/plan"
    case history = "/v1/history"
    case gatewayHistory = "/v1/history/{gateway}"
    case reload = "/v1/reload"
    case retryAll = "/v1/retry"
    case retry = "/v1/retry/{gateway}"
    case gatewaySettled = "/v1/gateways/{gateway}/settled"
    case forwardSettled = "/v1/forwards/{gateway}/{forward}/settled"

    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    public var method: Method {
        switch self {
        case .status, .plan, .history, .gatewayHistory, .gatewaySettled, .forwardSettled: .get
        case .reload, .retryAll, .retry: .post
        }
    }

    /// The path with `{name}` where a value goes in.
    public var template: String { rawValue }

    /// The path for these names. Names use the alphabet of `ForwardsName`, so nothing needs to be escaped.
    func path(gateway: String = "", forward: String = "") -> String {
        template.split(separator: "/").map { component in
            switch component {
            case "{gateway}": "/\(gateway)"
            case "{forward}": "/\(forward)"
            default: "/\(component)"
            }
        }.joined()
    }
}

/// Bounds of the protocol. All are our choice.
public enum ControlLimits {
    /// Of a request's body. No route takes one; a client may send a small one all the same.
    public static let requestBytes = 64 * 1024
    /// Of an answer: some thousand gateways.
    public static let replyBytes = 64 * 1024 * 1024
    /// Connections at a time. A client uses one.
    public static let connections = 128
    /// Of waiting for something to settle, in seconds: what `timeout` may ask for, and what it is when absent.
    public static let settledSeconds = 0.0...300.0
    public static let defaultSettledSeconds = 30.0
}
