import FwdCore

/// `fwd list`: every forward in a line, and below it why it is not up.
enum ListView {
    static func render(_ snapshot: StatusSnapshot, _ style: Style) -> String {
        var table = Table(columns: [
            ("FORWARD", .left), ("STATE", .left), ("KIND", .left), ("LISTEN", .left), ("TARGET", .left),
            ("CONNS", .right), ("IN", .right), ("OUT", .right), ("SINCE", .right),
        ])
        for gateway in snapshot.gateways {
            table.rows += gateway.forwards.map { row($0, gateway, snapshot.takenAt) }
            if gateway.forwards.isEmpty { table.rows.append(row(gateway, snapshot.takenAt)) }
        }
        return table.render(style)
    }

    private static func row(_ forward: ForwardStatus, _ gateway: GatewayStatus, _ now: Timestamp) -> Table.Row {
        Table.Row(
            cells: [
                Table.Cell("\(gateway.name)/\(forward.name)"),
                Table.Cell(forward.state.rawValue, Style.colour(of: forward.state)),
                Table.Cell(forward.kind.rawValue),
                Table.Cell(forward.boundListen), Table.Cell(forward.target),
                Table.Cell("\(forward.relays.active)"),
                Table.Cell(Units.bytes(forward.relays.bytesFromTarget)),
                Table.Cell(Units.bytes(forward.relays.bytesToTarget)),
                Table.Cell(Units.ago(forward.since, at: now)),
            ],
            notes: notes(forward, gateway, now))
    }

    /// A gateway that has no forwards still says how it stands.
    private static func row(_ gateway: GatewayStatus, _ now: Timestamp) -> Table.Row {
        var cells = [
            Table.Cell("\(gateway.name)/-"), Table.Cell(gateway.state.rawValue, Style.colour(of: gateway.state)),
        ]
        cells += Array(repeating: Table.Cell("-"), count: 6)
        cells.append(Table.Cell(Units.ago(gateway.since, at: now)))
        let cause = gateway.state == .up ? nil : gateway.cause
        return Table.Row(cells: cells, notes: cause.map { [Table.Cell($0.message, .red)] } ?? [])
    }

    private static func notes(_ forward: ForwardStatus, _ gateway: GatewayStatus, _ now: Timestamp) -> [Table.Cell] {
        switch forward.state {
        case .disabled:
            return []
        case .up:
            // An error of an earlier state is history; one since then is news.
            guard let last = forward.lastError, last.at >= forward.since else { return [] }
            return [Table.Cell("\(Units.ago(last.at, at: now)) ago: \(last.cause)", .yellow)]
        case .waiting, .degraded, .parked:
            guard let cause = forward.cause ?? gateway.cause else { return [] }
            return [Table.Cell(cause.message + retry(gateway, now), Style.colour(of: forward.state))]
        }
    }

    private static func retry(_ gateway: GatewayStatus, _ now: Timestamp) -> String {
        guard gateway.state != .up, let next = gateway.nextRetry, next > now else { return "" }
        return " (next try in \(Units.ago(now, at: next)))"
    }
}

extension ForwardStatus {
    /// Where it listens, with the port in use where the far side chose it.
    var boundListen: String {
        guard let boundPort, let colon = listen.lastIndex(of: ":") else { return listen }
        return "\(listen[..<colon]):\(boundPort)"
    }
}

/// One element of `fwd list --json`.
struct ListEntry: Hashable, Codable {
    var gateway: String
    var gatewayState: GatewayState
    /// Why the gateway is not up.
    var gatewayCause: Cause?
    var forward: ForwardStatus

    static func all(of snapshot: StatusSnapshot) -> [ListEntry] {
        snapshot.gateways.flatMap { gateway in
            gateway.forwards.map {
                ListEntry(gateway: gateway.name, gatewayState: gateway.state, gatewayCause: gateway.cause, forward: $0)
            }
        }
    }
}
