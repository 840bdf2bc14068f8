import FwdCore
import NIOCore

/// Finds out where an accepted connection is to lead. One for each connection, loop-bound; `LocalConnection` owns it.
///
/// It is what tells kinds of forwards apart that listen here: one target for all, a request that the client makes, or
/// where the connection was going.
protocol ConnectionIntake: AnyObject {
    /// Answers once: at once where nothing needs to be read from the client. A failure ends the connection, and counts
    /// as its result.
    func findDestination(
        of near: any Channel, completion: @escaping (Result<ForwardSpec.Destination, IntakeFailure>) -> Void)
    /// Bytes of the client that came before its connection is carried.
    func received(_ bytes: ByteBuffer)
    /// The client is told, where its protocol has words for it, before its bytes are carried.
    func opened(_ near: any Channel)
    /// - Returns: whether the client was told, so that the connection is closed in order and not reset.
    func failed(_ near: any Channel, _ cause: Cause) -> Bool
    /// The connection is over, or its forward stops: nothing is asked any more.
    func dismissed()
    /// What the client sent behind its request, in order.
    var leftover: [ByteBuffer] { get }
}

/// Why a connection has no destination.
struct IntakeFailure: Error {
    let result: RelayResult
    let cause: Cause
    /// Whether that says something about the forward, and not about its client alone.
    var isTrouble = true
}

/// All connections lead to the same place.
final class FixedDestination: ConnectionIntake {
    private let destination: ForwardSpec.Destination
    private(set) var leftover: [ByteBuffer] = []

    init(_ destination: ForwardSpec.Destination) {
        self.destination = destination
    }

    func findDestination(
        of near: any Channel, completion: @escaping (Result<ForwardSpec.Destination, IntakeFailure>) -> Void
    ) {
        completion(.success(destination))
    }

    /// NIO reads what is left when the client has closed its side, although nothing was asked for.
    func received(_ bytes: ByteBuffer) { leftover.append(bytes) }
    func opened(_ near: any Channel) {}
    func failed(_ near: any Channel, _ cause: Cause) -> Bool { false }
    func dismissed() {}
}

@available(*, unavailable)
extension FixedDestination: Sendable {}
