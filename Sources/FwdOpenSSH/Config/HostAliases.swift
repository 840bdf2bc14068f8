import Foundation

extension SSHConfigFile {
    /// The names that the `Host` lines of a file, and of the files it includes, give to single hosts. For `fwd import`,
    /// which must ask ssh about each of them; ssh itself has no list.
    ///
    /// - Parameters:
    ///   - path: a configuration file; a `~` in front is the user's home.
    ///   - directory: what relative includes are relative to. `nil`: `/etc/ssh` for a file there, `~/.ssh` for others,
    ///     as ssh does it.
    /// - Returns: without wildcards and negations, each once, in the order of the files.
    public static func hostAliases(inFile path: String, includesRelativeTo directory: String? = nil) -> [String] {
        let home = LocalUser.current.home
        let usual = path.hasPrefix("/etc/ssh/") ? "/etc/ssh" : "\(home)/.ssh"
        var aliases = HostAliases(directory: directory ?? usual, home: home)
        aliases.read(aliases.absolute(path, in: nil), depth: 0)
        return aliases.names
    }
}

private struct HostAliases {
    /// ssh's (readconf.c).
    private static let deepestInclude = 16
    /// Our choice.
    private static let longestFile = 1 << 20

    let directory: String
    let home: String
    private(set) var names: [String] = []
    private var known: Set<String> = []
    /// Each file is read once: that ends circles of files.
    private var seen: Set<String> = []

    init(directory: String, home: String) {
        self.directory = directory
        self.home = home
    }

    func absolute(_ path: String, in directory: String?) -> String {
        if path == "~" || path.hasPrefix("~/") { return home + path.dropFirst() }
        guard let directory, !path.hasPrefix("/") else { return path }
        return "\(directory)/\(path)"
    }

    mutating func read(_ path: String, depth: Int) {
        guard depth <= Self.deepestInclude, seen.insert(path).inserted,
            case .content(let content) = BoundedFile.content(of: path, limit: Self.longestFile)
        else { return }
        for line in content.split(separator: UInt8(ascii: "\n")) {
            let words = ConfigWords(String(decoding: line, as: UTF8.self))
            switch words.keyword {
            case "host": add(words.arguments)
            case "include": include(words.arguments, depth: depth)
            default: continue
            }
        }
    }

    private mutating func add(_ patterns: [String]) {
        for pattern in patterns where !pattern.isEmpty && !pattern.contains(where: { "*?!".contains($0) }) {
            if known.insert(pattern).inserted { names.append(pattern) }
        }
    }

    private mutating func include(_ patterns: [String], depth: Int) {
        for pattern in patterns {
            for path in Self.files(absolute(pattern, in: directory)) { read(path, depth: depth + 1) }
        }
    }

    /// The files of a glob(7) pattern, in its order.
    private static func files(_ pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, let paths = found.gl_pathv else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
    }
}
