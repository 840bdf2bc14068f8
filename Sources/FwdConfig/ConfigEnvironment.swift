import FwdOpenSSH

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a configuration means depends on the machine in these few points; a value, so that tests give their own.
public struct ConfigEnvironment: Sendable {
    /// What `~` stands for.
    public var homeDirectory: String
    /// The home of the user database's entry: there ssh looks for its `.ssh/config`, whatever `$HOME` says.
    public var accountHomeDirectory: String
    /// The default of `user:`.
    public var userName: String
    /// Whether a regular file (or a link to one) is there.
    public var fileExists: @Sendable (String) -> Bool
    /// The port of a TCP service by name, as in ssh's `-L http:web:http`.
    public var servicePort: @Sendable (String) -> UInt16?

    public init(
        homeDirectory: String, accountHomeDirectory: String? = nil, userName: String,
        fileExists: @escaping @Sendable (String) -> Bool,
        servicePort: @escaping @Sendable (String) -> UInt16? = { _ in nil }
    ) {
        self.homeDirectory = homeDirectory
        self.accountHomeDirectory = accountHomeDirectory ?? homeDirectory
        self.userName = userName
        self.fileExists = fileExists
        self.servicePort = servicePort
    }

    /// This process: `$HOME` (else the user database), the effective user, the real file system, `/etc/services`.
    public static var current: ConfigEnvironment {
        let account = LocalUser(id: geteuid())
        let accountHome = account?.home ?? "/"
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        return ConfigEnvironment(
            homeDirectory: home.hasPrefix("/") ? home : accountHome, accountHomeDirectory: accountHome,
            userName: account?.name ?? String(geteuid()), fileExists: isRegularFile,
            servicePort: tcpPort)
    }

    @Sendable private static func isRegularFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    @Sendable private static func tcpPort(_ service: String) -> UInt16? {
        #if canImport(Darwin)
            // Its answer is the thread's own.
            guard let found = getservbyname(service, "tcp") else { return nil }
            return hostOrder(found.pointee.s_port)
        #else
            var entry = servent()
            var found: UnsafeMutablePointer<servent>?
            var buffer = [CChar](repeating: 0, count: 4096)
            guard getservbyname_r(service, "tcp", &entry, &buffer, buffer.count, &found) == 0, found != nil else {
                return nil
            }
            return hostOrder(entry.s_port)
        #endif
    }

    private static func hostOrder(_ port: Int32) -> UInt16 {
        UInt16(bigEndian: UInt16(truncatingIfNeeded: port))
    }
}
