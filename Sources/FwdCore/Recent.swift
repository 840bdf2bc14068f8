/// What was noted of the keys that were noted last. Clients choose the keys, so there is a limit: when it is reached, the
/// older half is forgotten.
public struct Recent<Key: Hashable, Value> {
    private let limit: Int
    private var entries: [Key: (value: Value, number: Int)] = [:]
    private var last = 0

    /// - Parameter limit: two at least.
    public init(limit: Int) {
        self.limit = limit
    }

    public var count: Int { entries.count }

    public subscript(key: Key) -> Value? { entries[key]?.value }

    public mutating func note(_ value: Value, of key: Key) {
        last += 1
        entries[key] = (value, last)
        guard entries.count > limit else { return }
        entries = entries.filter { $0.value.number > last - limit / 2 }
    }

    public mutating func forget(_ key: Key) {
        entries[key] = nil
    }

    public mutating func removeAll() {
        entries = [:]
    }
}

extension Recent: Sendable where Key: Sendable, Value: Sendable {}
