import FwdCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Changes of the files: each takes the directory's lock, so that commands at the same time follow one another, reads,
/// changes, checks the whole directory, and replaces the file atomically.
extension ForwardsDirectory {
    /// Writes one more forward into a gateway's file.
    /// - Parameters:
    ///   - name: `nil` for one made from the listener's port.
    ///   - spec: `-L 5432:db:5432`.
    /// - Returns: the forward as it stands in the file.
    @discardableResult
    public func add(
        forward name: String? = nil, spec: String, toGateway gateway: String
    ) throws(ConfigError) -> ForwardConfiguration {
        let file = try edit(gateway) { file throws(ConfigError) in try file.adding(forward: name, spec: spec) }
        guard let forward = file.configuration.forwards.last else {
            preconditionFailure("a file to which a forward was added has one")
        }
        return forward
    }

    /// Takes a forward out of a gateway's file.
    public func remove(_ forward: ForwardID) throws(ConfigError) {
        _ = try edit(forward.gateway) { file throws(ConfigError) in try file.removing(forward: forward.forward) }
    }

    /// Starts or only keeps a forward (`ForwardsFile.setting`).
    public func set(_ forward: ForwardID, enabled: Bool) throws(ConfigError) {
        _ = try edit(forward.gateway) { file throws(ConfigError) in
            try file.setting(forward: forward.forward, enabled: enabled)
        }
    }

    /// Changes which host keys a gateway's file pins (`ForwardsFile.settingHostKeys`).
    public func setHostKeys(
        ofGateway gateway: String, adding: [HostKeyEntry] = [], removing: Set<HostKeyPin> = [],
        retiring: Set<HostKeyPin> = []
    ) throws(ConfigError) {
        _ = try edit(gateway) { file throws(ConfigError) in
            try file.settingHostKeys(adding: adding, removing: removing, retiring: retiring)
        }
    }

    /// Writes a gateway's whole file, a new one or another in place of the old one.
    /// - Throws: `invalidFile` if the text has an error; then nothing is written.
    public func write(_ text: String, gateway: String) throws(ConfigError) {
        try checkName(gateway)
        let lock = try lock()
        let file = try ForwardsFile(
            gateway: gateway, path: path(ofGateway: gateway), text: text, environment: environment)
        try checkOthers(with: file)
        try write(file)
        _ = consume lock
    }

    /// The file of a gateway, to look at or to edit in memory.
    /// - Throws: `noSuchGateway`, `unreadable`, or `invalidFile` with the diagnostics.
    public func file(ofGateway gateway: String) throws(ConfigError) -> ForwardsFile {
        try checkName(gateway)
        let path = path(ofGateway: gateway)
        let bytes: [UInt8]
        do throws(FileReader.Problem) {
            bytes = try FileReader.read(path)
        } catch {
            if error.isVanished { throw noSuchGateway(gateway) }
            throw ConfigError(.unreadable, "\(path) \(error.message)", errorNumber: error.number)
        }
        return try ForwardsFile(gateway: gateway, path: path, bytes: bytes, environment: environment)
    }

    private func edit(
        _ gateway: String, _ change: (ForwardsFile) throws(ConfigError) -> ForwardsFile
    ) throws(ConfigError) -> ForwardsFile {
        let lock = try lock()
        let file = try change(try file(ofGateway: gateway))
        try checkOthers(with: file)
        try write(file)
        _ = consume lock
        return file
    }

    private func checkName(_ gateway: String) throws(ConfigError) {
        guard let problem = ForwardsName.problem(with: gateway) else { return }
        throw ConfigError(.invalidArgument, "\(Quoted.text(gateway)) cannot name a gateway: \(problem)")
    }

    private func lock() throws(ConfigError) -> DirectoryLock {
        do throws(SystemError) {
            return try DirectoryLock(path)
        } catch {
            if error.number == EWOULDBLOCK {
                throw ConfigError(.locked, "\(path) is locked by another fwd that does not finish; try again")
            }
            throw ConfigError(
                .unreadable, "cannot open the directory \(path): \(error.text)", errorNumber: error.number)
        }
    }

    /// No other file may be refused for what this one says now: a port of a gateway that comes later, a way in circles.
    private func checkOthers(with file: ForwardsFile) throws(ConfigError) {
        let before = try checkedFiles()
        let after = try checkedFiles(replacing: [file.configuration.name: Array(file.text.utf8)])
        let refused = after.contents.refused.subtracting(before.contents.refused)
        guard let code = after.files.first(where: { refused.contains($0.name) })?.refusal else { return }
        let known = before.contents.diagnostics
        throw ConfigError(
            code, "\(file.path) was not changed",
            diagnostics: after.contents.diagnostics.errors.filter { !known.contains($0) })
    }

    private func write(_ file: ForwardsFile) throws(ConfigError) {
        do throws(SystemError) {
            try AtomicFile.write(Array(file.text.utf8), to: file.path)
        } catch {
            throw ConfigError(
                .unwritable, "cannot write \(file.path): \(error.text); the file is unchanged",
                errorNumber: error.number)
        }
    }

    private func noSuchGateway(_ gateway: String) -> ConfigError {
        let names = (try? DirectoryReader.visibleNames(in: path)) ?? []
        let gateways = names.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(".yaml".count)) }
        let hint = Suggestion.nearest(to: gateway, among: gateways).map { "; did you mean \"\($0)\"?" } ?? ""
        return ConfigError(
            .noSuchGateway, "there is no gateway \"\(gateway)\" (no \(path(ofGateway: gateway)))\(hint)",
            errorNumber: ENOENT)
    }
}
