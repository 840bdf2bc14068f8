/// Every path of the health endpoint; all answer GET only.
public enum HealthRoute: String, CaseIterable, Sendable {
    case live = "/livez"
    case ready = "/readyz"
    case readyGateway = "/readyz/{gateway}"
    case readyForward = "/readyz/{gateway}/{forward}"
    case health = "/healthz"
    case metrics = "/metrics"
    case status = "/status"
    case page = "/"
    case events = "/events"

    /// What it answers, for the manual.
    public var summary: String {
        switch self {
        case .live: "200 while the process works, whatever the gateways do"
        case .ready, .health: "200 if every gateway and forward is up, else 503 with the reasons"
        case .readyGateway, .readyForward: "The same for one; 404 if it is unknown"
        case .metrics: "Metrics for Prometheus"
        case .status: "Everything as JSON"
        case .page: "The status page, for people"
        case .events: "What the page shows, as server-sent events, whenever it has changed"
        }
    }
}
