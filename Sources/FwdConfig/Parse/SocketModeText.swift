/// Reads the permissions of a Unix socket's file, `0660`.
enum SocketModeText {
    static let expected = "permissions in octal, as in 0600 or 0660"

    static func parse(_ text: String) -> UInt16? {
        guard (3...4).contains(text.count), text.allSatisfy({ "0"..."7" ~= $0 }) else { return nil }
        return UInt16(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil }
    }

    static func text(_ mode: UInt16) -> String { "0" + String(mode, radix: 8) }
}
