/// Pieces of an SVG picture that can be read on light and dark pages. Text stays text.
enum SVG {
    static func document(width: Int, height: Int, title: String, _ body: [String]) -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" \
        role="img" aria-label="\(escape(title))">
        <style>
        text { font: 12px sans-serif; fill: #24292f }
        .head { font-weight: bold }
        .small { font-size: 11px; fill: #57606a }
        .axis { stroke: #8c959f; stroke-width: 1 }
        .grid { stroke: #8c959f; stroke-width: 1; stroke-dasharray: 2 4; opacity: .6 }
        .whisker { stroke: #24292f; stroke-width: 1.2; fill: none }
        @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 } .small { fill: #9198a1 } .whisker { stroke: #e6edf3 }
        }
        </style>
        \(body.joined(separator: "\n"))
        </svg>

        """
    }

    static func text(_ text: String, x: Double, y: Double, anchor: String = "start", style: String = "") -> String {
        let style = style.isEmpty ? "" : " class=\"\(style)\""
        return
            "<text x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" text-anchor=\"\(anchor)\"\(style)>\(escape(text))</text>"
    }

    static func line(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double), style: String) -> String {
        let ends = "x1=\"\(coordinate(from.x))\" y1=\"\(coordinate(from.y))\" x2=\"\(coordinate(to.x))\""
        return "<line \(ends) y2=\"\(coordinate(to.y))\" class=\"\(style)\"/>"
    }

    static func bar(x: Double, y: Double, width: Double, height: Double, colour: String) -> String {
        let place = "x=\"\(coordinate(x))\" y=\"\(coordinate(y))\""
        return "<rect \(place) width=\"\(coordinate(width))\" height=\"\(coordinate(height))\" fill=\"\(colour)\"/>"
    }

    static func polyline(_ points: [(x: Double, y: Double)], colour: String) -> String {
        let list = points.map { "\(coordinate($0.x)),\(coordinate($0.y))" }.joined(separator: " ")
        return "<polyline points=\"\(list)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>"
    }

    static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private static func coordinate(_ value: Double) -> String { number(value, digits: 1) }
}

/// One colour for each contender, in every picture; dark enough on white and light enough on black.
enum Palette {
    static func colour(_ contender: String) -> String {
        switch contender {
        case "fwd": "#2f81f7"
        case "fwd-stock": "#79b8ff"
        case "ssh": "#8b949e"
        case "ssh-gcm": "#1b9aaa"
        case "autossh": "#a371f7"
        case "dbclient": "#db6d28"
        case "asyncssh": "#3fb950"
        case "sshtunnel": "#bf8700"
        default: "#e5534b"
        }
    }
}
