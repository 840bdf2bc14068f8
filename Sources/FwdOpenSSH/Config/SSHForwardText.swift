/// Forwards as `ssh -G` prints them: `8080 [db]:80`, `[127.0.0.1]:8080 /run/sock`, `9001 [socks]:0`.
enum SSHForwardText {
    /// In the grammar of `ssh -L` and `-R`: `[bind:]port:host:hostport`.
    static func spec(_ value: String) -> String {
        // What ssh prints for a `-R` without a target, which makes it a SOCKS server.
        guard let target = target(value), target != "[socks]:0" else { return listen(value) }
        return "\(listen(value)):\(plain(target))"
    }

    static func listen(_ value: String) -> String {
        plain(separator(value).map { value[..<$0] } ?? value[...])
    }

    static func target(_ value: String) -> Substring? {
        separator(value).map { value[$0...].dropFirst() }
    }

    /// The last blank with a host or a path behind it: a path may have blanks of its own.
    private static func separator(_ value: String) -> String.Index? {
        value.indices.last { index in
            let rest = value[index...].dropFirst()
            return value[index] == " " && (rest.hasPrefix("[") || rest.hasPrefix("/"))
        }
    }

    /// Without the brackets that only an IPv6 address needs.
    private static func plain(_ side: Substring) -> String {
        guard side.hasPrefix("["), let end = side.lastIndex(of: "]") else { return String(side) }
        let host = side[..<end].dropFirst()
        return host.contains(":") ? String(side) : String(host + side[end...].dropFirst())
    }
}
