/// The addresses of one of two offices. They exist in the namespaces of a test only.
public struct OfficeAddresses: Hashable, Sendable {
    /// 1 or 2.
    let number: Int
    /// That of the tunneling machine on the Internet, and that of its router, both of networks for documentation
    /// (RFC 5737).
    public let wan: String
    let router: String

    static let a = OfficeAddresses(number: 1, wan: "198.51.100.2", router: "198.51.100.1")
    static let b = OfficeAddresses(number: 2, wan: "203.0.113.2", router: "203.0.113.1")

    public var lan: String { "10.\(number).0.0/16" }
    public var gate: String { "10.\(number).0.1" }
    public var client: String { "10.\(number).0.10" }
    public var server: String { "10.\(number).0.20" }
    /// A second address of the server, for what must take another way than the first.
    public var otherServer: String { "10.\(number).0.30" }

    /// Unique local addresses (RFC 4193).
    public var lan6: String { "fd00:10:\(number)::/64" }
    public var gate6: String { "fd00:10:\(number)::1" }
    public var client6: String { "fd00:10:\(number)::10" }
    public var server6: String { "fd00:10:\(number)::20" }
    public var otherServer6: String { "fd00:10:\(number)::30" }
}
