import Foundation
import Synchronization

/// The keys of this process: making an RSA key takes a second, which each test need not spend anew.
actor KeyRing {
    static let shared = KeyRing()

    private var keys: [String: Task<SSHKey, any Error>] = [:]

    func key(_ type: SSHKey.KeyType, name: String) async throws -> SSHKey {
        let name = "\(name)-\(type.rawValue)"
        if let key = keys[name] { return try await key.value }
        let path = try keyDirectory().file(name)
        let task = Task { try await SSHKey.generate(type, at: path) }
        keys[name] = task
        return try await task.value
    }

    private var directory: TemporaryDirectory?

    private func keyDirectory() throws -> TemporaryDirectory {
        if let directory { return directory }
        let made = try TemporaryDirectory.create()
        directory = made
        directoryToRemove.withLock { $0 = made }
        atexit { directoryToRemove.withLock { $0?.remove() } }
        return made
    }
}

private let directoryToRemove = Mutex<TemporaryDirectory?>(nil)
