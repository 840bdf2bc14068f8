import Foundation
import FwdTestSupport

/// A TCP connection from one namespace to an address in another, whose bytes are compared by hash.
enum NamespaceStream {
    /// Sends `mebibytes` to the server, or takes them from it; prints what the two ends have hashed, and the seconds.
    private static let program = """
        import hashlib, os, socket, sys, threading, time
        role, address, port, mebibytes, direction = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        def send(s):
            block, digest = os.urandom(1 << 20), hashlib.sha256()
            for _ in range(mebibytes):
                s.sendall(block)
                digest.update(block)
            s.shutdown(socket.SHUT_WR)
            return digest.hexdigest()
        def receive(s):
            digest = hashlib.sha256()
            while True:
                block = s.recv(1 << 18)
                if not block: return digest.hexdigest()
                digest.update(block)
        if role == "server":
            listener = socket.socket(family)
            listener.bind((address, 0))
            listener.listen()
            print(listener.getsockname()[1], flush=True)
            s, _ = listener.accept()
        else:
            s = socket.create_connection((address, port), 20)
            s.settimeout(60)
        begin = time.time()
        print((receive if (role == "server") == (direction == "up") else send)(s), time.time() - begin, flush=True)
        if role == "client" and direction == "up": s.recv(1)
        """

    struct Outcome {
        let isSame: Bool
        let megabytesPerSecond: Double
    }

    static func run(
        from near: NetworkNamespace, to address: String, in far: NetworkNamespace, mebibytes: Int, isUp: Bool,
        meanwhile: () async throws -> Void = {}
    ) async throws -> Outcome {
        let direction = isUp ? "up" : "down"
        let server = command(far, ["server", address, "0", "\(mebibytes)", direction])
        return try await ProcessRun.running(server[0], Array(server.dropFirst())) { server in
            let port = try await eventually("the server listens") { server.standardOutput.split(separator: "\n").first }
            let client = command(near, ["client", address, String(port), "\(mebibytes)", direction])
            return try await ProcessRun.running(client[0], Array(client.dropFirst())) { client in
                try await meanwhile()
                _ = try await server.waitForExit(within: .seconds(120))
                _ = try await client.waitForExit(within: .seconds(120))
                return try outcome(server, client, mebibytes)
            }
        }
    }

    private static func command(_ space: NetworkNamespace, _ arguments: [String]) -> [String] {
        space.wrapper + ["python3", "-c", program] + arguments
    }

    private static func outcome(_ server: ChildProcess, _ client: ChildProcess, _ mebibytes: Int) throws -> Outcome {
        let ends = [server, client].compactMap { $0.standardOutput.split(separator: "\n").last?.split(separator: " ") }
        guard ends.count == 2, ends.allSatisfy({ $0.count == 2 }),
            let seconds = ends.compactMap({ Double($0[1]) }).max()
        else { throw TestSupportError("the stream was cut: \(server.standardError)\(client.standardError)") }
        return Outcome(isSame: ends[0][0] == ends[1][0], megabytesPerSecond: Double(mebibytes) * 1.048576 / seconds)
    }
}
