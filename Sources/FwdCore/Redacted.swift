/// A secret (password, passphrase, private key): it prints, dumps, reflects and encodes as `<redacted>`.
///
/// Whoever needs the secret itself asks for `value`, which is easy to find in a review.
public struct Redacted<Value: Sendable>: Sendable {
    public let value: Value

    public init(_ value: Value) {
        self.value = value
    }

    private static var text: String { "<redacted>" }
}

extension Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { Self.text }
    public var debugDescription: String { Self.text }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Redacted: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Self.text)
    }
}
