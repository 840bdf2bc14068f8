import Foundation
import FwdControl
import FwdCore

/// `fwd history`: one line per event, in the order of time.
enum HistoryView {
    static func render(_ history: HistoryReply, _ style: Style) -> String {
        var table = Table(columns: [("TIME", .left), ("WHO", .left), ("STATE", .left), ("WHY", .left)])
        let all = history.gateways.flatMap { gateway in gateway.events.map { (gateway.gateway, $0) } }
        table.rows = all.sorted { $0.1.at < $1.1.at }.map { row($0, $1) }
        return table.render(style)
    }

    private static func row(_ gateway: String, _ event: GatewayEvent) -> Table.Row {
        let colour =
            GatewayState(rawValue: event.to).map(Style.colour(of:))
            ?? ForwardState(rawValue: event.to).map(Style.colour(of:))
        return Table.Row(cells: [
            Table.Cell(time(event.at)), Table.Cell(event.forward.map { "\(gateway)/\($0)" } ?? gateway),
            Table.Cell(event.from == event.to ? event.to : "\(event.from) -> \(event.to)", colour),
            Table.Cell((event.cause?.message ?? "") + repetition(event)),
        ])
    }

    private static func repetition(_ event: GatewayEvent) -> String {
        guard event.count > 1, let until = event.until else { return "" }
        return " (\(event.count) times until \(time(until)))"
    }

    private static func time(_ time: Timestamp) -> String {
        Date(timeIntervalSince1970: time.secondsSince1970.rounded(.down)).formatted(.iso8601)
    }
}
