/// One key of a gateway's file, as the parser takes it and the manual tells it.
public struct ConfigKey: Hashable, Sendable {
    public let name: String
    /// What it is, in a sentence without its full stop.
    public let summary: String
    /// What counts where the key is absent.
    public let standard: String

    init(_ name: String, _ summary: String, default standard: String) {
        self.name = name
        self.summary = summary
        self.standard = standard
    }
}

/// A mapping with a fixed set of keys.
public struct ConfigKeySection: Hashable, Sendable {
    /// Where it stands: `gateway`, `forwards.NAME`, `gateway.identity`.
    public let path: String
    /// When it is read at all, where that needs to be said.
    public let condition: String
    /// In the order in which messages name them.
    public let keys: [ConfigKey]

    init(_ path: String, condition: String = "", _ keys: [ConfigKey]) {
        self.path = path
        self.condition = condition
        self.keys = keys
    }

    public var names: [String] { keys.map(\.name) }
}
