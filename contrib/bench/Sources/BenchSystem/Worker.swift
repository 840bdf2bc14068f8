import Foundation
import Synchronization

/// A thread that runs one closure, and whose result can be waited for.
public final class Worker<Result: Sendable>: Sendable {
    private let outcome = Mutex<Swift.Result<Result, any Error>?>(nil)
    private let finished = DispatchSemaphore(value: 0)

    /// Waits for the end of the closure. To be called once.
    public func result() throws -> Result {
        finished.wait()
        return try outcome.withLock { $0! }.get()
    }

    fileprivate func run(in place: Place, _ body: () throws -> Result) {
        let ended = Swift.Result {
            try place.enter()
            return try body()
        }
        outcome.withLock { $0 = ended }
        finished.signal()
    }
}

extension Worker {
    /// Starts `body` on a thread of its own, in the place.
    public static func start(in place: Place = .here, _ body: @escaping @Sendable () throws -> Result) -> Worker {
        let worker = Worker()
        let thread = Thread { worker.run(in: place, body) }
        thread.stackSize = 256 * 1024
        thread.start()
        return worker
    }
}

/// Runs `body` on `count` threads at once and returns what they returned, in order; the first error wins.
public func onThreads<Result: Sendable>(
    _ count: Int, in place: Place = .here, _ body: @escaping @Sendable (Int) throws -> Result
) throws -> [Result] {
    let workers = (0..<count).map { number in Worker.start(in: place) { try body(number) } }
    return try workers.map { worker in Swift.Result { try worker.result() } }.map { try $0.get() }
}
