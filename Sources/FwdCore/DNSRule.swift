/// Names that are resolved at the far side of a transparent forward.
public struct DNSRule: Hashable, Sendable, CustomStringConvertible {
    /// Our choice: no other service has it (IANA), and no privilege is needed.
    public static let defaultListen = ForwardSpec.Endpoint(host: "127.0.0.1", port: 5300)

    /// Without dots at their ends, in lower case. Each stands for itself and all names below it.
    public var domains: [String]
    /// Who is asked there, over TCP.
    public var server: ForwardSpec.Endpoint
    /// Where questions are taken here, over UDP and TCP: an address of this machine.
    public var listen: ForwardSpec.Endpoint

    public init(domains: [String], server: ForwardSpec.Endpoint, listen: ForwardSpec.Endpoint = defaultListen) {
        self.domains = domains
        self.server = server
        self.listen = listen
    }

    /// - Parameter name: in lower case, without a dot at its end.
    public func covers(_ name: String) -> Bool {
        domains.contains { name == $0 || name.hasSuffix(".\($0)") }
    }

    public var description: String {
        "\(domains.joined(separator: ", ")) at \(listen) by \(server)"
    }
}
