import Foundation
import FwdCore

/// Reads single values out of what `ssh -G` prints.
struct SSHAnswer {
    private let values: [String: [String]]

    init(_ values: [String: [String]]) {
        self.values = values
    }

    func all(_ keyword: String) -> [String] { values[keyword] ?? [] }

    /// The value of a keyword that has one at most; `nil` also for `none`.
    func one(_ keyword: String) -> String? {
        values[keyword]?.first.flatMap { $0.isEmpty || $0 == "none" ? nil : $0 }
    }

    var hostName: String? {
        guard let name = one("hostname") else { return nil }
        return name.hasPrefix("[") && name.hasSuffix("]") ? String(name.dropFirst().dropLast()) : name
    }

    func port() throws(SSHClientError) -> UInt16 {
        guard let text = one("port") else { return 22 }
        guard let port = UInt16(text), port > 0 else { throw .unusable("ssh -G says Port \(text.printable(32))") }
        return port
    }

    /// Keys and certificates, which ssh prints as they were written.
    func files(_ keyword: String, _ expansion: TokenExpansion) throws(SSHClientError) -> [String] {
        var files: [String] = []
        for value in all(keyword.lowercased()) where value != "none" {
            files.append(try expansion.file(value, keyword: keyword))
        }
        return files
    }

    /// ssh has expanded it, except for a variable by its name.
    func agent() -> AgentSocket? {
        switch all("identityagent").first {
        case nil, "": nil
        case "none": AgentSocket.none
        case "SSH_AUTH_SOCK": .environment
        case let value? where value.hasPrefix("$"):
            ProcessInfo.processInfo.environment[String(value.dropFirst())].map { .path($0) } ?? AgentSocket.none
        case let value?: .path(value)
        }
    }

    /// Known hosts files, which ssh prints expanded and with blanks between them, even where a path has a blank. A word
    /// that does not begin like a path therefore belongs to the path before it.
    func hostFiles(_ keyword: String) -> [String] {
        guard let line = one(keyword) else { return [] }
        var files: [String] = []
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            if let last = files.last, !word.hasPrefix("/"), !word.hasPrefix("~") {
                files[files.count - 1] = "\(last) \(word)"
            } else {
                files.append(String(word))
            }
        }
        return files
    }

    func jumps(_ expansion: TokenExpansion) throws(SSHClientError) -> [JumpHop] {
        guard let value = one("proxyjump") else { return [] }
        var hops: [JumpHop] = []
        for text in try expansion.proxy(value, keyword: "ProxyJump").split(separator: ",") {
            guard let hop = JumpHop(text) else {
                throw .unusable("ProxyJump \(value.printable(200)) is not [user@]host[:port]")
            }
            hops.append(hop)
        }
        return hops
    }

    func proxyCommand(_ expansion: TokenExpansion) throws(SSHClientError) -> String? {
        guard let value = one("proxycommand") else { return nil }
        return try expansion.proxy(value, keyword: "ProxyCommand")
    }

    /// `nil` for `none` and 0.
    func seconds(_ keyword: String) -> Duration? {
        one(keyword).flatMap { Int32($0) }.flatMap { $0 > 0 ? .seconds($0) : nil }
    }

    /// ssh prints a forward from a port to a Unix socket twice, as a local and as a dynamic one. The latter is wrong.
    func dynamicForwards() -> [String] {
        var doubles = all("localforward").filter { SSHForwardText.target($0)?.hasPrefix("/") ?? false }
            .map { SSHForwardText.listen($0) }
        return all("dynamicforward").compactMap { value in
            let listen = SSHForwardText.listen(value)
            guard let double = doubles.firstIndex(of: listen) else { return listen }
            doubles.remove(at: double)
            return nil
        }
    }
}
