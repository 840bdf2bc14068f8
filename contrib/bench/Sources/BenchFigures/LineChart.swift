/// Lines over time.
struct LineChart {
    struct Line: Equatable {
        let label: String
        let colour: String
        /// One value for each step.
        let values: [Double]
    }

    let title: String
    let unit: String
    /// Seconds from one value to the next.
    let step: Double
    /// Values above it are drawn as if they were this.
    let ceiling: Double
    let lines: [Line]

    private static let width = 720
    private static let (left, top, plotWidth, plotHeight) = (50.0, 30.0, 500.0, 220.0)

    var svg: String {
        let axis = BarChart.valueAxis(lines.flatMap(\.values).map { min($0, ceiling) })
        let seconds = max(step * Double(lines.map(\.values.count).max() ?? 1), step)
        func x(_ time: Double) -> Double { Self.left + time / seconds * Self.plotWidth }
        func y(_ value: Double) -> Double { Self.top + (1 - min(value, ceiling) / axis.high) * Self.plotHeight }
        var body = [SVG.text(unit, x: Self.left, y: Self.top - 12, anchor: "middle", style: "small")]
        for tick in axis.ticks {
            let style = tick == 0 ? "axis" : "grid"
            body.append(SVG.line((Self.left, y(tick)), (Self.left + Self.plotWidth, y(tick)), style: style))
            body.append(
                SVG.text(number(tick, digits: 0), x: Self.left - 6, y: y(tick) + 4, anchor: "end", style: "small"))
        }
        for second in 0...Int(seconds) {
            let place = (x(Double(second)), Self.top + Self.plotHeight + 16)
            body.append(SVG.text("\(second) s", x: place.0, y: place.1, anchor: "middle", style: "small"))
        }
        for (number, line) in lines.enumerated() {
            let points = line.values.enumerated().map { (x: x((Double($0) + 0.5) * step), y: y($1)) }
            body.append(SVG.polyline(points, colour: line.colour))
            let row = Self.top + 14 + Double(number) * 18
            body.append(
                SVG.bar(x: Self.left + Self.plotWidth + 14, y: row - 9, width: 12, height: 10, colour: line.colour))
            body.append(SVG.text(line.label, x: Self.left + Self.plotWidth + 32, y: row))
        }
        return SVG.document(width: Self.width, height: Int(Self.top + Self.plotHeight) + 30, title: title, body)
    }
}
