/// A set of so many elements at most: one more takes the place of the one that was inserted longest ago.
struct RecentSet<Element: Hashable & Sendable>: Sendable {
    private let limit: Int
    /// The numbers of their last insertions.
    private var numbers: [Element: Int] = [:]
    /// All insertions in their order, with some of elements that were inserted again or removed since.
    private var insertions = FirstInFirstOut<(element: Element, number: Int)>()
    private var lastNumber = 0

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { numbers.count }

    func contains(_ element: Element) -> Bool {
        numbers[element] != nil
    }

    mutating func insert(_ element: Element) {
        lastNumber += 1
        numbers[element] = lastNumber
        insertions.append((element, lastNumber))
        while numbers.count > limit, let oldest = insertions.popFirst() {
            if numbers[oldest.element] == oldest.number { numbers[oldest.element] = nil }
        }
        // So rarely that it costs each insertion the same.
        if insertions.count > 2 * limit {
            insertions.removeAll { [numbers] in numbers[$0.element] != $0.number }
        }
    }

    mutating func remove(_ element: Element) {
        numbers[element] = nil
    }

    mutating func removeAll() {
        numbers = [:]
        insertions = FirstInFirstOut()
    }
}
