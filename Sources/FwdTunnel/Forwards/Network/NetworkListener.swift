import FwdCore
import LibSSH2
import Logging
import NIOCore

/// `network`: a device here, whose packets go through a tun channel while the gateway is up. Loop-bound.
///
/// The device stays for the life of the forward: while there is no channel, what would go into the tunnel is dropped and
/// leaves by no other way, unless the routes are to be withdrawn.
final class NetworkListener: ForwardListener, PacketPumpOwner {
    private unowned let forward: Forward
    private let link: NetworkLink
    private let loop: any EventLoop
    private weak var channels: (any ChannelSource)?
    private let clamp: SegmentSizeClamp
    private let counters: PacketCounters
    let echo: PeerEcho

    private var device: TunDevice?
    /// Its set-up, and after that changes of its routes, one after the other.
    private var settled: EventLoopFuture<Void>?
    private var hasRoutes = false
    private var isStarted = false
    /// For a device that could not be made, or is lost, while nothing else tries again.
    private let retry: LoopTimer
    private var backoff = Backoff(base: .seconds(1), cap: .seconds(30))
    private var lastTrouble: String?
    private var pump: PacketPump?
    private var ticket: OpenScheduler.Ticket?
    private var generation = 0
    /// Where the gateway's connection goes.
    private var gatewayAddresses: [SocketAddress] = []

    init(forward: Forward, link: NetworkLink, loop: any EventLoop, channels: any ChannelSource) {
        self.forward = forward
        self.link = link
        self.loop = loop
        self.channels = channels
        clamp = SegmentSizeClamp(mtu: link.mtu)
        counters = PacketCounters(forward.counters)
        echo = PeerEcho(link)
        retry = LoopTimer(loop)
    }

    var network: NetworkStatus? { counters.values }

    // MARK: - The device

    /// The forward is started: the device is there from now on, whether the gateway is up or not.
    func started() {
        isStarted = true
        keepDevice()
    }

    func stopped() {
        isStarted = false
        retry.cancel()
        closeDevice()
    }

    /// Without the device, what is for the tunnel would leave by another way: it is tried again until it is there.
    private func keepDevice() {
        guard isStarted else { return }
        prepare().whenComplete { [weak self] result in
            guard let self, isStarted else { return }
            switch result {
            case .success:
                backoff.reset()
                lastTrouble = nil
            case .failure(let error):
                let trouble = describe(error)
                if trouble != lastTrouble { forward.logger.warning("the network device is not there: \(trouble)") }
                lastTrouble = trouble
                retry.set(in: TimeAmount(clamping: backoff.next(jitter: Double.random(in: 0.5..<1)))) { [weak self] in
                    self?.keepDevice()
                }
            }
        }
    }

    /// The device, set up; or why it cannot be.
    private func prepare() -> EventLoopFuture<Void>.Isolated {
        if let settled { return settled.assumeIsolated() }
        let set: EventLoopFuture<Void>
        do throws(Cause) {
            try refuseLoop()
            set = setUp(try makeDevice())
        } catch {
            set = loop.makeFailedFuture(error)
        }
        settled = set
        set.assumeIsolated().whenFailure { [weak self] _ in self?.closeDevice() }
        return set.assumeIsolated()
    }

    private func makeDevice() throws(Cause) -> TunDevice {
        let device = try TunDevice(
            name: link.device, received: { [weak self] in self?.deviceReceived($0) },
            turnEnded: { [weak self] in self?.pump?.flush() }, lost: { [weak self] in self?.deviceLost($0) })
        self.device = device
        counters.device(device.name)
        return device
    }

    private func setUp(_ device: TunDevice) -> EventLoopFuture<Void> {
        hasRoutes = link.whileDown == .keep
        let commands = LinkCommands(link: link, device: device.name)
        let lines = commands.setUp(hasIPv6: IPCommand.hasIPv6) + (hasRoutes ? commands.addRoutes : [])
        return run(lines).assumeIsolated().map { [loop, weak self] in
            guard let self, self.device === device else { return }
            device.start(on: loop)
        }.nonisolated()
    }

    private func run(_ lines: [String]) -> EventLoopFuture<Void> {
        loop.makeFutureWithTask { try await IPCommand.run(lines) }
    }

    /// Puts the routes in or takes them out, where they follow the session.
    /// - Returns: when that is done, or why it is not.
    private func follow(isUp: Bool) -> EventLoopFuture<Void> {
        guard link.whileDown == .withdraw, hasRoutes != isUp, let device, let settled else {
            return loop.makeSucceededVoidFuture()
        }
        hasRoutes = isUp
        let commands = LinkCommands(link: link, device: device.name)
        let lines = isUp ? commands.addRoutes : commands.withdrawRoutes
        // One that is missing does not keep the others in.
        let changed = settled.flatMap { [loop] in
            loop.makeFutureWithTask { try await IPCommand.run(lines, untilFailure: isUp) }
        }
        self.settled = changed.recover { _ in }
        return changed
    }

    private func withdrawRoutes() {
        follow(isUp: false).whenFailure { [logger = forward.logger] error in
            logger.warning("taking routes out: \(describe(error))")
        }
    }

    /// With it go its addresses and routes.
    private func closeDevice() {
        settled = nil
        hasRoutes = false
        device?.close()
        device = nil
        counters.device(nil)
    }

    private func deviceLost(_ cause: Cause) {
        closeDevice()
        forward.listenerLost(cause)
        keepDevice()
    }

    // MARK: - The gateway's own connection

    /// The gateway is about to connect to one of these. A connection that goes into its own tunnel would never come up.
    func gatewayConnects(to addresses: [SocketAddress]) {
        gatewayAddresses = addresses
        guard device != nil else { return }
        do throws(Cause) {
            try refuseLoop()
        } catch {
            forward.logger.error("\(error)")
            closeDevice()
        }
    }

    private func refuseLoop() throws(Cause) {
        for address in gatewayAddresses {
            guard let network = link.network(covering: address.ipBytes) else { continue }
            let text = NetworkText.loop(address.ipAddress ?? "?", network.description)
            throw Cause(.config, .needsOperator, text)
        }
    }

    // MARK: - The channel

    func open(completion: @escaping (Result<UInt16?, Cause>) -> Void) {
        generation += 1
        let current = generation
        prepare().whenComplete { [weak self] result in
            guard let self, generation == current else { return }
            switch result {
            case .success: openChannel(completion)
            case .failure(let error): completion(.failure(error as? Cause ?? Cause(.internal, .bug, describe(error))))
            }
        }
    }

    private func openChannel(_ completion: @escaping (Result<UInt16?, Cause>) -> Void) {
        let current = generation
        var hasAnswered = false
        let ticket = channels?.open(.tunnel(unit: link.unit), originator: nil) { [weak self] result in
            hasAnswered = true
            guard let self, generation == current else {
                if case .success(let opened) = result { opened.session.retire(opened.channel) }
                return
            }
            self.ticket = nil
            switch result {
            case .success(let opened): carry(over: opened, completion)
            case .failure(let cause): completion(.failure(cause))
            }
        }
        if !hasAnswered { self.ticket = ticket }
    }

    private func carry(over opened: OpenedChannel, _ completion: @escaping (Result<UInt16?, Cause>) -> Void) {
        guard device != nil else {
            opened.session.retire(opened.channel)
            return completion(.failure(Cause(.bind, "the network device is gone")))
        }
        let pump = PacketPump(opened, counters: counters, owner: self)
        self.pump = pump
        pump.start()
        let current = generation
        follow(isUp: true).assumeIsolated().whenComplete { [weak self] result in
            guard let self, generation == current else { return }
            guard self.pump === pump else {
                return completion(.failure(Cause(.lost, "the tunnel was closed as soon as it was open")))
            }
            switch result {
            case .success: completion(.success(nil))
            case .failure(let error):
                self.pump = nil
                pump.stop()
                withdrawRoutes()
                completion(.failure(error as? Cause ?? Cause(.internal, .bug, describe(error))))
            }
        }
    }

    func close() {
        generation += 1
        if let ticket { _ = channels?.withdraw(ticket) }
        ticket = nil
        echo.cancel()
        pump.take()?.stop()
        // Not now: where the forward is stopped, the device goes next, and its routes with it.
        loop.assumeIsolated().execute { [weak self] in
            if let self, pump == nil { withdrawRoutes() }
        }
    }

    func gatewayCameUp() {}

    func abort() {}

    /// Packets are dropped, they do not wait.
    var hasWaiting: Bool { false }

    // MARK: - Packets

    private func deviceReceived(_ packet: UnsafeRawBufferPointer) {
        guard let pump else { return counters.dropped(.noSession) }
        guard var frame = TunnelFrame.encode(packet, ByteBufferAllocator()) else { return counters.dropped(.notIP) }
        clamp.apply(to: &frame, at: TunnelFrame.headerLength)
        pump.send(frame)
    }

    func pumpReceived(_ packet: ByteBuffer) {
        if echo.takes(packet) { return }
        var packet = packet
        clamp.apply(to: &packet)
        if device?.write(packet) != true { counters.dropped(.device) }
    }

    func pumpEnded(_ pump: PacketPump, _ cause: Cause) {
        guard self.pump === pump else { return }
        self.pump = nil
        // The gateway tells of the end of its own session itself, in a moment; others of its sessions it does not need.
        let current = generation
        loop.assumeIsolated().execute { [weak self] in
            guard let self, generation == current, channels?.isUp == true else { return }
            forward.listenerLost(cause)
        }
    }

    // MARK: - The probe

    /// Asks the peers for a sign of life, through the channel.
    func askPeers(completion: @escaping () -> Void) {
        guard let pump else { return }
        echo.ask(over: pump, completion: completion)
    }
}

@available(*, unavailable)
extension NetworkListener: Sendable {}
