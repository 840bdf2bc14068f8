/// Every path of the health endpoint; all answer GET only.
public enum HealthRoute: String, CaseIterable, Sendable {
    case live = "/livez"
    case ready = "/readyz"
    case readyGateway = "/readyz/{gateway}"
    case readyForward = "/readyz/{gateway}/{forward}"
    case health = "/healthz"
    case metrics = "/metrics"
    case status = "/status"
}
