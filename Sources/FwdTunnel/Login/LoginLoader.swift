import FwdCore
import FwdOpenSSH
import Glibc
import NIOCore
import NIOPosix

/// Collects what a login needs: reads files off the loop, asks the agent. Anew for every attempt, so that whatever a
/// person mends counts without a restart.
enum LoginLoader {
    /// - Throws: `Cause` (identity, agent) in the future, when there is nothing to log in with.
    static func load(_ configuration: GatewayConfiguration, on loop: any EventLoop) -> EventLoopFuture<LoginParameters>
    {
        BlockingPool.shared.runIfActive(eventLoop: loop) { Material(configuration) }
            .flatMap { material in
                askAgent(configuration.login, material, on: loop).flatMapThrowing { agent in
                    try material.parameters(configuration, agent)
                }
            }
    }

    /// What the files say.
    private struct Material: Sendable {
        let identities: [ReadIdentity]
        let password: Result<Redacted<String>, SecretProblem>?
        let trust: HostKeyPolicy

        init(_ configuration: GatewayConfiguration) {
            identities = configuration.login.identities.map { identity in
                let result = Result { () throws(SecretProblem) in try IdentityFile(reading: identity) }
                return ReadIdentity(source: identity.key, result: result)
            }
            password = configuration.login.password.map { source in
                Result { () throws(SecretProblem) in try SecretReader.line(source) }
            }
            trust = HostKeyPolicy(configuration.trust, host: configuration.hostName, port: configuration.port)
        }

        /// A key file that can be used needs no agent, so that an agent that does not answer delays nobody else.
        func needsAgent(_ login: LoginConfiguration) -> Bool {
            !login.offersOnlyIdentities
                || identities.contains(where: \.needsAgent)
        }

        func parameters(_ configuration: GatewayConfiguration, _ agent: CredentialList.Agent) throws -> LoginParameters
        {
            let login = configuration.login
            var list = CredentialList(
                identities: identities, agent: agent, offersOnlyIdentities: login.offersOnlyIdentities)
            if let source = login.password, let password {
                switch password {
                case .success(let password): list.add(password: password, from: source)
                case .failure(let problem): list.addUnusable("password from \(source)", problem)
                }
            }
            guard !list.credentials.isEmpty else { throw nothing(list.unusable, agent) }
            return LoginParameters(
                gateway: configuration.name, user: login.user, trust: trust, credentials: list.credentials,
                unusable: list.unusable, liveness: configuration.liveness)
        }

        private func nothing(_ unusable: [CredentialStatus], _ agent: CredentialList.Agent) -> any Error {
            let reasons = unusable.map { "\($0.credential): \($0.reason ?? "unusable")" }
            let none = "no key to log in with: name one under \"identity\", or load one into the ssh-agent"
            let message = reasons.isEmpty ? none : reasons.joined(separator: "; ")
            // An agent may come back by itself, and every one of these needs nothing else.
            let isOfAgent = agent.problem != nil && password == nil && identities.allSatisfy(\.needsAgent)
            return NothingToLogInWith(
                cause: isOfAgent ? Cause(.agent, message) : Cause(.identity, .needsOperator, message),
                unusable: unusable)
        }
    }

    private static func askAgent(
        _ login: LoginConfiguration, _ material: Material, on loop: any EventLoop
    ) -> EventLoopFuture<CredentialList.Agent> {
        guard let socket = socket(login.agent), material.needsAgent(login) else {
            return loop.makeSucceededFuture(CredentialList.Agent())
        }
        let promise = loop.makePromise(of: CredentialList.Agent.self)
        loop.assumeIsolated().execute {
            let holder = ExchangeHolder()
            holder.exchange = AgentExchange(
                socket: socket, request: AgentMessage.requestIdentities, deadline: AgentExchange.listDeadline, on: loop
            ) { result in
                promise.succeed(answer(result, socket))
                holder.exchange = nil
            }
            holder.exchange?.start()
        }
        return promise.futureResult
    }

    private static func answer(_ result: Result<AgentReply, Cause>, _ socket: String) -> CredentialList.Agent {
        switch result {
        case .success(.identities(let keys)): CredentialList.Agent(socket: socket, keys: keys)
        case .success: CredentialList.Agent(socket: socket, problem: "the ssh-agent at \(socket) lists no keys")
        case .failure(let cause): CredentialList.Agent(socket: socket, problem: cause.message)
        }
    }

    private static func socket(_ agent: AgentSocket) -> String? {
        switch agent {
        case .none: nil
        case .environment: getenv("SSH_AUTH_SOCK").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
        case .path(let path): path
        }
    }
}

/// Keeps an exchange alive until it is answered.
private final class ExchangeHolder {
    var exchange: AgentExchange?
}

/// No credential is left before the server was even asked.
struct NothingToLogInWith: Error {
    let cause: Cause
    let unusable: [CredentialStatus]
}
