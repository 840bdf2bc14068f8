import FwdCore
import NIOCore

/// Asks the peers of a network forward for an echo, through the channel itself. Loop-bound; the listener owns it.
final class PeerEcho {
    private static let payloadLength = 16

    private let link: NetworkLink
    private var pending: [EchoMessage] = []
    private var completion: (() -> Void)?
    private var sequence: UInt16 = 0

    init(_ link: NetworkLink) {
        self.link = link
    }

    /// Calls `completion` once all peers have answered, unless `cancel` comes first.
    func ask(sending send: ([UInt8]) -> Void, completion: @escaping () -> Void) {
        sequence &+= 1
        self.completion = completion
        pending = link.peers.compactMap(message)
        for message in pending { send(message.request) }
        if pending.isEmpty { finish() }
    }

    /// The same over a pump.
    func ask(over pump: PacketPump, completion: @escaping () -> Void) {
        ask(
            sending: { packet in
                let frame = packet.withUnsafeBytes { TunnelFrame.encode($0, ByteBufferAllocator()) }
                if let frame { pump.send(frame) }
            }, completion: completion)
        pump.flush()
    }

    /// Those that have not answered.
    var silentPeers: String {
        pending.compactMap {
            AddressRange(network: $0.destination, prefixLength: $0.destination.count * 8)?.description
        }
        .joined(separator: ", ")
    }

    func cancel() {
        completion = nil
        pending = []
    }

    /// - Returns: whether the packet was an answer, which is nobody else's.
    func takes(_ packet: ByteBuffer) -> Bool {
        guard let index = pending.firstIndex(where: { $0.isAnswered(by: packet) }) else { return false }
        pending.remove(at: index)
        if pending.isEmpty { finish() }
        return true
    }

    private func finish() {
        completion.take()?()
    }

    private func message(to peer: AddressRange) -> EchoMessage? {
        guard let own = link.addresses.first(where: { $0.bytes.count == peer.network.count }) else { return nil }
        return EchoMessage(
            source: own.bytes, destination: peer.network, identifier: .random(in: .min ... .max), sequence: sequence,
            payload: (0..<Self.payloadLength).map { _ in .random(in: .min ... .max) })
    }
}

@available(*, unavailable)
extension PeerEcho: Sendable {}
