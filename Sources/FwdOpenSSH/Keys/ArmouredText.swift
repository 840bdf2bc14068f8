import FoundationEssentials

/// Base64 between `-----BEGIN label-----` and `-----END label-----` (RFC 7468, RFC 1421).
struct ArmouredText {
    /// The first line of the file that is not blank, trimmed.
    let firstLine: String
    /// `nil`: the first line is not a BEGIN line.
    let label: String?
    /// Of the old PEM style, names in lower case: `proc-type`, `dek-info`.
    private(set) var headers: [String: String] = [:]
    /// `nil`: there is no END line of the same label, or something between them is not base64.
    private(set) var content: [UInt8]?

    init(_ bytes: [UInt8]) {
        var lines = bytes.split { $0 == 0x0A || $0 == 0x0D }.map(Self.trimmed).filter { !$0.isEmpty }[...]
        firstLine = lines.popFirst() ?? ""
        label = Self.label(of: firstLine, "-----BEGIN ")
        guard let label else { return }
        var base64 = ""
        for line in lines {
            if Self.label(of: line, "-----END ") == label {
                content = Data(base64Encoded: base64).map { Array($0) }
                return
            }
            if let colon = line.firstIndex(of: ":") {
                headers[line[..<colon].lowercased()] = Self.trimmed(Array(line[colon...].dropFirst().utf8)[...])
            } else {
                base64 += line
            }
        }
    }

    private static func label(of line: String, _ start: String) -> String? {
        guard line.hasPrefix(start), line.hasSuffix("-----"), line.count >= start.count + 5 else { return nil }
        return String(line.dropFirst(start.count).dropLast(5))
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        return String(decoding: line.drop(while: isBlank).reversed().drop(while: isBlank).reversed(), as: UTF8.self)
    }
}
