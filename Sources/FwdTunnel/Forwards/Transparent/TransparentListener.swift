import FwdCore
import NIOCore
import NIOPosix

/// `transparent`: redirects connections to some networks into a listener here, for the life of the forward. Loop-bound.
///
/// While the gateway is away they are still redirected, and held: what goes through the tunnel never leaves in clear.
final class TransparentListener: ForwardListener {
    private let id: ForwardID
    private let rule: TransparentRule
    private let loop: any EventLoop
    private let listener: LocalListener
    private let dns: DNSListener?
    private var connection: NftablesConnection?
    private var generation = 0

    init(
        forward: Forward, id: ForwardID, rule: TransparentRule, loop: any EventLoop, channels: any ChannelSource,
        budget: ConnectionBudget
    ) {
        self.id = id
        self.rule = rule
        self.loop = loop
        // Redirected connections come in at the address of whichever interface they came through.
        listener = LocalListener(
            forward: forward, listen: .port(.init(address: .any, port: 0)), id: id, loop: loop, channels: channels,
            budget: budget, store: nil, intake: { _ in OriginalDestination(rule) })
        dns = rule.dns.map {
            DNSListener($0, of: forward, id: id, loop: loop, channels: channels, budget: budget)
        }
    }

    func open(completion: @escaping (Result<UInt16?, Cause>) -> Void) {
        generation += 1
        let current = generation
        // A failure of the names has left the rest in place.
        if connection != nil { return openDNS(completion) }
        listener.open { [weak self] result in
            guard let self, generation == current else { return }
            switch result {
            case .success: redirect(completion)
            case .failure(let cause): completion(.failure(cause))
            }
        }
    }

    private func redirect(_ completion: @escaping (Result<UInt16?, Cause>) -> Void) {
        let current = generation
        let commands = table.commands
        BlockingPool.shared.runIfActive(eventLoop: loop) {
            let connection = try NftablesConnection()
            try connection.run(commands)
            return connection
        }
        .assumeIsolated()
        .whenComplete { [weak self] result in
            // A table that nobody wants any more goes with its connection.
            guard let self, generation == current else { return }
            switch result {
            case .success(let connection):
                self.connection = connection
                openDNS(completion)
            case .failure(let error):
                listener.close()
                completion(.failure(error as? Cause ?? Cause(.internal, .bug, describe(error))))
            }
        }
    }

    /// The last step: without names connections are redirected all the same, and do not leave in clear.
    private func openDNS(_ completion: @escaping (Result<UInt16?, Cause>) -> Void) {
        guard let dns else { return completion(.success(nil)) }
        dns.open { problem in
            guard let problem else { return completion(.success(nil)) }
            dns.close()
            completion(.failure(problem))
        }
    }

    private var table: RedirectTable {
        var ports = RedirectTable.Ports()
        for address in listener.servers.compactMap(\.localAddress) {
            let port = address.port.map { UInt16(clamping: $0) }
            if address.protocol == .inet6 { ports.ipv6 = port } else { ports.ipv4 = port }
        }
        return RedirectTable(
            name: NftablesConnection.newTableName(), comment: id.description, rule: rule, ports: ports)
    }

    func close() {
        generation += 1
        if let connection = connection.take() {
            BlockingPool.shared.submit { _ in connection.close() }
        }
        listener.close()
        dns?.close()
    }

    func gatewayCameUp() {
        listener.gatewayCameUp()
        dns?.gatewayCameUp()
    }

    func abort() {
        listener.abort()
        dns?.abort()
    }

    var hasWaiting: Bool { listener.hasWaiting || dns?.hasWaiting == true }
}

@available(*, unavailable)
extension TransparentListener: Sendable {}
