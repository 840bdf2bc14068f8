import Foundation

/// Horizontal bars in groups, with whiskers from the smallest to the largest value.
struct BarChart {
    struct Bar: Equatable {
        let label: String
        let colour: String
        let spread: Spread
    }

    struct Group: Equatable {
        let title: String
        let bars: [Bar]
        let digits: Int
    }

    enum Scale: Equatable {
        /// Logarithmic; bars begin at 1.
        case ratio
        /// From 0, for each group its own.
        case value
    }

    let title: String
    let scale: Scale
    let groups: [Group]

    private static let left = 150.0
    private static let width = 720
    private static let plot = 430.0
    private static let barHeight = 13.0
    private static let step = 19.0

    var svg: String {
        var body: [String] = []
        var y = 20.0
        for group in groups {
            body.append(SVG.text(group.title, x: 8, y: y, style: "head"))
            y += 10
            let bottom = y + Double(group.bars.count) * Self.step
            let axis = axis(of: group)
            body += axis.ticks.map { tick in
                let style = tick == axis.origin ? "axis" : "grid"
                return SVG.line((position(tick, axis), y), (position(tick, axis), bottom), style: style)
            }
            for bar in group.bars {
                body += drawing(bar, y: y, axis: axis, digits: group.digits)
                y += Self.step
            }
            body += axis.ticks.map {
                SVG.text(tickText($0), x: position($0, axis), y: bottom + 12, anchor: "middle", style: "small")
            }
            y = bottom + 36
        }
        return SVG.document(width: Self.width, height: Int(y) - 10, title: title, body)
    }

    /// What an axis shows, in the values of the bars.
    struct Axis: Equatable {
        let low: Double
        let high: Double
        let origin: Double
        let ticks: [Double]
    }

    func axis(of group: Group) -> Axis {
        switch scale {
        case .ratio: Self.ratioAxis(groups.flatMap(\.bars).map(\.spread.median))
        case .value: Self.valueAxis(group.bars.map(\.spread.maximum))
        }
    }

    /// Powers of two around all values, from 1/64 to 64 at most.
    static func ratioAxis(_ values: [Double]) -> Axis {
        let logarithms = values.filter { $0 > 0 }.map { log2($0) }
        let low = max(min(logarithms.min() ?? 0, -1), -6).rounded(.down)
        let high = min(max(logarithms.max() ?? 0, 1), 6).rounded(.up)
        let ticks = stride(from: low, through: high, by: 1).map { exp2($0) }
        return Axis(low: exp2(low), high: exp2(high), origin: 1, ticks: ticks)
    }

    /// From 0 in round steps to the largest value or more.
    static func valueAxis(_ values: [Double]) -> Axis {
        let largest = max(values.max() ?? 1, 1e-9)
        let rough = largest / 4
        let power = pow(10, log10(rough).rounded(.down))
        let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
        let count = (largest / step - 0.001).rounded(.up)
        let ticks = (0...Int(count)).map { Double($0) * step }
        return Axis(low: 0, high: ticks.last ?? 1, origin: 0, ticks: ticks)
    }

    private func position(_ value: Double, _ axis: Axis) -> Double {
        let clamped = min(max(value, axis.low), axis.high)
        let share =
            scale == .ratio
            ? (log2(clamped) - log2(axis.low)) / (log2(axis.high) - log2(axis.low))
            : (clamped - axis.low) / (axis.high - axis.low)
        return Self.left + share * Self.plot
    }

    private func drawing(_ bar: Bar, y: Double, axis: Axis, digits: Int) -> [String] {
        let (start, end) = (position(axis.origin, axis), position(bar.spread.median, axis))
        let (low, high) = (position(bar.spread.minimum, axis), position(bar.spread.maximum, axis))
        let middle = y + Self.step / 2
        let text = number(bar.spread.median, digits: digits)
        return [
            SVG.text(bar.label, x: Self.left - 8, y: middle + 4, anchor: "end"),
            SVG.bar(
                x: min(start, end), y: middle - Self.barHeight / 2, width: max(abs(end - start), 1),
                height: Self.barHeight, colour: bar.colour),
            SVG.line((low, middle), (high, middle), style: "whisker"),
            SVG.line((low, middle - 3), (low, middle + 3), style: "whisker"),
            SVG.line((high, middle - 3), (high, middle + 3), style: "whisker"),
            SVG.text(text, x: Self.left + Self.plot + 20, y: middle + 4),
        ]
    }

    private func tickText(_ tick: Double) -> String {
        if scale == .ratio, tick < 1 { return "1/\(number(1 / tick, digits: 0))" }
        return tick == tick.rounded() ? number(tick, digits: 0) : number(tick, digits: tick < 0.1 ? 2 : 1)
    }
}
