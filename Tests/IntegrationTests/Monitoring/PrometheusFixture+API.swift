import AsyncHTTPClient
import Foundation
import FwdTestSupport
import NIOCore
import NIOHTTP1

/// What its HTTP API says.
extension PrometheusFixture {
    struct Alert: Decodable {
        let labels: [String: String]
        let annotations: [String: String]
        let state: String
    }

    var isReady: Bool {
        get async {
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/-/ready")
            return (try? await HTTPClient.shared.execute(request, timeout: .seconds(5)))?.status == .ok
        }
    }

    /// The alerts that fire now.
    func firing() async throws -> [Alert] {
        struct Alerts: Decodable {
            let alerts: [Alert]
        }
        return try await get("/api/v1/alerts", as: Alerts.self).alerts.filter { $0.state == "firing" }
    }

    /// Waits for this alert, and gives it.
    func waitUntilFires(_ name: String, within deadline: Duration = .seconds(30)) async throws -> Alert {
        try await eventually(within: deadline, "\(name) fires") {
            try await firing().first { $0.labels["alertname"] == name }
        }
    }

    func waitUntilNothingFires(within deadline: Duration = .seconds(30)) async throws {
        try await eventually(within: deadline, "no alert fires") { try await firing().isEmpty }
    }

    /// The number of series that an expression has now; an expression that is none is an error.
    func count(_ expression: String) async throws -> Int {
        struct Series: Decodable {}
        struct Answer: Decodable {
            let result: [Series]
        }
        let allowed = CharacterSet.alphanumerics
        let query = expression.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        return try await get("/api/v1/query?query=\(query)", as: Answer.self).result.count
    }

    private func get<Content: Decodable>(_ path: String, as type: Content.Type) async throws -> Content {
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        let body = try await response.body.collect(upTo: 1 << 20)
        let answer = try JSONDecoder().decode(PrometheusAnswer<Content>.self, from: Data(body.readableBytesView))
        if let data = answer.data { return data }
        throw TestSupportError("Prometheus refuses \(path): \(answer.error ?? "")")
    }
}

/// https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview
private struct PrometheusAnswer<Content: Decodable>: Decodable {
    let data: Content?
    let error: String?
}
