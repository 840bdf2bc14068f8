import Glibc

/// Who listens at a port of this machine, as far as proc(5) tells: another user's sockets have no name there.
enum PortHolder {
    /// `python3 (pid 123)`. Blocks; not for an event loop.
    static func name(_ port: UInt16) -> String? {
        let sockets = Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap { listeners(in: $0, port) })
        guard !sockets.isEmpty else { return nil }
        for entry in names(in: "/proc") {
            guard Int32(entry) != nil else { continue }
            let directory = "/proc/\(entry)/fd"
            let holds = names(in: directory).contains { sockets.contains(target(of: "\(directory)/\($0)")) }
            if holds { return "\(command(entry)) (pid \(entry))" }
        }
        return nil
    }

    /// `socket:[12345]` for each line in the state "listen" (0A).
    private static func listeners(in table: String, _ port: UInt16) -> [String] {
        let ending = ":" + padded(String(port, radix: 16, uppercase: true))
        return text(of: table).split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, fields[1].hasSuffix(ending), fields[3] == "0A" else { return nil }
            return "socket:[\(fields[9])]"
        }
    }

    private static func padded(_ hexadecimal: String) -> String {
        String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
    }

    private static func command(_ pid: String) -> String {
        printable(String(text(of: "/proc/\(pid)/comm").prefix { $0 != "\n" }))
    }

    // MARK: - proc

    private static func names(in directory: String) -> [String] {
        guard let stream: OpaquePointer = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }

    private static func target(of link: String) -> String {
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { readlink(link, $0, bytes.count) } ?? 0
        }
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }

    /// Files of proc have no length.
    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 16 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            if count <= 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
