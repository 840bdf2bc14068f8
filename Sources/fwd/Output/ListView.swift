import FwdCore

/// `fwd list`: every forward in a line, and below it why it is not up.
enum ListView {
    /// - Parameter width: of the terminal; `nil`: all columns, as wide as they are.
    static func render(_ snapshot: StatusSnapshot, _ style: Style, width: Int? = nil) -> String {
        let wide = table(snapshot, columns)
        guard let width, wide.naturalWidth > width else { return wide.render(style) }
        return table(snapshot, narrowColumns).render(style, width: width)
    }

    /// `3 of 4 forwards up, 12 connections`.
    static func summary(_ snapshot: StatusSnapshot) -> String {
        let forwards = snapshot.gateways.flatMap(\.forwards)
        let enabled = forwards.filter { $0.state != .disabled }
        let connections = forwards.reduce(0) { $0 + $1.relays.active }
        return "\(enabled.count { $0.state == .up }) of \(enabled.count) forwards up, "
            + "\(connections) connection\(connections == 1 ? "" : "s")"
    }

    /// What a column shows of a forward, and of a gateway that has none.
    private struct Column: Sendable {
        let title: String
        var alignment = Table.Alignment.left
        let cell: @Sendable (ForwardStatus, GatewayStatus, Timestamp) -> Table.Cell
        var gateway: @Sendable (GatewayStatus, Timestamp) -> Table.Cell = { _, _ in Table.Cell("-") }
    }

    private static let name = Column(
        title: "FORWARD", alignment: .elastic,
        cell: { forward, gateway, _ in Table.Cell("\(gateway.name)/\(forward.name)") },
        gateway: { gateway, _ in Table.Cell("\(gateway.name)/-") })
    private static let state = Column(
        title: "STATE", cell: { forward, _, _ in Table.Cell(forward.state.rawValue, Style.colour(of: forward.state)) },
        gateway: { gateway, _ in Table.Cell(gateway.state.rawValue, Style.colour(of: gateway.state)) })
    private static let connections = Column(
        title: "CONNS", alignment: .right, cell: { forward, _, _ in Table.Cell("\(forward.relays.active)") })

    private static let columns =
        [
            name, state,
            Column(title: "KIND", cell: { forward, _, _ in Table.Cell(forward.kind.rawValue) }),
            Column(title: "LISTEN", cell: { forward, _, _ in Table.Cell(forward.boundListen) }),
            Column(title: "TARGET", cell: { forward, _, _ in Table.Cell(forward.target) }),
            connections,
        ] + numbers(bytes: Units.bytes, ago: Units.ago)

    private static let narrowColumns =
        [
            name, state,
            Column(title: "SPEC", alignment: .elastic, cell: { forward, _, _ in Table.Cell(forward.boundSpec) }),
            connections,
        ] + numbers(bytes: Units.shortBytes, ago: Units.shortAgo)

    private static func numbers(
        bytes: @escaping @Sendable (UInt64) -> String, ago: @escaping @Sendable (Timestamp, Timestamp) -> String
    ) -> [Column] {
        [
            Column(
                title: "IN", alignment: .right,
                cell: { forward, _, _ in Table.Cell(bytes(forward.relays.bytesFromTarget)) }),
            Column(
                title: "OUT", alignment: .right,
                cell: { forward, _, _ in Table.Cell(bytes(forward.relays.bytesToTarget)) }),
            Column(
                title: "SINCE", alignment: .right, cell: { forward, _, now in Table.Cell(ago(forward.since, now)) },
                gateway: { Table.Cell(ago($0.since, $1)) }),
        ]
    }

    private static func table(_ snapshot: StatusSnapshot, _ columns: [Column]) -> Table {
        var table = Table(columns: columns.map { ($0.title, $0.alignment) })
        let now = snapshot.takenAt
        for gateway in snapshot.gateways {
            table.rows += gateway.forwards.map { forward in
                Table.Row(cells: columns.map { $0.cell(forward, gateway, now) }, notes: notes(forward, gateway, now))
            }
            // A gateway that has no forwards still says how it stands.
            if gateway.forwards.isEmpty {
                table.rows.append(
                    Table.Row(cells: columns.map { $0.gateway(gateway, now) }, notes: notes(gateway)))
            }
        }
        return table
    }

    private static func notes(_ gateway: GatewayStatus) -> [Table.Cell] {
        let cause = gateway.state == .up ? nil : gateway.cause
        return cause.map { [Table.Cell($0.message, .red)] } ?? []
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
    /// Where it listens, with the port in use where the far side chose it, or the device where the kernel did.
    var boundListen: String {
        if let device = network?.device, !listen.hasPrefix(device) { return "\(device) \(listen)" }
        guard let boundPort, let colon = listen.lastIndex(of: ":") else { return listen }
        return "\(listen[..<colon]):\(boundPort)"
    }

    /// The spec as it stands in the file, with the port in use where the far side chose it.
    var boundSpec: String { kind == .remote && boundPort != nil ? "-R \(boundListen):\(target)" : spec }
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
