import FwdCore
import Logging
import NIOCore
import NIOEmbedded

@testable import FwdTunnel

/// A proxy's intake with a connection that is none: what a client sends is put in, what it would read is taken out.
final class IntakeHarness: NearConnectionOwner {
    let channel: EmbeddedChannel
    let intake: ProxyIntake
    private let forward: Forward
    private(set) var outcome: Result<ForwardSpec.Destination, IntakeFailure>?

    init(permit: [PermittedDestination]? = nil) throws {
        let handler = RelayHandler()
        channel = EmbeddedChannel(handler: handler)
        let listen = ForwardSpec.Listen.port(.init(address: .loopback, port: 1080))
        forward = Forward(
            ForwardConfiguration(
                name: "d", spec: ForwardSpec(kind: .dynamic, listen: listen, target: .asked),
                limits: ForwardLimits(permit: permit)),
            loop: channel.eventLoop, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, record: { _ in },
            stateDidChange: {})
        intake = ProxyIntake(Admission(forward))
        handler.owner = self
        intake.findDestination(of: channel) { [weak self] in self?.settled($0) }
    }

    /// Once: a second answer would be a fault of the intake.
    private func settled(_ result: Result<ForwardSpec.Destination, IntakeFailure>) {
        precondition(outcome == nil, "settled twice")
        outcome = result
    }

    func send(_ bytes: some Sequence<UInt8>) {
        channel.pipeline.fireChannelRead(ByteBuffer(bytes: bytes))
    }

    /// What the client has been told.
    func told() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += Array(buffer.readableBytesView) }
        return bytes
    }

    /// What is to be carried behind the request.
    var leftover: [UInt8] { intake.leftover.flatMap { Array($0.readableBytesView) } }

    var destination: String? {
        if case .success(let destination)? = outcome { destination.description } else { nil }
    }

    /// As its connection does.
    func refuse(_ cause: Cause? = nil) -> Bool {
        guard case .failure(let failure)? = outcome else { return cause.map { intake.failed(channel, $0) } ?? false }
        return intake.failed(channel, failure.cause)
    }

    func finish() {
        intake.dismissed()
        channel.embeddedEventLoop.run()
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    func nearBecameActive() {}
    func nearReceived(_ bytes: ByteBuffer) { intake.received(bytes) }
    func nearReadCompleted() {}
    func nearEnded() {}
    func nearBecameWritable() {}
    func nearFailed() {}
    func nearClosed() {}
}
