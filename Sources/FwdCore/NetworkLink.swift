/// The tunnel of a network forward.
public struct NetworkLink: Hashable, Sendable, CustomStringConvertible {
    /// Of the device here, with the length of the prefix: `10.99.0.1/30`.
    public var addresses: [String]

    public init(addresses: [String]) {
        self.addresses = addresses
    }

    public var description: String { addresses.joined(separator: ", ") }
}
