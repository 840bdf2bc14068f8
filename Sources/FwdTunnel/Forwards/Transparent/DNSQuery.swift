/// A question as it comes in a datagram, and the answers to it that are made here (RFC 1035 section 4).
struct DNSQuery: Hashable {
    /// What a datagram may hold without another word (RFC 1035 section 2.3.4).
    static let plainSize = 512
    /// Our choice, and that of most resolvers: what gets through most networks whole.
    static let largestSize = 1232
    /// RFC 1035 section 4.1.1.
    enum ResponseCode: UInt8 {
        case serverFailure = 2
        case refused = 5
    }

    private static let headerSize = 12
    /// EDNS(0) (RFC 6891 section 6.1.2): the root's name, and the type.
    private static let optionRecord: [UInt8] = [0, 0, 41]

    let bytes: [UInt8]
    /// In lower case, without a dot at its end; bytes that are not ASCII are replaced.
    let name: String
    private let questionEnd: Int

    /// - Returns: `nil`: not a standard query with one question.
    init?(_ bytes: [UInt8]) {
        guard bytes.count > Self.headerSize, bytes[2] & 0xF8 == 0, bytes[4] == 0, bytes[5] == 1 else { return nil }
        var labels: [String] = []
        var index = Self.headerSize
        while index < bytes.count, bytes[index] != 0 {
            let length = Int(bytes[index])
            // No pointer: there is nothing before a question that it could lead to.
            guard length < 64, index + 1 + length < bytes.count else { return nil }
            labels.append(String(decoding: bytes[(index + 1)...(index + length)], as: UTF8.self))
            index += 1 + length
        }
        questionEnd = index + 5
        guard questionEnd <= bytes.count, index - Self.headerSize < 255 else { return nil }
        self.bytes = bytes
        name = labels.joined(separator: ".").lowercased()
    }

    /// The longest answer that its sender takes in a datagram.
    var answerLimit: Int {
        let rest = bytes[questionEnd...]
        guard rest.starts(with: Self.optionRecord), rest.count >= 5 else { return Self.plainSize }
        let size = Int(bytes[questionEnd + 3]) << 8 | Int(bytes[questionEnd + 4])
        return min(max(size, Self.plainSize), Self.largestSize)
    }

    /// An answer without records.
    func answer(_ code: ResponseCode) -> [UInt8] { head(flags: 0x80, code: 0x80 | code.rawValue) }

    /// What goes into a datagram of a whole answer: all, or the note that it is to be asked for over TCP.
    func fitted(_ answer: [UInt8]) -> [UInt8] {
        answer.count <= answerLimit ? answer : head(flags: 0x82, code: 0x80)
    }

    private func head(flags: UInt8, code: UInt8) -> [UInt8] {
        let identity = bytes[0..<2]
        // The wish for recursion is repeated (RFC 1035 section 4.1.1).
        return identity + [flags | bytes[2] & 1, code, 0, 1, 0, 0, 0, 0, 0, 0] + bytes[Self.headerSize..<questionEnd]
    }
}
