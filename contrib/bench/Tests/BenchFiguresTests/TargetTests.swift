import Testing

@testable import BenchFigures

@Suite("Targets")
struct TargetTests {
    @Test("the median decides, and a bound that is just reached is met")
    func verdicts() {
        let results = results(fwd: [2, 4, 9], ssh: [2, 2, 2])
        #expect(target(.ratio(to: "ssh"), .atLeast(2)).verdict(in: results) == .met)
        #expect(target(.ratio(to: "ssh"), .atLeast(2.01)).verdict(in: results) == .missed)
        #expect(target(.value, .atMost(4)).verdict(in: results) == .met)
        #expect(target(.value, .atMost(3.9)).verdict(in: results) == .missed)
        #expect(target(.share(of: 5, called: "it"), .atLeast(0.8)).verdict(in: results) == .met)
    }

    @Test("what was not measured is neither met nor missed")
    func nothing() {
        #expect(target(.value, .atMost(1)).verdict(in: Results()) == .notMeasured)
        let failed = results(fwd: [nil], ssh: [2])
        #expect(target(.ratio(to: "ssh"), .atMost(1)).verdict(in: failed) == .notMeasured)
    }

    @Test("every target and every picture names a figure that there is")
    func catalog() {
        #expect(!Target.all.isEmpty)
        for target in Target.all { #expect(Figure.named(target.figure) != nil, "\(target.figure)") }
        #expect(Set(Figure.all.map(\.id)).count == Figure.all.count)
        let shown = Section.all.flatMap { section -> [String] in
            switch section.picture {
            case .ratios(let ids), .values(let ids): ids
            case .timeline(let id): [id]
            }
        }
        for id in shown { #expect(Figure.named(id) != nil, "\(id)") }
    }

    @Test("every figure is in one table of the page")
    func tables() {
        let tables = Section.all.flatMap(\.tables).joined().map(\.id)
        #expect(tables.sorted() == Figure.all.map(\.id).sorted())
    }

    private func target(_ measure: Target.Measure, _ bound: Target.Bound) -> Target {
        Target(title: "it", figure: "bulk.down.1", contender: "fwd", measure: measure, bound: bound)
    }
}

/// Two contenders with the values of one figure.
func results(_ figure: String = "bulk.down.1", fwd: [Double?], ssh: [Double?]) -> Results {
    var results = Results()
    results.contenders = [
        .init(name: "fwd", title: "`fwd`", version: "fwd 9"), .init(name: "ssh", title: "`ssh -L`", version: ""),
    ]
    results[figure, "fwd"] = Series(values: fwd)
    results[figure, "ssh"] = Series(values: ssh)
    return results
}
