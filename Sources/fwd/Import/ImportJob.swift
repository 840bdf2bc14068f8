import FwdConfig
import FwdCore
import FwdOpenSSH

/// Makes a gateway's file of every Host that is wanted, and says what becomes of each.
struct ImportJob {
    let directory: ForwardsDirectory
    let source: ImportSource
    let isDryRun: Bool
    /// The gateways whose file was made, or would be.
    private(set) var written: [String] = []
    /// Whether a Host with forwards, or one that was asked for by name, was not imported.
    private(set) var hasFailed = false
    private let ssh = SSHClientProgram()

    init(directory: ForwardsDirectory, source: ImportSource, isDryRun: Bool) {
        self.directory = directory
        self.source = source
        self.isDryRun = isDryRun
    }

    mutating func run() async throws {
        let found = SSHConfigFile.hostAliases(inFile: source.absolute)
        for alias in source.aliases.isEmpty ? found : source.aliases {
            if found.contains(alias) {
                try await take(alias)
            } else {
                fail("\(source.path) has no \"Host \(alias)\"")
            }
        }
        let files = "\(written.count) file\(written.count == 1 ? "" : "s")"
        Console.talk("\(files) \(isDryRun ? "would be written" : "written") to \(directory.path)")
    }

    private mutating func take(_ alias: String) async throws {
        do throws(SSHClientError) {
            let settings = try await ssh.settings(host: alias, file: source.file)
            let file = ForwardsFile.importText(of: settings, alias: alias, sshConfig: source.file)
            for omission in file.omissions { Console.talk("\(alias): not taken over: \(omission)") }
            if file.forwards.isEmpty {
                if !source.aliases.isEmpty { fail("\(alias) has no LocalForward or RemoteForward to take over") }
                return
            }
            let ignored = try await unhonoured(settings)
            if !ignored.isEmpty { Console.talk("\(alias): fwd does not honour \(ignored.joined(separator: ", "))") }
            write(file, alias)
        } catch {
            fail("\(alias): \(error)")
        }
    }

    private func unhonoured(_ settings: SSHClientSettings) async throws(SSHClientError) -> [String] {
        let plain = try await ssh.settings(
            host: settings.hostName, user: settings.user, port: settings.port, file: .none)
        return settings.unhonoured(comparedTo: plain)
    }

    private mutating func write(_ file: ImportedFile, _ alias: String) {
        let path = directory.path(ofGateway: alias)
        do throws(ConfigError) {
            if try exists(alias) { return fail("\(path) exists and stays as it is; take it away to import \(alias)") }
            if isDryRun {
                Console.data("# \(path)\n\(file.text)")
            } else {
                try DirectoryCreation.make(directory.path)
                try directory.write(file.text, gateway: alias)
                Console.data("\(path): \(file.forwards.map(\.spec.description).joined(separator: ", "))")
            }
            written.append(alias)
        } catch {
            fail("\(alias): \(error)")
        }
    }

    private func exists(_ alias: String) throws(ConfigError) -> Bool {
        do throws(ConfigError) {
            _ = try directory.file(ofGateway: alias)
            return true
        } catch {
            if error.code == .noSuchGateway { return false }
            if error.code == .invalidFile { return true }
            throw error
        }
    }

    private mutating func fail(_ message: String) {
        Console.talk(message)
        hasFailed = true
    }
}
