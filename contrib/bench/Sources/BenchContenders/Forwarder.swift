import BenchSystem

/// A contender at work.
public final class Forwarder: Sendable {
    public let contender: Contender
    public let plan: ForwardPlan
    public let processes: [ChildProcess]
    /// When its first process was started.
    public let started: Moment

    /// Starts its processes, and waits for nothing.
    public init(_ contender: Contender, _ plan: ForwardPlan, in directory: WorkDirectory) throws {
        self.contender = contender
        self.plan = plan
        let directory = try directory.directory("\(contender.name)-\(Moment.now.nanoseconds)")
        let launches = try contender.launches(plan, directory)
        started = .now
        processes = try plan.place.run {
            try launches.enumerated().map { number, launch in
                try ChildProcess.start(
                    launch.command, environment: launch.environment, log: directory.file("log\(number)"))
            }
        }
    }

    /// Where a connection to the target of that number of the first gateway begins.
    public func endpoint(_ number: Int = 0) -> Endpoint {
        let forward = plan.gateways[0][number]
        return processes.isEmpty ? forward.target : Endpoint(port: forward.listen)
    }

    /// Until every forward has its listener. Nothing connects for that.
    /// - Returns: the moment.
    @discardableResult
    public func waitUntilListening(within limit: Duration = .seconds(30)) throws -> Moment {
        let wanted = processes.isEmpty ? [] : plan.ports
        var left = 0
        do {
            try waitUntil("all listen", within: limit, every: .milliseconds(2)) {
                for process in processes { try process.checkIsRunning() }
                let listened = processes.first.map { Ports.listened(by: $0.pid) } ?? []
                left = wanted.subtracting(listened).count
                return left == 0
            }
        } catch {
            throw BenchError("\(left) of \(wanted.count) forwards do not listen: \(error); \(lastWords)")
        }
        return .now
    }

    public var lastWords: String { processes.map(\.output).first { !$0.isEmpty }.map { String($0.suffix(400)) } ?? "" }

    public var tree: [ProcessTree] { processes.map { ProcessTree(of: $0.pid) } }

    public var cpuSeconds: Double { tree.map(\.cpuSeconds).reduce(0, +) }
    public var proportionalBytes: Int { tree.map(\.proportionalBytes).reduce(0, +) }
    public var residentBytes: Int { tree.map(\.residentBytes).reduce(0, +) }

    public func stop() {
        for process in processes { process.stop() }
    }
}
