import FwdCore

/// A `forwards.d`: one YAML file per gateway, the file's name is the gateway's.
public struct ForwardsDirectory: Sendable {
    public let path: String
    let environment: ConfigEnvironment

    /// - Parameter environment: what the files' meaning takes from the machine; tests give their own.
    public init(path: String, environment: ConfigEnvironment = .current) {
        self.path = path
        self.environment = environment
    }

    /// What the directory says now.
    public struct Contents: Sendable {
        /// What the good files say, by gateway name.
        public let gateways: [String: GatewayConfiguration]
        /// The names of the gateways whose file has an error.
        public let refused: Set<String>
        /// Errors and warnings, in byte order of the files, then in the order of the text.
        public let diagnostics: [ConfigDiagnostic]

        public init(
            gateways: [String: GatewayConfiguration], refused: Set<String>, diagnostics: [ConfigDiagnostic]
        ) {
            self.gateways = gateways
            self.refused = refused
            self.diagnostics = diagnostics
        }
    }

    /// Reads every `*.yaml` that is not hidden. A bad file refuses its own gateway and no other.
    /// - Throws: only if the directory itself cannot be read.
    public func load() throws(ConfigError) -> Contents {
        var all = try checkedFiles()
        all.finish()
        return all.contents
    }

    /// The file of a gateway, whether it exists or not.
    public func path(ofGateway name: String) -> String {
        "\(path)/\(name)\(Self.suffix)"
    }

    /// Where the directory is if no option says so: `$FWD_DIR`, for root `/etc/fwd/forwards.d`, for others
    /// `fwd/forwards.d` in `$XDG_CONFIG_HOME`, which is `~/.config` unless it is set to an absolute path.
    public static func standardPath(environment: [String: String], isRoot: Bool) -> String {
        if let path = environment["FWD_DIR"], !path.isEmpty { return path }
        if isRoot { return "/etc/fwd/forwards.d" }
        // XDG Base Directory Specification: relative paths are invalid and to be ignored.
        if let base = environment["XDG_CONFIG_HOME"], base.hasPrefix("/") { return "\(base)/fwd/forwards.d" }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return "\(home ?? ConfigEnvironment.current.homeDirectory)/.config/fwd/forwards.d"
    }

    static let suffix = ".yaml"

    /// - Parameter texts: what some gateways' files are taken to say, instead of what they do.
    func checkedFiles(replacing texts: [String: [UInt8]] = [:]) throws(ConfigError) -> DirectoryFiles {
        var all = DirectoryFiles(files: [], ignored: [])
        let listed = try names()
        let missing = Set(texts.keys.map { $0 + Self.suffix }).subtracting(listed)
        for name in missing.isEmpty ? listed : DirectoryReader.inByteOrder(listed + missing) {
            if name.hasSuffix(Self.suffix) {
                if let file = read(String(name.dropLast(Self.suffix.count)), texts) { all.files.append(file) }
            } else if name.hasSuffix(".yml") {
                all.ignored.append(
                    ConfigDiagnostic(
                        severity: .warning, file: "\(path)/\(name)", line: 1, column: 1,
                        message: "is ignored, a gateway's file ends in .yaml"))
            }
        }
        all.check()
        return all
    }

    private func names() throws(ConfigError) -> [String] {
        do throws(SystemError) {
            return try DirectoryReader.visibleNames(in: path)
        } catch {
            throw ConfigError(
                .unreadable, "cannot read the directory \(path): \(error.text)", errorNumber: error.number)
        }
    }

    /// `nil` if the file has gone since the directory was listed.
    private func read(_ name: String, _ texts: [String: [UInt8]]) -> GatewayFile? {
        let file = path(ofGateway: name)
        do throws(FileReader.Problem) {
            let bytes = if let text = texts[name] { text } else { try FileReader.read(file) }
            return GatewayFile.parse(bytes, name: name, path: file, environment: environment)
        } catch {
            return error.isVanished ? nil : .unreadable(name: name, path: file, message: error.message)
        }
    }
}
