import FwdTestSupport
import Testing

@testable import FwdConfig

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A machine of the tests' own: home `/home/ann`, user `ann`, one key file.
let machine = ConfigEnvironment(
    homeDirectory: "/home/ann", userName: "ann", fileExists: { $0 == "/home/ann/.ssh/id_ed25519" },
    servicePort: { $0 == "http" ? 80 : nil })

let fingerprint = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
let pin = "ssh-ed25519 \(fingerprint)"

/// The first lines of a file that gives no warning; forwards start in line 5.
let head = """
    gateway:
      host: t2.example.org
      host-key: \(pin)
    forwards:

    """

/// What a key is told that takes a duration without zero.
let expectedPeriod = "expected a duration from 1s to 24h, as in 10s, 2m or 1h"

func parse(_ text: String, name: String = "work") -> GatewayFile {
    GatewayFile.parse(Array(text.utf8), name: name, path: "\(name).yaml", environment: machine)
}

/// The diagnostics without the file's name.
func lines(_ diagnostics: [ConfigDiagnostic]) -> [String] {
    diagnostics.map { "\($0.line):\($0.column): \($0.severity.rawValue): \($0.message)" }
}

func file(_ text: String) throws -> ForwardsFile {
    try ForwardsFile(gateway: "work", path: "work.yaml", text: text, environment: machine)
}

/// A directory that is gone at the end of the test.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/fwd-config-XXXXXX".utf8CString)
        path = try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    deinit {
        for name in names { _ = unlink("\(path)/\(name)") != 0 ? rmdir("\(path)/\(name)") : 0 }
        rmdir(path)
    }

    /// Hidden ones too.
    var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func write(_ text: String, _ name: String) throws {
        try write(Array(text.utf8), name)
    }

    func write(_ bytes: [UInt8], _ name: String) throws {
        try Descriptor("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644).write(bytes)
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Descriptor("\(path)/\(name)", O_RDONLY).read(limit: 1 << 21), as: UTF8.self)
    }

    var forwards: ForwardsDirectory { ForwardsDirectory(path: path, environment: machine) }
}

/// splitmix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Runs ssh-keygen to its end.
func keygen(_ arguments: String...) async throws {
    _ = try await ProcessRun.output(of: "ssh-keygen", arguments)
}
