/// What is wrong with something that was read.
public struct FormatProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rest of a sentence that begins with the name of what was read: "has a blob that is not base64".
    public let description: String
}
