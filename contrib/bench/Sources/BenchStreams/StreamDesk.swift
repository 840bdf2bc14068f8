import BenchSystem
import Foundation
import Synchronization

/// Where the client's end of a stream and the target's end of it meet, both in this process.
final class StreamDesk: Sendable {
    private struct Entry {
        let plan: StreamPlan
        var farEnd: Result<StreamSummary, any Error>?
        let arrived = DispatchSemaphore(value: 0)
    }

    private let entries = Mutex<[UInt64: Entry]>([:])
    private let count = Atomic<UInt64>(0)

    /// Makes the plan of a new stream. `forget` it at the end.
    func open(for duration: Duration, sendBuffer: Int?) -> StreamPlan {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        let plan = StreamPlan(number: number, duration: duration, sendBuffer: sendBuffer)
        entries.withLock { $0[plan.number] = Entry(plan: plan) }
        return plan
    }

    func plan(_ number: UInt64) -> StreamPlan? {
        entries.withLock { $0[number]?.plan }
    }

    /// The target's end of the stream has come to its end.
    func leave(_ result: Result<StreamSummary, any Error>, for number: UInt64) {
        entries.withLock { entries in
            entries[number]?.farEnd = result
            _ = entries[number]?.arrived.signal()
        }
    }

    /// Waits for the target's end.
    func farEnd(of number: UInt64, within limit: Duration) throws -> StreamSummary {
        guard let arrived = entries.withLock({ $0[number]?.arrived }) else { throw BenchError("no stream \(number)") }
        guard arrived.wait(timeout: .now() + limit.inSeconds) == .success else {
            throw BenchError("the target has not seen the end of the stream within \(limit)")
        }
        return try entries.withLock { $0[number]!.farEnd! }.get()
    }

    func forget(_ number: UInt64) {
        entries.withLock { $0[number] = nil }
    }
}
