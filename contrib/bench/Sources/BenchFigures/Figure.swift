/// Something that is measured, once for each contender and run.
public struct Figure: Equatable, Sendable {
    public enum Better: Sendable { case higher, lower }

    /// As in the JSON file: "bulk.down.1".
    public let id: String
    /// In tables: "down, 1 relay".
    public let title: String
    public let unit: String
    public let better: Better
    /// Digits behind the point.
    public let digits: Int

    /// A share of a contender's own figure says all by itself, and where only some reconnect there is no base.
    public var comparesWithBase: Bool { id != "idle.share" && !id.hasPrefix("recovery.") }

    init(_ id: String, _ title: String, _ unit: String, _ better: Better, digits: Int) {
        (self.id, self.title, self.unit, self.better, self.digits) = (id, title, unit, better, digits)
    }
}
