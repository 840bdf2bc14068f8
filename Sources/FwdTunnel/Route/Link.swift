import FwdCore
import NIOCore

/// The connection that a session runs on.
struct Link {
    let channel: any Channel
    /// The other end, where it is a TCP connection of this machine.
    let address: SocketAddress?
    /// The command that carries it, where one does.
    let proxy: ProxyProcess?
}

/// Makes the connections of one gateway's sessions, by whatever route. Loop-bound.
final class LinkMaker {
    private let loop: any EventLoop
    private let registry: GatewayRegistry

    init(loop: any EventLoop, registry: GatewayRegistry) {
        self.loop = loop
        self.registry = registry
    }

    /// The addresses of a gateway that is reached directly; nothing for the others.
    /// - Throws: `Cause` (dns) in the future.
    func resolve(_ configuration: GatewayConfiguration) -> EventLoopFuture<[SocketAddress]> {
        guard case .direct = configuration.route else { return loop.makeSucceededFuture([]) }
        return Connector.resolve(configuration.hostName, port: configuration.port, on: loop)
    }

    /// - Parameters:
    ///   - addresses: what `resolve` gave, or the one in use.
    ///   - completion: with a `Cause` in the error.
    func make(
        _ configuration: GatewayConfiguration, addresses: [SocketAddress],
        completion: @escaping (Result<Link, any Error>) -> Void
    ) {
        switch configuration.route {
        case .direct(let bindAddress):
            Connector.connect(addresses, configuration, from: bindAddress, on: loop).assumeIsolated().whenComplete {
                completion($0.map { Link(channel: $0, address: $0.remoteAddress, proxy: nil) })
            }
        case .via(let jump):
            registry.connect(
                to: ForwardSpec.Endpoint(host: configuration.hostName, port: configuration.port), through: jump,
                on: loop
            )
            .flatMap { [loop] in ConnectedSocket.adopt($0, on: loop) }
            .assumeIsolated().whenComplete {
                completion($0.map { Link(channel: $0, address: nil, proxy: nil) })
            }
        case .command(let command):
            startProxy(command, completion)
        }
    }

    private func startProxy(_ command: String, _ completion: @escaping (Result<Link, any Error>) -> Void) {
        do throws(Cause) {
            let pair = try ConnectedSocket.pair()
            let proxy = ProxyProcess(command: command, socket: pair.theirs)
            ConnectedSocket.adopt(pair.ours, on: loop).assumeIsolated().whenComplete { result in
                switch result {
                case .success(let channel):
                    channel.closeFuture.whenComplete { _ in proxy.end() }
                    completion(.success(Link(channel: channel, address: nil, proxy: proxy)))
                case .failure(let error):
                    proxy.end()
                    completion(.failure(error))
                }
            }
        } catch {
            completion(.failure(error))
        }
    }
}

@available(*, unavailable)
extension LinkMaker: Sendable {}
