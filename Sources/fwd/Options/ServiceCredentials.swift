import Foundation
import FwdCore

/// The credentials of the service that supervises (`credential:NAME`), for verbs that look at what it logs in with.
///
/// systemd tells only the service where they are, in its environment, which root and the service's own user may read.
/// Who may not goes on without.
enum ServiceCredentials {
    private static let variable = "CREDENTIALS_DIRECTORY"

    /// To be called before anything else looks at the environment.
    static func adopt(of supervisor: StatusSnapshot?) {
        guard getenv(variable) == nil, let supervisor, let directory = directory(ofProcess: supervisor.pid) else {
            return
        }
        setenv(variable, directory, 1)
    }

    private static func directory(ofProcess pid: Int32) -> String? {
        let content = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
        let entries = content.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return entries.first { $0.hasPrefix("\(variable)=") }.map { String($0.dropFirst(variable.count + 1)) }
    }
}
