import Foundation

/// Starting, and the faults that a test can inject.
extension SSHDFixture {
    /// Stops the listener and every session: connections stay, nothing answers, the kernel accepts new ones.
    public func pause() async throws {
        guard let listener, listener.exit == nil else { return }
        _ = try await ProcessEntry.freezeTree(of: listener.pid)
    }

    /// Stops every session that there is now; the listener takes new ones.
    public func pauseSessions() async throws {
        guard let listener, listener.exit == nil else { return }
        _ = try await ProcessEntry.freezeTree(of: listener.pid)
        listener.send(SIGCONT)
    }

    public func resume() {
        guard let listener, listener.exit == nil else { return }
        for entry in ProcessEntry.tree(of: listener.pid) { entry.send(SIGCONT) }
    }

    /// SIGKILL for the listener and every session, as if the machine had lost its processes.
    public func kill() async {
        guard let listener else { return }
        self.listener = nil
        guard listener.exit == nil else { return }
        let tree = (try? await ProcessEntry.freezeTree(of: listener.pid)) ?? ProcessEntry.tree(of: listener.pid)
        for entry in tree { entry.send(SIGKILL) }
        await ended(tree, within: .seconds(10))
        _ = try? await listener.waitForExit()
    }

    /// SIGKILL for every session; the listener stays.
    public func killSessions() async throws {
        guard let listener, listener.exit == nil else { return }
        let tree = try await ProcessEntry.freezeTree(of: listener.pid)
        for entry in tree.dropFirst() { entry.send(SIGKILL) }
        await ended(Array(tree.dropFirst()), within: .seconds(10))
        listener.send(SIGCONT)
    }

    /// SIGTERM for the listener and every session: the server closes its connections.
    public func stop() async {
        guard let listener, listener.exit == nil else { return }
        let tree = (try? await ProcessEntry.freezeTree(of: listener.pid)) ?? ProcessEntry.tree(of: listener.pid)
        for entry in tree { entry.send(SIGTERM) }
        for entry in tree { entry.send(SIGCONT) }
        await ended(tree, within: .seconds(5))
        for entry in tree { entry.send(SIGKILL) }
        _ = try? await listener.waitForExit()
        self.listener = nil
    }

    private func ended(_ processes: [ProcessEntry], within deadline: Duration) async {
        _ = try? await eventually(within: deadline, "sshd's processes are gone") {
            !processes.contains { $0.isAlive }
        }
    }

    /// Kills what runs and starts on the same port, with the same keys.
    public func restart() async throws {
        try await restart(with: hostKeys)
    }

    /// The same with another host key, made for this name and type: the pins no longer fit.
    public func restart(hostKey type: SSHKey.KeyType, name: String = "other-host") async throws {
        try await restart(with: [SSHKey.shared(type, name: name)])
    }

    /// The same with other lines of sshd_config in place of those of the options.
    public func restart(configuration: [String]) async throws {
        self.configuration = configuration
        try await restart()
    }

    /// Replaces who may log in; counts at the next login.
    public nonisolated func authorize(_ lines: [String]) throws {
        try directory.write(lines.map { $0 + "\n" }.joined(), to: "authorized_keys")
    }

    private func restart(with hostKeys: [SSHKey]) async throws {
        await kill()
        // The last connections of the old server may hold the port for a moment.
        try await eventually("sshd can bind port \(port) again") { try await launch(with: hostKeys) }
    }
}

extension SSHDFixture {
    /// Starts the listener and waits until it listens.
    /// - Returns: whether it got the port on both addresses.
    func launch(with hostKeys: [SSHKey]) async throws -> Bool {
        var options = options
        options.configuration = configuration
        let configuration = SSHDConfiguration(
            directory: directory, port: port, hostKeys: hostKeys, options: options, program: program,
            passwordService: passwordService)
        let path = try directory.write(configuration.text, to: "sshd_config")
        try await check(path)
        let pidFile = directory.file("sshd.pid")
        unlink(pidFile)
        let logged = log.count
        let command = options.wrapper + [program.path, "-D", "-f", path, "-E", logPath]
        let started = try ChildProcess.start(command[0], Array(command.dropFirst()))
        listener = started
        // sshd writes its PidFile once it listens.
        let isRunning = try await eventually("sshd listens on port \(port)") { () -> Bool? in
            if started.exit != nil { return false }
            return readWholeFile(pidFile).flatMap { Int32($0.filter(\.isNumber)) } == started.pid ? true : nil
        }
        let news = log.dropFirst(logged)
        if isRunning, !news.contains("Address already in use") { return true }
        await kill()
        if news.contains("Address already in use") { return false }
        throw TestSupportError("sshd does not start: \(started.standardError)\(news)")
    }

    private func check(_ path: String) async throws {
        let result = try await ProcessRun.run(program.path, ["-t", "-f", path])
        guard result.exit.isSuccess else {
            throw TestSupportError("sshd refuses its configuration: \(result.errors)\(readWholeFile(path) ?? "")")
        }
    }
}
