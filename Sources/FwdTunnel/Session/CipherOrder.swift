import Foundation

/// Which cipher to ask for first.
enum CipherOrder {
    private static let gcm = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"]
    private static let ctr = ["aes128-ctr", "aes192-ctr", "aes256-ctr"]
    private static let chacha = ["chacha20-poly1305@openssh.com"]

    /// - Parameters:
    ///   - isPatched: whether libssh2 has our patches. On a stock one, AES-CTR with a plain MAC comes first: the only
    ///     path without a known crash behind the key exchange, and not slower there than the others.
    ///   - hasAES: whether the CPU computes AES by itself. Then AES-GCM is the fastest, else ChaCha20.
    static func best(isPatched: Bool, hasAES: Bool) -> [String] {
        guard isPatched else { return ctr.reversed() + gcm.reversed() + chacha }
        return hasAES ? gcm + chacha + ctr : chacha + gcm + ctr
    }

    /// As the kernel tells: "flags" on x86, "Features" on ARM. Read once, at the first login.
    static func hasAESInstructions(cpuinfo path: String = "/proc/cpuinfo") -> Bool {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return false }
        let flags = text.split(separator: "\n").first { $0.hasPrefix("flags") || $0.hasPrefix("Features") }
        return flags?.split(separator: " ").contains("aes") ?? false
    }
}
