import FwdCore

/// The files of a directory, read together: what one says can clash with another.
struct DirectoryFiles: Sendable {
    /// In byte order of their names.
    var files: [GatewayFile]
    /// About files that are no gateway's.
    var ignored: [ConfigDiagnostic]

    /// Routes first: what is refused does not listen.
    mutating func check() {
        refuseUnknownRoutes()
        refuseCycles()
        refuseConflicts()
        refuseLoops()
    }

    /// Warnings that depend on which files are good in the end.
    mutating func finish() {
        warnOfRefusedRoutes()
        forgiveJumps()
    }

    var contents: ForwardsDirectory.Contents {
        ForwardsDirectory.Contents(
            gateways: Dictionary(uniqueKeysWithValues: files.compactMap { $0.configuration }.map { ($0.name, $0) }),
            refused: Set(files.filter { $0.configuration == nil }.map(\.name)),
            diagnostics: files.flatMap(\.diagnostics) + ignored)
    }

    private mutating func refuseUnknownRoutes() {
        let names = files.map(\.name)
        for index in files.indices {
            guard let via = files[index].via else { continue }
            if via.name == files[index].name {
                files[index].refuse(
                    at: via.position, "gateway.via: read \"\(via.name)\", expected another gateway than this one",
                    code: .invalidFile)
            } else if !names.contains(via.name) {
                let others = names.filter { $0 != files[index].name }
                let hint = Suggestion.nearest(to: via.name, among: others).map { "; did you mean \"\($0)\"?" } ?? ""
                files[index].refuse(
                    at: via.position,
                    "gateway.via: read \"\(via.name)\", expected the name of another gateway of this directory\(hint)",
                    code: .invalidFile)
            }
        }
    }

    private mutating func refuseCycles() {
        let routes = RouteGraph(files.compactMap { file in file.via.map { (file.name, $0.name) } })
        for index in files.indices {
            guard let via = files[index].via, via.name != files[index].name,
                let cycle = routes.cycle(through: files[index].name)
            else { continue }
            files[index].refuse(
                at: via.position, "gateway.via: the way leads back to this gateway: \(RouteGraph.text(cycle))",
                code: .invalidFile)
        }
    }

    private mutating func warnOfRefusedRoutes() {
        let refused = Set(files.filter { $0.configuration == nil }.map(\.name))
        for index in files.indices {
            guard let servers = files[index].configuration?.servers else { continue }
            // A `via` holds for all servers, so it is told once.
            for (host, server) in servers.enumerated() where host == 0 || files[index].via == nil {
                if let name = server.next, refused.contains(name) { warn(index, host: host, ofRefused: name) }
            }
        }
    }

    private mutating func warn(_ index: Int, host: Int, ofRefused name: String) {
        guard let hosts = files[index].declaration?.hosts else { return }
        let (via, errors) = (files[index].via, "the file of \"\(name)\" has errors; without that gateway")
        if via == nil, hosts.count > 1 {
            files[index].warn(
                at: hosts[host].position, "gateway.host: \(errors) \(hosts[host].name) cannot be reached")
        } else {
            files[index].warn(
                at: via?.position ?? hosts[host].position,
                "\(via == nil ? "gateway.host" : "gateway.via"): \(errors) this one cannot come up")
        }
    }

    /// A connection that goes into its own tunnel would never come up. Names are looked at when they are resolved.
    private mutating func refuseLoops() {
        for index in files.indices {
            guard let configuration = files[index].configuration else { continue }
            for forward in configuration.forwards where forward.isEnabled {
                guard case .device(let link) = forward.spec.listen,
                    let (gateway, address, network) = loop(of: configuration, through: link)
                else { continue }
                let isOwn = gateway == configuration.name
                let whose = isOwn ? "the gateway's own address" : "the address of the jump \"\(gateway)\""
                files[index].refuse(
                    at: files[index].forwardPositions[forward.name] ?? .start,
                    "forwards.\(forward.name).network: \(whose) \(address) lies in \(network), expected "
                        + "networks without it: the SSH connection would go through its own tunnel",
                    code: .invalidFile)
                break
            }
        }
    }

    /// The address of one of its servers, or of a gateway on the way there, that the tunnel would carry, and the network
    /// that does it.
    private func loop(
        of gateway: GatewayConfiguration, through link: NetworkLink, seen: Set<String> = []
    ) -> (gateway: String, address: String, network: AddressRange)? {
        for server in gateway.servers {
            switch server.route {
            case .direct:
                guard let bytes = AddressRangeText.address(server.hostName),
                    let network = link.network(covering: bytes)
                else { continue }
                return (gateway.name, server.hostName, network)
            case .via(let name):
                guard !seen.contains(name), let next = files.first(where: { $0.name == name })?.configuration,
                    let found = loop(of: next, through: link, seen: seen.union([name]))
                else { continue }
                return found
            case .command: continue
            }
        }
        return nil
    }

    /// A gateway that others go through carries their sessions, if nothing else.
    private mutating func forgiveJumps() {
        let used = Set(files.compactMap(\.via?.name) + files.flatMap { $0.configuration?.nexts ?? [] })
        for index in files.indices where used.contains(files[index].name) {
            files[index].remarks[.noForwards] = nil
        }
    }

    /// The first file in byte order keeps the port, a later one is refused.
    private mutating func refuseConflicts() {
        var listeners = ListenerTable<(name: String, place: String)>()
        for index in files.indices {
            let before = listeners
            for forward in files[index].configuration?.forwards ?? [] where forward.spec.kind != .remote {
                let position = files[index].forwardPositions[forward.name] ?? .start
                let owner = ("\(files[index].name)/\(forward.name)", "\(files[index].path):\(position.line)")
                guard let other = listeners.insert(forward, owner: owner) else { continue }
                files[index].refuse(
                    at: position,
                    "forwards.\(forward.name): listens on \(forward.spec.listen), where "
                        + "\"\(other.name)\" of \(other.place) listens already",
                    code: .listenConflict)
            }
            // What is refused does not listen.
            if files[index].configuration == nil { listeners = before }
        }
    }
}

/// Who is reached through whom: from a gateway with several servers, several ways lead out.
struct RouteGraph {
    private let next: [String: [String]]

    init(_ routes: [(from: String, to: String)]) {
        next = Dictionary(routes.map { ($0.from, [$0.to]) }, uniquingKeysWith: +)
    }

    /// The gateways from `name` until the shortest way comes back to it, `name` at both ends; `nil` if none does.
    func cycle(through name: String) -> [String]? {
        var ways = [[name]]
        var visited: Set<String> = []
        while !ways.isEmpty {
            ways = ways.flatMap { way in (way.last.flatMap { next[$0] } ?? []).map { way + [$0] } }
                .filter { way in way.last.map { visited.insert($0).inserted } ?? false }
            if let cycle = ways.first(where: { $0.last == name }) { return cycle }
        }
        return nil
    }

    static func text(_ cycle: [String]) -> String { cycle.joined(separator: " -> ") }
}
