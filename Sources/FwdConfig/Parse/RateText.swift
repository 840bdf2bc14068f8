/// Reads `10MB/s`, `64KiB/s`, `100Mbit/s`.
enum RateText {
    static let expected = "a rate from 1kB/s to 1000GB/s, as in 512kB/s, 64KiB/s or 100Mbit/s"
    /// Our choice: with less, nothing that people do works; more, nobody has, and sums of it stay small numbers.
    private static let range: ClosedRange<UInt64> = 1000...1_000_000_000_000
    /// In bits a second (decimal, and IEC 80000-13 section 4).
    private static let units: [Substring: UInt64] = [
        "kB/s": 8 * 1000, "MB/s": 8 * 1_000_000, "GB/s": 8 * 1_000_000_000,
        "KiB/s": 8 << 10, "MiB/s": 8 << 20, "GiB/s": 8 << 30,
        "kbit/s": 1000, "Mbit/s": 1_000_000, "Gbit/s": 1_000_000_000,
    ]

    static func bytesPerSecond(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = UInt32(digits), let unit = units[text.dropFirst(digits.count)] else { return nil }
        let (bits, isTooMuch) = UInt64(count).multipliedReportingOverflow(by: unit)
        return !isTooMuch && range.contains(bits / 8) ? Int(bits / 8) : nil
    }

    /// As it can be read: what could be, is a multiple of one of these.
    static func text(_ bytesPerSecond: Int) -> String {
        if bytesPerSecond % 1000 == 0 { return "\(bytesPerSecond / 1000)kB/s" }
        if bytesPerSecond % 1024 == 0 { return "\(bytesPerSecond / 1024)KiB/s" }
        return "\(bytesPerSecond / 125)kbit/s"
    }
}
