import BenchSystem
import Foundation

/// The service behind the forwards: it greets on one port, and on another does what the client orders.
///
/// Threads of this process, in the place given; all end at `stop`.
public final class TargetServer: Sendable {
    /// Sends one byte as soon as it has accepted, and closes.
    public let greeter: Endpoint
    /// Takes a `TargetOrder`.
    public let worker: Endpoint

    let desk = StreamDesk()
    let place: Place
    private let greeterListener: TCPSocket
    private let workerListener: TCPSocket

    /// - Parameter host: an address of that place.
    public init(in place: Place = .here, host: String = "127.0.0.1") throws {
        self.place = place
        (greeterListener, workerListener) = try place.run { (try .listen(host: host), try .listen(host: host)) }
        greeter = Endpoint(host: host, port: greeterListener.localPort)
        worker = Endpoint(host: host, port: workerListener.localPort)
        _ = Worker.start { [greeterListener] in Self.greet(greeterListener) }
        _ = Worker.start { [workerListener, desk] in
            try TargetDispatcher(listener: workerListener, desk: desk).run()
        }
    }

    public func stop() {
        greeterListener.shutDown()
        workerListener.shutDown()
    }

    private static func greet(_ listener: TCPSocket) {
        while let connection = listener.accept() { try? connection.send([0x67]) }
    }
}
