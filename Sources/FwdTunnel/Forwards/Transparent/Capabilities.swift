import Foundation

/// What this process may do (capabilities(7)).
enum Capabilities {
    /// linux/capability.h.
    private static let networkAdministration = 12

    /// Whether CAP_NET_ADMIN is effective; also where the kernel does not tell.
    static var includeNetworkAdministration: Bool {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return true }
        return includesNetworkAdministration(text)
    }

    /// - Parameter status: as proc_pid_status(5) has it.
    static func includesNetworkAdministration(_ status: String) -> Bool {
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        guard let word = line?.split(whereSeparator: \.isWhitespace).last, let set = UInt64(word, radix: 16) else {
            return true
        }
        return set >> networkAdministration & 1 == 1
    }
}
