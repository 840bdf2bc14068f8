import Foundation
import FwdTestSupport

/// The files of contrib for Prometheus and Grafana, as they are shipped.
enum MonitoringFiles {
    static let prometheus = directory("contrib/prometheus")
    static let rules = "\(prometheus)/fwd.rules.yml"
    static let ruleTests = "\(prometheus)/fwd.rules.test.yml"
    static let configuration = "\(prometheus)/prometheus.yml"
    static let federation = "\(prometheus)/federation.yml"
    static let dashboard = directory("contrib/grafana") + "/fwd.json"

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    /// Each word of `text` that is a metric of ours by its form.
    static func metrics(in text: String) -> Set<String> {
        Set(text.matches(of: /\b(?:fwd|process)_[a-z_]+[a-z]\b/).map { String($0.output) })
    }

    private static func directory(_ path: String) -> String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        return root.joined(separator: "/") + "/" + path
    }
}

/// What the tests read of a dashboard of Grafana.
struct Dashboard: Decodable {
    struct Place: Decodable {
        let x, y, w, h: Int
    }
    struct DataSource: Decodable {
        let uid: String
    }
    struct Target: Decodable {
        let refId: String
        let expr: String
        let datasource: DataSource
    }
    struct Panel: Decodable {
        let id: Int
        let title: String
        let gridPos: Place
        let targets: [Target]?
    }
    struct Variable: Decodable {
        struct Query: Decodable {
            let query: String
        }
        let name: String
        let definition: String?
    }
    struct Templating: Decodable {
        let list: [Variable]
    }

    let title: String
    let panels: [Panel]
    let templating: Templating

    static func shipped() throws -> Dashboard {
        try JSONDecoder().decode(Dashboard.self, from: Data(MonitoringFiles.text(MonitoringFiles.dashboard).utf8))
    }

    /// Each expression with its panel's title, and with what Grafana puts in for "All" and for an interval.
    func expressions(interval: String = "5m") -> [(panel: String, expression: String)] {
        panels.flatMap { panel in
            (panel.targets ?? []).map { target in
                var expression = target.expr.replacing("$__rate_interval", with: interval)
                for variable in templating.list {
                    expression = expression.replacing("$\(variable.name)", with: ".*")
                }
                return (panel.title, expression)
            }
        }
    }
}
