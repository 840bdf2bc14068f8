/// What must hold before text is given to the YAML library at all.
enum TextCheck {
    /// Our choice: the largest real files have some hundred forwards, 20 KiB.
    static let maximumSize = 1 << 20
    /// Aliases that a text with anchors may seem to have; with so few, even aliases of aliases stay small.
    private static let aliasLimit = 16

    /// - Throws: the first problem.
    static func check(_ source: SourceText) throws(SourceProblem) {
        if let offset = firstInvalidByte(source.bytes) {
            throw problem(source, offset, "not UTF-8 text (byte 0x\(String(source.bytes[offset], radix: 16)))")
        }
        if let (offset, scalar) = firstForbiddenScalar(source) {
            let code = String(scalar.value, radix: 16, uppercase: true)
            throw problem(
                source, offset,
                "control character U+\(String(repeating: "0", count: max(0, 4 - code.utf8.count)))\(code)")
        }
        try checkAliases(source)
    }

    private static func problem(_ source: SourceText, _ offset: Int, _ message: String) -> SourceProblem {
        SourceProblem(position: source.position(of: offset), message: message)
    }

    private static func firstInvalidByte(_ bytes: [UInt8]) -> Int? {
        if String(validating: bytes, as: UTF8.self) != nil { return nil }
        var parser = Unicode.UTF8.ForwardParser()
        var input = bytes.makeIterator()
        var offset = 0
        while true {
            switch parser.parseScalar(from: &input) {
            case .valid(let scalar): offset += scalar.count
            case .error: return offset
            case .emptyInput: return nil
            }
        }
    }

    /// YAML 1.1 section 5.1: the characters that may not stand in a text.
    private static func firstForbiddenScalar(_ source: SourceText) -> (offset: Int, scalar: Unicode.Scalar)? {
        var offset = source.bodyStart
        for scalar in source.body.unicodeScalars {
            switch scalar.value {
            case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: break
            default: return (offset, scalar)
            }
            offset += UTF8.width(scalar)
        }
        return nil
    }

    /// The composer hashes keys, aliases within them expanded: "a billion laughs" in a key would never end. The count
    /// is too high at times (comments), never too low, and harmless without an anchor.
    private static func checkAliases(_ source: SourceText) throws(SourceProblem) {
        let anchors = sigils(UInt8(ascii: "&"), in: source)
        guard let first = anchors.first, sigils(UInt8(ascii: "*"), in: source).count > aliasLimit else { return }
        throw problem(source, first, "anchors and aliases (&, *) are not supported")
    }

    private static func sigils(_ sigil: UInt8, in source: SourceText) -> [Int] {
        let bytes = source.bytes
        return bytes.indices.filter { index in
            guard bytes[index] == sigil, index + 1 < bytes.count, isNameByte(bytes[index + 1]) else { return false }
            return index == source.bodyStart || " \t\r\n[{,:".utf8.contains(bytes[index - 1])
                || bytes[index - 1] >= 0x80
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
