import Foundation
import FwdConfig
import FwdCore

/// The forwards of the repository's `forwards.d/demo.yaml`, fitted to this machine: free ports, and the demo's web target.
struct DemoForwards: Sendable {
    static let gateway = "demo"

    let forwards: [ForwardConfiguration]

    /// - Throws: `configuration` if named directories have no usable `demo.yaml`.
    init(lookingIn named: [String]?) throws(DaemonError) {
        let directories = named ?? Self.usualDirectories()
        guard let directory = directories.first(where: { Self.hasDemo($0) }) else {
            if let named {
                throw DaemonError(.configuration, "there is no demo.yaml in \(named.joined(separator: ", "))")
            }
            forwards = Self.builtIn
            return
        }
        do throws(ConfigError) {
            forwards = try ForwardsDirectory(path: directory).file(ofGateway: Self.gateway).configuration.forwards
        } catch {
            throw DaemonError(error)
        }
    }

    /// What `demo.yaml` says, for a binary that has no sources beside it.
    private static let builtIn: [ForwardConfiguration] = {
        let target = ForwardSpec.Endpoint(host: "localhost", port: 80)
        return [
            ForwardConfiguration(
                name: "web",
                spec: ForwardSpec(kind: .local, listen: .init(address: .loopback, port: 8080), target: target)),
            ForwardConfiguration(
                name: "home",
                spec: ForwardSpec(kind: .remote, listen: .init(address: .loopback, port: 8081), target: target)),
        ]
    }()

    /// `forwards.d` here, and beside every directory that the executable is in (`.build/release/fwd` is in the sources).
    private static func usualDirectories() -> [String] {
        let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        var starts = [FileManager.default.currentDirectoryPath]
        var parts = executable.split(separator: "/").dropLast()
        while !parts.isEmpty {
            starts.append("/" + parts.joined(separator: "/"))
            parts.removeLast()
        }
        return starts.map { "\($0)/forwards.d" }
    }

    private static func hasDemo(_ directory: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(directory)/\(gateway).yaml")
    }

    /// The file for the demo's supervisor. The far side chooses the ports of -R itself.
    func file(server: DemoServer, webPort: UInt16) async throws -> String {
        let ports = try await LoopbackPorts.free(forwards.count)
        let lines = zip(forwards, ports).map { forward, port in
            let listen = ForwardSpec.ListenAddress(address: .loopback, port: forward.spec.kind == .local ? port : 0)
            let target = ForwardSpec.Endpoint(host: "localhost", port: webPort)
            return "  \(forward.name): \(ForwardSpec(kind: forward.spec.kind, listen: listen, target: target))"
        }
        return """
            gateway:
              host: 127.0.0.1
              port: \(server.port)
              user: \(server.user)
              identity: \(server.identity)
              host-key: \(server.hostKey)
              agent: none
              known-hosts: none
              ssh-config: none
            forwards:
            \(lines.joined(separator: "\n"))

            """
    }
}
