import FwdCore
import FwdOpenSSH

/// A gateway's file made from a Host of ssh_config.
public struct ImportedFile: Hashable, Sendable {
    /// A forward of ssh_config that the file does not have.
    public struct Omission: Hashable, Sendable, CustomStringConvertible {
        /// As in ssh_config: `RemoteForward 1080`.
        public let line: String
        /// "dynamic forwards (-R without a target) are not supported".
        public let reason: String

        public var description: String { "\(line): \(reason)" }
    }

    public let text: String
    /// As they stand in the text.
    public let forwards: [ForwardConfiguration]
    public let omissions: [Omission]
}

extension ForwardsFile {
    /// The text of a new gateway's file for a Host of ssh_config, with its LocalForwards, RemoteForwards and DynamicForwards.
    ///
    /// Everything else of the Host (HostName, User, IdentityFile and so on) stays in ssh_config, where it is read.
    /// - Parameters:
    ///   - settings: what ssh says about `alias`.
    ///   - sshConfig: the file that `alias` is from, if it is not ssh's own.
    public static func importText(
        of settings: SSHClientSettings, alias: String, sshConfig: SSHConfigFile = .standard
    ) -> ImportedFile {
        var forwards = ImportedForwards()
        for spec in settings.localForwards { forwards.add(.local, spec) }
        for spec in settings.remoteForwards { forwards.add(.remote, spec) }
        for spec in settings.dynamicForwards { forwards.add(.dynamic, spec) }
        var lines = ["gateway:", "  " + YAMLText.entry("host", alias, .block)]
        switch sshConfig {
        case .standard: break
        case .none: lines.append("  ssh-config: none")
        case .file(let path): lines.append("  " + YAMLText.entry("ssh-config", path, .block))
        }
        lines += Self.forwards(forwards.taken)
        return ImportedFile(
            text: lines.joined(separator: "\n") + "\n", forwards: forwards.taken, omissions: forwards.omissions)
    }
}

private struct ImportedForwards {
    private(set) var taken: [ForwardConfiguration] = []
    private(set) var omissions: [ImportedFile.Omission] = []
    private var listeners = ListenerTable<String>()

    mutating func add(_ kind: ForwardSpec.Kind, _ text: String) {
        let line = "\(Self.keyword(kind)) \(text)"
        do throws(ForwardSpecError) {
            let spec = try ForwardSpec(kind: kind, mapping: text)
            let forward = ForwardConfiguration(
                name: ForwardsFile.freeName(for: spec, besides: taken.map(\.name)), spec: spec,
                probe: .standard(for: spec))
            if let other = listeners.insert(forward, owner: forward.name) {
                omit(line, "\"\(other)\" listens on \(spec.listen) already")
            } else {
                taken.append(forward)
            }
        } catch {
            // A RemoteForward without a target makes the server's side a SOCKS proxy.
            let isDynamic = kind == .remote && !text.contains("/") && !text.drop { $0 != ":" }.contains(":")
            omit(line, isDynamic ? "dynamic forwards (-R without a target) are not supported" : error.message)
        }
    }

    private static func keyword(_ kind: ForwardSpec.Kind) -> String {
        switch kind {
        case .remote: "RemoteForward"
        case .dynamic: "DynamicForward"
        case .local, .transparent, .network: "LocalForward"
        }
    }

    private mutating func omit(_ line: String, _ reason: String) {
        omissions.append(ImportedFile.Omission(line: line, reason: reason))
    }
}
