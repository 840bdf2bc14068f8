import FwdCore
import FwdOpenSSH

/// Makes gateways of ProxyJump's hops (ssh_config(5)): declared ones where they fit, implicit ones else.
///
/// `ProxyJump a,b` reaches b through a, whatever b's own ProxyJump is; a's own counts.
struct JumpRoutes {
    /// Why a way cannot be gone, as the rest of a message.
    struct Problem: Error, Hashable {
        let message: String
    }

    /// A gateway that no file declares.
    struct Implicit: Sendable {
        let configuration: GatewayConfiguration
        /// As it stands in ProxyJump.
        let hop: JumpHop
    }

    /// Our choice: nobody jumps further, and each jump asks ssh once more.
    static let maximumDepth = 8

    fileprivate struct Endpoint: Hashable {
        let hostName: String
        let port: UInt16
        let user: String
    }

    /// The same hop behind another gateway is another gateway.
    private struct Key: Hashable {
        let question: SSHQuestion
        let previous: String?
    }

    private let answers: SSHAnswers
    private let environment: ConfigEnvironment
    private var declared: [Endpoint: String] = [:]
    private var taken: Set<String>
    private var names: [Key: String] = [:]
    private(set) var implicit: [Implicit] = []

    /// - Parameters:
    ///   - gateways: the declared ones, completed, in byte order of their names.
    ///   - taken: the names of all files, refused ones too.
    init(answers: SSHAnswers, gateways: [GatewayConfiguration], taken: Set<String>, environment: ConfigEnvironment) {
        self.answers = answers
        self.environment = environment
        self.taken = taken
        // Whose first server it is comes before whose fallback it is.
        for server in gateways + gateways.flatMap(\.fallbacks) {
            let endpoint = Endpoint(hostName: server.hostName.lowercased(), port: server.port, user: server.login.user)
            if declared[endpoint] == nil { declared[endpoint] = server.name }
        }
    }

    /// The gateway that the last of the hops is, with all gateways before it.
    /// - Parameter file: which ssh_config the hops come from.
    mutating func gateway(for hops: [JumpHop], file: SSHConfigFile) throws(Problem) -> String? {
        try gateway(for: hops[...], Context(file: file))
    }

    private struct Context {
        let file: SSHConfigFile
        /// The hops whose own ProxyJump is being followed.
        var way: [SSHQuestion] = []
        var depth = 0
    }

    private mutating func gateway(for hops: ArraySlice<JumpHop>, _ context: Context) throws(Problem) -> String? {
        guard let hop = hops.last else { return nil }
        var context = context
        context.depth += 1
        guard context.depth <= Self.maximumDepth else {
            throw Problem(message: "leads through more than \(Self.maximumDepth) hosts")
        }
        let question = SSHQuestion(hop, file: context.file)
        let settings = try settings(hop, question)
        if let name = declared[Endpoint(settings)] { return name }
        let previous =
            hops.count > 1
            ? try gateway(for: hops.dropLast(), context) : try ownJump(of: settings, question, context)
        return add(hop, settings, Key(question: question, previous: previous))
    }

    private mutating func ownJump(
        of settings: SSHClientSettings, _ question: SSHQuestion, _ context: Context
    ) throws(Problem) -> String? {
        if settings.proxyJump.isEmpty || settings.proxyCommand != nil { return nil }
        if let start = context.way.firstIndex(of: question) {
            let cycle = (context.way[start...] + [question]).map(\.host)
            throw Problem(message: "goes in a circle: \(RouteGraph.text(cycle))")
        }
        var context = context
        context.way.append(question)
        return try gateway(for: settings.proxyJump[...], context)
    }

    private func settings(_ hop: JumpHop, _ question: SSHQuestion) throws(Problem) -> SSHClientSettings {
        switch answers[question] {
        case .success(let settings): return settings
        case .failure(let error): throw Problem(message: "leads through \(hop.host), and \(error)")
        // Only hops beyond the depth have not been asked for.
        case nil: throw Problem(message: "leads through more than \(Self.maximumDepth) hosts")
        }
    }

    private mutating func add(_ hop: JumpHop, _ settings: SSHClientSettings, _ key: Key) -> String {
        if let name = names[key] { return name }
        let name = freeName(for: hop)
        names[key] = name
        taken.insert(name)
        var defaults = GatewayDefaults(settings, environment: environment)
        if let previous = key.previous { defaults.route = .via(previous) }
        let start = SourcePosition.start
        let declaration = GatewayDeclaration(
            hosts: [DeclaredHost(name: hop.host, position: start)],
            places: .init(gateway: start, hostKey: start, forwards: start))
        implicit.append(
            Implicit(configuration: declaration.configuration(name: name, completedBy: [defaults]), hop: hop))
        return name
    }

    private func freeName(for hop: JumpHop) -> String {
        let base = "jump-" + String(hop.description.map { ForwardsName.problem(with: "x\($0)") == nil ? $0 : "-" })
        var (name, count) = (String(base.prefix(ForwardsName.maximumLength)), 1)
        while taken.contains(name) {
            count += 1
            let suffix = "-\(count)"
            name = base.prefix(ForwardsName.maximumLength - suffix.count) + suffix
        }
        return name
    }
}

extension JumpRoutes.Endpoint {
    fileprivate init(_ settings: SSHClientSettings) {
        self.init(hostName: settings.hostName.lowercased(), port: settings.port, user: settings.user)
    }
}
