import CBench
import Foundation

/// Where sockets are made: on this machine's own network, or in a network namespace.
public enum Place: Hashable, Sendable {
    case here
    /// A namespace of that name, made by `ip netns add`.
    case namespace(String)

    /// Moves the calling thread there, and for ever: only for threads that end with their work.
    func enter() throws {
        guard case .namespace(let name) = self else { return }
        let error = bench_enter_namespace("/run/netns/\(name)")
        guard error == 0 else { throw BenchError.call("enter the network namespace \(name)", error) }
    }

    /// Runs `body` there and returns what it returned. What it opens or starts stays there.
    public func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) throws -> Result {
        if self == .here { return try body() }
        return try Worker.start(in: self, body).result()
    }
}
