import FwdControl

/// `fwd reload`: one line per gateway.
enum ReloadView {
    static func render(_ reply: ReloadReply, _ style: Style) -> String {
        render(reply.gateways, style)
    }

    static func render(_ gateways: [ReloadReply.Gateway], _ style: Style) -> String {
        gateways.flatMap { [line($0, style)] + $0.details.map { "    \($0)" } }.joined(separator: "\n")
    }

    private static func line(_ gateway: ReloadReply.Gateway, _ style: Style) -> String {
        let lists = [("+", gateway.started), ("-", gateway.stopped), ("~", gateway.changed)]
        var words = lists.flatMap { mark, names in names.map { "\(mark)\($0)" } }
        if !gateway.kept.isEmpty { words.append("(\(gateway.kept.count) kept)") }
        let action = style.paint(gateway.action.rawValue, colour(of: gateway.action))
        return (["\(gateway.gateway):", action] + words).joined(separator: " ")
    }

    private static func colour(of action: ReloadReply.Action) -> Style.Colour {
        switch action {
        case .started, .updated: .green
        case .stopped, .restarted: .yellow
        case .kept: .dim
        case .refused: .red
        }
    }
}
