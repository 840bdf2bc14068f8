/// The places of a text, computed in another way than the parser does.
struct Places {
    private var widths: [Int] = []

    init(_ bytes: [UInt8]) {
        var text = String(decoding: bytes, as: UTF8.self).unicodeScalars.map { $0 }
        if text.first == "\u{FEFF}" { text.removeFirst() }
        var width = 0
        for (index, scalar) in text.enumerated() {
            let isBreak = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
            if scalar == "\r", index + 1 < text.count, text[index + 1] == "\n" { continue }
            if isBreak { widths.append(width) }
            width = isBreak ? 0 : width + 1
        }
        widths.append(width)
    }

    func contain(_ line: Int, _ column: Int) -> Bool {
        (1...widths.count).contains(line) && (1...widths[line - 1] + 1).contains(column)
    }
}
