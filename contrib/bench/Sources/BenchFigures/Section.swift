/// A part of the page: some figures, what they mean, and their picture.
public struct Section: Sendable {
    /// The word in the names of its files.
    public let name: String
    public let title: String
    /// What is measured, in Markdown.
    public let text: String
    /// By table.
    public let tables: [[Figure]]
    /// What the picture shows of them; empty for none.
    public let picture: Picture

    public enum Picture: Sendable {
        /// Ratios to the base.
        case ratios([String])
        /// The figures themselves.
        case values([String])
        /// MB per second over the time of a transfer.
        case timeline(String)
    }

    init(_ name: String, _ title: String, tables: [[Figure]], picture: Picture, _ text: String) {
        (self.name, self.title, self.tables, self.picture, self.text) = (name, title, tables, picture, text)
    }
}
