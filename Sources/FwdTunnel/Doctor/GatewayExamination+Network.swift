import FwdCore
import NIOCore

/// Network forwards: the device here, the one at the server, and the peer's answer through both.
extension GatewayExamination {
    /// Whether a device can be made here: one is, and goes at once.
    func device(_ forward: ForwardConfiguration, _ link: NetworkLink, _ gateway: String) {
        if let status = held(forward), let device = status.network?.device {
            return tell(.listener, forward, gateway, nil, ok: "the supervisor has the device \(device)", took: .zero)
        }
        let cause = Self.deviceProblem()
        tell(.listener, forward, gateway, cause, ok: "a network device can be made here", took: .zero)
    }

    private static func deviceProblem() -> Cause? {
        do throws(Cause) {
            let device = try TunDevice(name: nil, received: { _ in }, turnEnded: {}, lost: { _ in })
            device.close()
            return nil
        } catch {
            return error
        }
    }

    /// The supervisor's own channel has the far side's device: another would be refused, or be another device.
    func tunnel(
        _ forward: ForwardConfiguration, _ link: NetworkLink, _ gateway: String, _ walked: WalkedSession?
    ) async {
        if supervised?.state == .up, let status = held(forward), status.state != .waiting {
            let ok = "\(link.peerText) answers through the supervisor's tunnel"
            let isFarAway = status.cause.map { $0.reason != .bind && $0.reason != .config } ?? false
            return tell(.target, forward, gateway, isFarAway ? status.cause : nil, ok: ok, took: .zero)
        }
        guard let walked, walked.isUp else {
            return skip([.target], of: gateway, forward: forward.name, "not logged in")
        }
        guard let limit = time(Policy.step) else {
            return skip([.target], of: gateway, forward: forward.name, Self.noTime)
        }
        let answer = PendingAnswer<Result<Void, Cause>>(loop, within: limit)
        let question = TunnelQuestion(link)
        question.ask(walked) { answer.settle($0) }
        let cause: Cause? =
            switch await value(of: answer) {
            case .success: nil
            case .failure(let cause): cause
            case nil: question.cause
            }
        question.end()
        tell(.target, forward, gateway, cause, ok: "\(link.peerText) answers", took: answer.duration)
    }
}

/// One tunnel of a walk, opened for an echo. Loop-bound.
private final class TunnelQuestion: PacketPumpOwner {
    private let link: NetworkLink
    private let echo: PeerEcho
    private var pump: PacketPump?
    private var completion: ((Result<Void, Cause>) -> Void)?

    init(_ link: NetworkLink) {
        self.link = link
        echo = PeerEcho(link)
    }

    func ask(_ walked: WalkedSession, completion: @escaping (Result<Void, Cause>) -> Void) {
        self.completion = completion
        _ = walked.open(.tunnel(unit: link.unit), originator: nil) { [weak self] result in
            switch result {
            case .success(let opened): self?.ask(over: opened)
            case .failure(let cause): self?.finish(.failure(cause))
            }
        }
    }

    private func ask(over opened: OpenedChannel) {
        let pump = PacketPump(opened, counters: PacketCounters(ForwardCounters(kind: .network)), owner: self)
        self.pump = pump
        pump.start()
        echo.ask(over: pump) { [weak self] in self?.finish(.success(())) }
    }

    /// Why there is no answer in time.
    var cause: Cause {
        pump == nil
            ? Cause(.timeout, "the server did not answer a request for a tunnel")
            : Cause(.probe, NetworkText.silent(echo.silentPeers))
    }

    func end() {
        completion = nil
        pump.take()?.stop()
    }

    private func finish(_ result: Result<Void, Cause>) {
        completion.take()?(result)
    }

    func pumpReceived(_ packet: ByteBuffer) {
        _ = echo.takes(packet)
    }

    func pumpEnded(_ pump: PacketPump, _ cause: Cause) {
        self.pump = nil
        finish(.failure(cause))
    }
}

@available(*, unavailable)
extension TunnelQuestion: Sendable {}
