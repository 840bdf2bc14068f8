import FwdCore
import LibSSH2

/// A wish to listen at the far side.
struct ListenRequest {
    let listen: ForwardSpec.ListenAddress
    let onConnection: (SSHChannel) -> Void
    let completion: (Result<RemoteListening, Cause>) -> Void
}

/// A port that the far side listens on. Ends with `SSHSession.stopListening` or with the session.
final class RemoteListening {
    let listener: Listener
    let onConnection: (SSHChannel) -> Void
    /// The session is gone, and the port with it.
    var isLost = false

    init(listener: Listener, onConnection: @escaping (SSHChannel) -> Void) {
        self.listener = listener
        self.onConnection = onConnection
    }
}

extension SSHSession {
    /// Asks the far side to listen (tcpip-forward). Requests go out one after another.
    func listen(_ request: ListenRequest) {
        listens.append(request)
        startNextListen()
        pump()
    }

    func stopListening(_ listening: RemoteListening) {
        guard phase == .ready, !listening.isLost else { return }
        listeners.removeAll { $0 === listening }
        cancelling.append(listening.listener)
        pump()
    }

    private func startNextListen() {
        guard !ssh.isListening, let next = listens.first else { return }
        ssh.startListening(host: next.listen.remoteBindAddress, port: next.listen.port)
        listenTimer.set(in: Policy.listenDeadline) { [weak self] in
            self?.fail(Cause(.timeout, "the server did not answer a request to listen on \(next.listen)"))
        }
    }

    func pollListens() throws(LibSSH2Error) {
        while phase == .ready, ssh.isListening, let request = listens.first {
            let result: Result<RemoteListening, Cause>
            do throws(LibSSH2Error) {
                guard case .done(let listener) = try ssh.pollListening() else { return }
                let listening = RemoteListening(listener: listener, onConnection: request.onConnection)
                listeners.append(listening)
                result = .success(listening)
            } catch {
                guard error.code == .requestDenied else { throw error }
                result = .failure(
                    Cause(
                        .remoteListen,
                        "the server refused to listen on \(request.listen): the port is in use there, or forbidden"
                            + " (AllowTcpForwarding, PermitListen, GatewayPorts or permitlisten)"))
            }
            listens.removeFirst()
            listenTimer.cancel()
            startNextListen()
            request.completion(result)
        }
    }

    func acceptConnections(of listening: RemoteListening) throws(LibSSH2Error) {
        while phase == .ready, let channel = try listening.listener.accept() {
            explain(input: Policy.inputPerEvent)
            listening.onConnection(channel)
        }
    }
}

extension ForwardSpec.ListenAddress {
    /// The address as tcpip-forward has it (RFC 4254 section 7.1): "" is every interface of every protocol.
    var remoteBindAddress: String {
        switch address {
        case .loopback: "localhost"
        case .any: ""
        case .address(let host): host
        }
    }
}
