import FwdCore
import FwdOpenSSH

extension ForwardsDirectory {
    /// Reads every file as `load()` does, completes from ssh_config what the files leave open, and looks into
    /// known_hosts. What a file says always wins.
    ///
    /// Hosts of ProxyJump that no file declares are gateways of their own in the result, without forwards, called
    /// `jump-` and the host. Without an ssh, or without any ssh_config, the files are used as they are.
    /// - Throws: only if the directory itself cannot be read.
    public func resolved(using ssh: SSHClientProgram = SSHClientProgram()) async throws(ConfigError) -> Contents {
        var resolution = Resolution(try checkedFiles(), answers: SSHAnswers(ssh), environment: environment)
        await resolution.ask()
        resolution.complete()
        resolution.route()
        resolution.checkTrust()
        return resolution.contents
    }
}

/// The steps from files to configurations, in the order of the methods.
private struct Resolution {
    private var all: DirectoryFiles
    private var answers: SSHAnswers
    private let environment: ConfigEnvironment
    private var implicit: [JumpRoutes.Implicit] = []

    init(_ all: DirectoryFiles, answers: SSHAnswers, environment: ConfigEnvironment) {
        self.all = all
        self.answers = answers
        self.environment = environment
    }

    /// Asks about the gateways, then about the hosts that they jump through, level by level.
    mutating func ask() async {
        let questions = all.files.flatMap { self.questions(for: $0) }
        if questions.isEmpty { return }
        await answers.ask(questions)
        var chains = Set(all.files.flatMap { jumps(of: $0).map(\.chain) })
        for _ in 0..<JumpRoutes.maximumDepth where !chains.isEmpty {
            await answers.ask(chains.flatMap { chain in chain.hops.map { SSHQuestion($0, file: chain.file) } })
            chains = Set(
                chains.compactMap { chain in
                    chain.hops.first.flatMap { settings(SSHQuestion($0, file: chain.file)) }
                        .flatMap { Chain($0, file: chain.file) }
                })
        }
    }

    /// Makes each configuration again with what ssh answered.
    mutating func complete() {
        for index in all.files.indices {
            let hosts = all.files[index].declaration?.hosts ?? []
            var known: [String: GatewayDefaults] = [:]
            for (host, question) in zip(hosts, questions(for: all.files[index])) {
                switch answers[question] {
                case .success(let settings): known[host.name] = defaults(index, settings, host.position)
                case .failure(.notInstalled), nil: break
                case .failure(let error):
                    all.files[index].refuse(at: host.position, "gateway.host: \(error)", code: .invalidFile)
                }
            }
            if !known.isEmpty { all.files[index].complete(with: known, in: environment) }
        }
    }

    private mutating func defaults(
        _ index: Int, _ settings: SSHClientSettings, _ place: SourcePosition
    ) -> GatewayDefaults {
        var unmatched: [String] = []
        let defaults = GatewayDefaults(settings, environment: environment) { unmatched.append($0) }
        if all.files[index].declaration?.identities == nil {
            for certificate in unmatched {
                all.files[index].warn(
                    at: place,
                    "gateway.host: CertificateFile \(certificate) of ssh_config belongs to no IdentityFile; "
                        + "name both under \"identity\"")
            }
        }
        warnOfUnhonoured(index, settings, place)
        return defaults
    }

    private mutating func warnOfUnhonoured(_ index: Int, _ settings: SSHClientSettings, _ place: SourcePosition) {
        guard let plain = self.settings(.blank) else { return }
        let keywords = settings.unhonoured(comparedTo: plain)
        if keywords.isEmpty { return }
        all.files[index].warn(
            at: place,
            "gateway.host: ssh_config sets \(keywords.joined(separator: ", ")) for this host, which fwd does not honour"
        )
    }

    /// Follows ProxyJump where the file names no gateway.
    mutating func route() {
        var jumps = JumpRoutes(
            answers: answers, gateways: all.files.compactMap(\.configuration), taken: Set(all.files.map(\.name)),
            environment: environment)
        for index in all.files.indices {
            for (host, chain) in self.jumps(of: all.files[index]) {
                guard let place = place(index, host) else { continue }
                do throws(JumpRoutes.Problem) {
                    let name = try jumps.gateway(for: chain.hops, file: chain.file)
                    if let name { all.files[index].route(server: host, via: name) }
                } catch {
                    all.files[index].refuse(
                        at: place, "gateway.host: ProxyJump of ssh_config \(error.message)", code: .invalidFile)
                }
            }
        }
        implicit = jumps.implicit
        refuseCycles()
    }

    private mutating func refuseCycles() {
        let gateways = all.files.compactMap(\.configuration) + implicit.map(\.configuration)
        let graph = RouteGraph(gateways.flatMap { gateway in gateway.nexts.map { (gateway.name, $0) } })
        for index in all.files.indices {
            guard let cycle = graph.cycle(through: all.files[index].name),
                let host = all.files[index].configuration?.servers.firstIndex(where: { $0.next == cycle[1] }),
                let place = place(index, host)
            else { continue }
            all.files[index].refuse(
                at: place, "gateway.host: the way leads back to this gateway: \(RouteGraph.text(cycle))",
                code: .invalidFile)
        }
    }

    mutating func checkTrust() {
        var check = TrustCheck()
        for index in all.files.indices {
            guard let gateway = all.files[index].configuration, let declaration = all.files[index].declaration else {
                continue
            }
            let advice = "\"fwd trust \(gateway.name)\" shows and pins its keys"
            var findings: [TrustCheck.Finding] = []
            for server in gateway.servers {
                let more = check.findings(on: server, advice: advice)
                findings += more.filter { !findings.contains($0) }
            }
            if !gateway.servers.contains(where: \.trust.knownHosts.isEmpty) {
                all.files[index].remarks[.noHostKey] = nil
            }
            all.files[index].report(findings, at: declaration.places.hostKey)
        }
        for gateway in implicit { checkTrust(of: gateway, &check) }
        implicit = implicit.filter { !users(of: $0.configuration.name).isEmpty }
    }

    /// A host on the way has no file: what is wrong with it is said where the way begins.
    private mutating func checkTrust(of gateway: JumpRoutes.Implicit, _ check: inout TrustCheck) {
        let advice = "make a file for this host and pin its key, or add it to known_hosts"
        let findings = check.findings(on: gateway.configuration, advice: advice)
        for (index, host) in users(of: gateway.configuration.name) {
            guard let place = place(index, host) else { continue }
            all.files[index].report(findings, at: place, about: "on the way, \(gateway.hop): ")
        }
    }

    /// The servers of good files whose way leads through an implicit gateway, and through no other file before it.
    private func users(of name: String) -> [(file: Int, host: Int)] {
        let next = Dictionary(
            implicit.map { ($0.configuration.name, $0.configuration.next) }, uniquingKeysWith: { first, _ in first })
        return all.files.indices.flatMap { index in
            let servers = all.files[index].configuration?.servers ?? []
            return servers.indices.filter { host in
                var step = servers[host].next
                var visited: Set<String> = []
                while let gateway = step, gateway != name, visited.insert(gateway).inserted {
                    step = next[gateway] ?? nil
                }
                return step == name
            }.map { (index, $0) }
        }
    }

    var contents: ForwardsDirectory.Contents {
        var all = all
        all.finish()
        let contents = all.contents
        let jumps = implicit.map { ($0.configuration.name, $0.configuration) }
        return ForwardsDirectory.Contents(
            gateways: contents.gateways.merging(jumps) { declared, _ in declared }, refused: contents.refused,
            diagnostics: contents.diagnostics)
    }
}

// MARK: - Questions

/// The hosts of one ProxyJump, the nearest first.
private struct Chain: Hashable {
    let hops: [JumpHop]
    let file: SSHConfigFile

    /// `nil` if there is nothing to jump through. ProxyCommand and ProxyJump exclude each other.
    init?(_ settings: SSHClientSettings, file: SSHConfigFile) {
        if settings.proxyJump.isEmpty || settings.proxyCommand != nil { return nil }
        hops = settings.proxyJump
        self.file = file
    }
}

extension Resolution {
    /// Where the system's ssh_config is: OpenSSH's own place, and openSUSE's.
    private static let systemFiles = ["/etc/ssh/ssh_config", "/usr/etc/ssh/ssh_config"]

    /// One for each host; none if ssh would have nothing to say that the file does not.
    private func questions(for file: GatewayFile) -> [SSHQuestion] {
        guard let declaration = file.declaration else { return [] }
        switch declaration.sshConfig {
        case .none: return []
        case .file: break
        case .standard:
            let files = ["\(environment.accountHomeDirectory)/.ssh/config"] + Self.systemFiles
            if !files.contains(where: environment.fileExists) { return [] }
        }
        return declaration.hosts.map {
            SSHQuestion(host: $0.name, user: declaration.user, port: declaration.port, file: declaration.sshConfig)
        }
    }

    private func settings(_ question: SSHQuestion) -> SSHClientSettings? {
        if case .success(let settings) = answers[question] { return settings }
        return nil
    }

    /// By the host's place in the file's list.
    private func jumps(of file: GatewayFile) -> [(host: Int, chain: Chain)] {
        guard file.declaration?.via == nil else { return [] }
        return questions(for: file).enumerated().compactMap { host, question in
            settings(question).flatMap { Chain($0, file: question.file) }.map { (host, $0) }
        }
    }

    private func place(_ index: Int, _ host: Int) -> SourcePosition? {
        all.files[index].declaration?.hosts[host].position
    }
}

extension GatewayConfiguration {
    /// The gateways that the servers are reached through.
    var nexts: [String] { servers.compactMap(\.next) }

    /// The gateway that this server is reached through.
    var next: String? {
        if case .via(let name) = route { return name }
        return nil
    }
}

extension GatewayFile {
    fileprivate mutating func report(
        _ findings: [TrustCheck.Finding], at position: SourcePosition, about subject: String = ""
    ) {
        for finding in findings {
            switch finding {
            case .warning(let message): warn(at: position, subject + message)
            case .error(let message): refuse(at: position, subject + message, code: .invalidFile)
            }
        }
    }
}
