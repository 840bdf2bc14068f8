import FwdCore
import FwdTestSupport
import Testing

@Suite("Metrics of a fleet", .serialized, .timeLimit(.minutes(5)))
struct FleetMetricsTests {
    @Test("Prometheus reads a site through fwd itself, and one above it takes over metrics and alerts", .prometheus)
    func travelThroughForwards() async throws {
        try await SSHDFixture.with { sshd in
            let keyless = GatewayConfiguration(name: "keyless", host: "127.0.0.1", port: FreePorts.next(), user: "u")
            try await SupervisorFixture.with([sshd.gatewayConfiguration(name: "gw"), keyless]) { supervisor in
                let port = FreePorts.next()
                let spec = "\(port):127.0.0.1:\(supervisor.healthPort)"
                let added = try await supervisor.fwd("add", "gw/metrics", "-L", spec)
                #expect(added.exit == .exited(0), "\(added)")
                try await PrometheusFixture.with(scraping: port) { site in
                    #expect(try await site.waitUntilFires("FwdGatewayParked").labels["gateway"] == "keyless")
                    try await site.federated { above in
                        for expression in [
                            #"fwd_gateway_up{job="fwd", site="here", instance="here", gateway="gw"} == 1"#,
                            #"ALERTS{alertname="FwdGatewayParked", alertstate="firing", instance="here"}"#,
                        ] {
                            try await eventually("the Prometheus above has \(expression)") {
                                try await above.count(expression) == 1
                            }
                        }
                    }
                }
            }
        }
    }
}
