/// The pictures of the page.
public struct Pictures {
    let results: Results

    public init(results: Results) {
        self.results = results
    }

    public static func fileName(_ section: Section) -> String { "benchmarks-\(section.name).svg" }

    /// The files to write, by name.
    public var files: [String: String] {
        Dictionary(
            uniqueKeysWithValues: Section.all.compactMap { section in
                svg(section).map { (Self.fileName(section), $0) }
            })
    }

    /// `nil` where there is nothing to show.
    func svg(_ section: Section) -> String? {
        switch section.picture {
        case .ratios(let ids): bars(section, ids, .ratio)
        case .values(let ids): bars(section, ids, .value)
        case .timeline(let id): timeline(section, id)
        }
    }

    private func bars(_ section: Section, _ ids: [String], _ scale: BarChart.Scale) -> String? {
        let groups = ids.compactMap { group($0, scale) }
        guard !groups.isEmpty else { return nil }
        return BarChart(title: section.title, scale: scale, groups: groups).svg
    }

    private func group(_ id: String, _ scale: BarChart.Scale) -> BarChart.Group? {
        guard let figure = Figure.named(id) else { return nil }
        let bars = results.contenders.compactMap { contender -> BarChart.Bar? in
            let spread =
                scale == .ratio ? results.ratios(id, contender.name) : results[id, contender.name].spread
            return spread.map {
                BarChart.Bar(label: contender.label, colour: Palette.colour(contender.name), spread: $0)
            }
        }
        guard !bars.isEmpty else { return nil }
        let unit = scale == .ratio ? "\(figure.unit), ratio to ssh -L" : figure.unit
        let better = figure.better == .higher ? "more is better" : "less is better"
        let title = [figure.title, unit, better].filter { !$0.isEmpty }.joined(separator: "; ")
        return BarChart.Group(title: title, bars: bars, digits: scale == .ratio ? 2 : figure.digits)
    }

    private func timeline(_ section: Section, _ id: String) -> String? {
        let lines = results.contenders.compactMap { contender -> LineChart.Line? in
            guard let values = results.timelines[id]?[contender.name], !values.isEmpty else { return nil }
            let start = Array(values.prefix(60))
            return LineChart.Line(label: contender.label, colour: Palette.colour(contender.name), values: start)
        }
        guard !lines.isEmpty else { return nil }
        return LineChart(title: section.title, unit: "MB/s", step: 0.1, ceiling: 150, lines: lines).svg
    }
}

extension Results.Contender {
    /// The title without Markdown, short enough for a picture.
    var label: String { name == "ssh-gcm" ? "ssh -L, aes128-gcm" : title.replacing("`", with: "") }
}
