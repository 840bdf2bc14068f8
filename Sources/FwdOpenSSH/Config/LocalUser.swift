import Foundation

/// A user as the passwd database knows it: ssh looks there for the home directory, not at `$HOME`.
public struct LocalUser: Sendable {
    let id: UInt32
    public let name: String
    public let home: String

    /// The one whose rights this process has. Without an entry in the database, the environment answers.
    static var current: LocalUser {
        let id = getuid()
        return LocalUser(id: id)
            ?? LocalUser(id: id, name: environment("USER") ?? String(id), home: environment("HOME") ?? "/")
    }

    /// `nil`: the database has no such user.
    public init?(id: UInt32) {
        guard let found = Self.entry({ getpwuid_r(id, $0, $1, $2, $3) }) else { return nil }
        self = found
    }

    init?(named name: String) {
        guard let found = Self.entry({ getpwnam_r(name, $0, $1, $2, $3) }) else { return nil }
        self = found
    }

    private init(id: UInt32, name: String, home: String) {
        self.id = id
        self.name = name
        self.home = home
    }

    private typealias LookUp = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> CInt

    private static func entry(_ lookUp: LookUp) -> LocalUser? {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { strings in
            guard let buffer = strings.baseAddress, lookUp(&record, buffer, strings.count, &found) == 0,
                found != nil, let name = record.pw_name, let home = record.pw_dir
            else { return nil }
            return LocalUser(id: record.pw_uid, name: String(cString: name), home: String(cString: home))
        }
    }

    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name]
    }
}
