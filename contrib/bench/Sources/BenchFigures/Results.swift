/// All that a run of the bench has found out: what the page and the pictures are made of.
public struct Results: Codable, Equatable, Sendable {
    public struct Contender: Codable, Equatable, Sendable {
        public let name: String
        /// In Markdown.
        public let title: String
        public let version: String

        public init(name: String, title: String, version: String) {
            (self.name, self.title, self.version) = (name, title, version)
        }
    }

    /// The contender that all others are compared with.
    public static let base = "ssh"

    public var contenders: [Contender] = []
    /// Facts about the machine and the run, each with its name.
    public var facts: [String: String] = [:]
    /// By figure, then by contender.
    public var figures: [String: [String: Series]] = [:]
    /// MB/s in each tenth of a second of the transfers over delay lines: by figure, then by contender, of one run.
    public var timelines: [String: [String: [Double]]] = [:]

    public init() {}

    public subscript(figure: String, contender: String) -> Series {
        get { figures[figure]?[contender] ?? Series() }
        set { figures[figure, default: [:]][contender] = newValue }
    }

    public func ratios(_ figure: String, _ contender: String) -> Spread? {
        Spread(self[figure, contender].ratios(to: self[figure, Self.base]))
    }

    /// These with the figures of a newer run, whole rows of them, for values of different runs cannot be compared.
    public func taking(_ newer: Results) -> Results {
        var merged = self
        if merged.facts.isEmpty { merged.facts = newer.facts }
        merged.figures.merge(newer.figures) { $1 }
        merged.timelines.merge(newer.timelines) { $1 }
        for contender in newer.contenders {
            if let index = merged.contenders.firstIndex(where: { $0.name == contender.name }) {
                merged.contenders[index] = contender
            } else {
                merged.contenders.append(contender)
            }
        }
        let names = Figure.all.map(\.id).filter { newer.figures[$0] != nil }
        if let date = newer.facts["date"], !figures.isEmpty {
            merged.facts["measured again on \(date)"] = names.joined(separator: ", ")
        }
        return merged
    }

    /// With as many digits as mean something.
    public var rounded: Results {
        var rounded = self
        rounded.figures = figures.mapValues { $0.mapValues(\.rounded) }
        rounded.timelines = timelines.mapValues { $0.mapValues { $0.map { roundedToFive($0) } } }
        return rounded
    }
}
