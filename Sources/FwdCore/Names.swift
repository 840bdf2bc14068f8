/// The name of a gateway (its file's name) or of a forward (its key in the file).
///
/// Names appear in labels, paths of the health endpoint and shell commands, so the alphabet is small:
/// letters, digits, `.`, `_` and `-`, not starting with `.` or `-`, at most 64 characters.
public enum ForwardsName {
    public static let maximumLength = 64

    /// `nil` if `name` may be used, else what is wrong with it.
    public static func problem(with name: String) -> String? {
        guard let first = name.unicodeScalars.first else { return "a name must not be empty" }
        if name.unicodeScalars.count > maximumLength { return "a name has at most \(maximumLength) characters" }
        if first == "." || first == "-" { return "a name must not start with \"\(first)\"" }
        for scalar in name.unicodeScalars where !isAllowed(scalar) {
            return "\"\(visible(scalar))\" is not allowed in a name; use letters, digits, \".\", \"_\" and \"-\""
        }
        return nil
    }

    /// Messages are one line, and do not make a terminal do anything.
    private static func visible(_ scalar: Unicode.Scalar) -> String {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
        default: String(scalar)
        }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": true
        default: false
        }
    }
}

/// A forward named across all gateways: `gateway/forward`.
public struct ForwardID: Hashable, Codable, Sendable, CustomStringConvertible, Comparable {
    public let gateway: String
    public let forward: String

    public init(gateway: String, forward: String) {
        self.gateway = gateway
        self.forward = forward
    }

    /// Reads `gateway/forward`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ ForwardsName.problem(with: String($0)) == nil }) else { return nil }
        self.init(gateway: String(parts[0]), forward: String(parts[1]))
    }

    public var description: String { "\(gateway)/\(forward)" }

    public static func < (left: ForwardID, right: ForwardID) -> Bool {
        (left.gateway, left.forward) < (right.gateway, right.forward)
    }
}
