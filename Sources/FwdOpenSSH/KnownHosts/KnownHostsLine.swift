/// A line of a known_hosts file: `[@marker] hosts type base64 [comment]`.
struct KnownHostsLine: Sendable {
    enum Marker: Hashable, Sendable { case authority, revoked }

    let marker: Marker?
    let hosts: HostField
    let key: PublicKey
    let place: KnownHosts.Place
    /// What is wrong with a line that counts nevertheless.
    let problem: String?

    /// - Parameter text: without its newline.
    /// - Returns: `nil` for a blank line and a comment.
    init?(_ text: ArraySlice<UInt8>, place: KnownHosts.Place) throws(FormatProblem) {
        var rest = (text.last == UInt8(ascii: "\r") ? text.dropLast() : text).skippingBlanks
        guard let first = rest.first, first != UInt8(ascii: "#") else { return nil }
        marker = first == UInt8(ascii: "@") ? try Self.marker(rest.popWord()) : nil
        hosts = try HostField(rest.popWord())
        (key, problem) = try Self.key(rest, isRevoked: marker == .revoked)
        self.place = place
    }

    private static func marker(_ word: ArraySlice<UInt8>) throws(FormatProblem) -> Marker {
        let word = String(decoding: word, as: UTF8.self)
        switch word {
        case "@cert-authority": return .authority
        case "@revoked": return .revoked
        default: throw FormatProblem(description: "has an unknown marker \(word.printable(32))")
        }
    }

    /// A revocation counts even where its type word does not fit the key: it must never be lost to a slip of the pen.
    private static func key(
        _ text: ArraySlice<UInt8>, isRevoked: Bool
    ) throws(FormatProblem) -> (PublicKey, problem: String?) {
        let line = String(decoding: text, as: UTF8.self)
        guard isRevoked else { return (try PublicKey(line: line), nil) }
        do throws(FormatProblem) {
            return (plain(try PublicKey(line: line)), nil)
        } catch {
            guard let key = PublicKey(unlabelled: line) else { throw error }
            return (plain(key), error.description)
        }
    }

    private static func plain(_ key: PublicKey) -> PublicKey {
        (try? Certificate(key).publicKey) ?? key
    }
}

extension ArraySlice<UInt8> {
    var skippingBlanks: Self { drop { $0 == 0x20 || $0 == 0x09 } }

    /// Takes the bytes up to the next blank, and the blanks after them.
    fileprivate mutating func popWord() -> Self {
        let word = prefix { $0 != 0x20 && $0 != 0x09 }
        self = dropFirst(word.count).skippingBlanks
        return word
    }
}
