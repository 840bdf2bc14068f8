extension StringProtocol {
    /// For messages: at most so many characters, control characters replaced.
    func printable(_ count: Int) -> String {
        let shown = unicodeScalars.prefix(count).map { $0.properties.generalCategory.isPrintable ? $0 : "?" }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: shown)
        return String(text) + (unicodeScalars.dropFirst(count).isEmpty ? "" : "…")
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isPrintable: Bool {
        switch self {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
