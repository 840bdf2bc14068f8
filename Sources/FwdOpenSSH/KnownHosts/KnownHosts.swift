/// OpenSSH's known_hosts files (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): which keys a host may have.
public struct KnownHosts: Sendable {
    /// Where a line stands.
    public struct Place: Hashable, Sendable, CustomStringConvertible {
        public let file: String
        /// From 1. 0: the file as a whole.
        public let line: Int

        public init(file: String, line: Int) {
            self.file = file
            self.line = line
        }

        /// `FILE:LINE`
        public var description: String { line > 0 ? "\(file):\(line)" : file }
    }

    /// A line, or a file, that was left out.
    public struct Problem: Hashable, Sendable, CustomStringConvertible {
        public let place: Place
        /// The rest of a sentence: "has an unknown marker @trusted".
        public let message: String
        /// Whether the line begins with a marker: `@revoked` perhaps, which then counts for nothing.
        public var isOfMarkedLine = false

        public var description: String { "\(place) \(message)" }
    }

    /// A key and the line that it comes from.
    public struct Entry: Hashable, Sendable {
        public let key: PublicKey
        public let place: Place
    }

    /// What the files say about one host. Every list is in the order of the files.
    public struct Answer: Hashable, Sendable {
        /// The keys that the host may have.
        public var trusted: [Entry] = []
        /// The keys that must never be accepted from the host, whatever else says that they may be. Of a certificate
        /// that is the key inside it.
        public var revoked: [Entry] = []
        /// The authorities whose host certificates are good for the host (`@cert-authority`).
        public var authorities: [Entry] = []

        public init() {}

        /// The line that revokes this key for the host, if there is one.
        public func revocation(of key: PublicKey) -> Entry? {
            revoked.first { $0.key.blob == key.blob }
        }
    }

    /// Lines that were left out, and files that could not be read.
    public internal(set) var problems: [Problem] = []
    var lines: [KnownHostsLine] = []

    public init() {}

    /// Adds a file's text. Bad lines are skipped and remembered in `problems`.
    public mutating func add(_ text: some StringProtocol, file: String) {
        add(Array(text.utf8), file: file)
    }

    /// Adds a file's content, in any encoding. Bad lines are skipped and remembered in `problems`.
    public mutating func add(_ content: [UInt8], file: String) {
        let texts = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, text) in texts.enumerated() {
            let place = Place(file: file, line: index + 1)
            do throws(FormatProblem) {
                guard let line = try KnownHostsLine(text, place: place) else { continue }
                lines.append(line)
                if let note = line.problem { problems.append(Problem(place: place, message: note)) }
            } catch {
                let isMarked = text.skippingBlanks.first == UInt8(ascii: "@")
                problems.append(Problem(place: place, message: error.description, isOfMarkedLine: isMarked))
            }
        }
    }

    /// What the files say about a host, as ssh reads them.
    ///
    /// ssh looks for `[host]:port`, and for `host` where the port is 22. Where it finds no key at all for
    /// `[host]:port`, the keys of `host` count, too: the same machine on another port. Here what is revoked for `host`
    /// is revoked on all its ports.
    ///
    /// - Parameters:
    ///   - host: the name or address that is connected to, after ssh_config's HostName; `[::1]` is `::1`.
    ///   - alias: ssh_config's HostKeyAlias: looked for instead of host and port.
    public func lookUp(host: String, port: UInt16, alias: String? = nil) -> Answer {
        if let alias { return answer(for: HostName(alias: alias)) }
        let bare = answer(for: HostName(host: host, port: 22))
        guard port != 22 else { return bare }
        var answer = answer(for: HostName(host: host, port: port))
        if answer.trusted.isEmpty { answer.trusted = bare.trusted }
        answer.revoked += bare.revoked
        return answer
    }

    /// The line that revokes this key for the host, if there is one.
    public func revocation(of key: PublicKey, host: String, port: UInt16, alias: String? = nil) -> Entry? {
        lookUp(host: host, port: port, alias: alias).revocation(of: key)
    }

    private func answer(for name: HostName) -> Answer {
        var answer = Answer()
        for line in lines where line.hosts.matches(name) {
            let entry = Entry(key: line.key, place: line.place)
            switch line.marker {
            case nil: answer.trusted.append(entry)
            case .revoked: answer.revoked.append(entry)
            case .authority: answer.authorities.append(entry)
            }
        }
        return answer
    }
}
