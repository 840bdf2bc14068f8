import Foundation
import FwdControl

/// The temporary directory (0700) that holds all of a demo.
struct DemoDirectory: Sendable {
    let path: String

    init() throws(DaemonError) {
        // Short: the path of the control socket must fit into 107 bytes. sshd wants no directory that others can write.
        var template = Array("/tmp/fwd-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DaemonError(.permission, "cannot create a directory in /tmp: \(systemMessage(errno))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        do {
            try FileManager.default.createDirectory(atPath: path("forwards.d"), withIntermediateDirectories: false)
        } catch {
            throw DaemonError(.demo, "cannot create \(path("forwards.d")): \(error.localizedDescription)")
        }
    }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path(name))), as: UTF8.self)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
