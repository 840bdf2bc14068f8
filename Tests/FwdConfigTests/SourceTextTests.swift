import Testing

@testable import FwdConfig

@Suite struct SourceTextTests {
    @Test(arguments: ["", "\u{FEFF}", "a", "a\nb", "a\r\n\r\nb\r", "é\u{2028}日本\u{85}x", "\u{FEFF}ab\n\n"])
    func positionsAndOffsetsAgree(text: String) {
        let source = SourceText(text)
        var last = SourcePosition(line: 1, column: 0)
        var offset = source.bodyStart
        for scalar in source.body.unicodeScalars {
            let position = source.position(of: offset)
            #expect(position > last)
            if scalar != "\n" || source.bytes[max(0, offset - 1)] != 0x0D {
                #expect(source.offset(of: position) == offset)
            }
            last = position
            offset += UTF8.width(scalar)
        }
        #expect(source.offset(of: source.position(of: source.bytes.count)) == source.bytes.count)
    }

    @Test(arguments: [(0, 0), (1, 99), (99, 1), (-5, -5), (2, 99)])
    func positionsOutsideAreDrawnIn(line: Int, column: Int) {
        let source = SourceText("ab\ncd\n")
        #expect(0...source.bytes.count ~= source.offset(of: SourcePosition(line: line, column: column)))
        let clamped = source.clamped(SourcePosition(line: line, column: column))
        #expect(clamped.line >= 1 && clamped.line <= 3 && clamped.column >= 1 && clamped.column <= 3)
    }

    @Test(arguments: [
        ("prot", "port"), ("hsot", "host"), ("host_key", "host-key"), ("HostKey", "host-key"), ("hostname", "host"),
        ("identityfile", "identity"), ("username", "user"), ("idnetity", "identity"),
    ])
    func aMisspeltKeyIsRecognised(word: String, key: String) {
        #expect(Suggestion.nearest(to: word, among: ["host", "port", "user", "identity", "host-key"]) == key)
    }

    @Test(arguments: ["", "x", "allow", "probe", "via", String(repeating: "host", count: 1000)])
    func otherWordsAreNot(word: String) {
        #expect(Suggestion.nearest(to: word, among: ["spec", "hold", "enabled"]) == nil)
    }
}
