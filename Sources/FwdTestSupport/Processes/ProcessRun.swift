/// What a process that has ended leaves.
public struct ProcessResult: Equatable, Sendable {
    public let exit: ProcessExit
    public let output: String
    public let errors: String
}

/// Runs commands, each with a deadline.
public enum ProcessRun {
    /// Runs a command to its end. It is killed, and an error thrown, at the deadline.
    public static func run(
        _ command: String, _ arguments: [String], environment: [String: String]? = nil, input: String = "",
        within deadline: Duration = .seconds(30)
    ) async throws -> ProcessResult {
        let child = try ChildProcess.start(command, arguments, environment: environment, input: input)
        do {
            let exit = try await child.waitForExit(within: deadline)
            return ProcessResult(exit: exit, output: child.standardOutput, errors: child.standardError)
        } catch {
            await child.end(within: .seconds(1))
            throw TestSupportError("\(error); it wrote: \(child.standardOutput)\(child.standardError)")
        }
    }

    /// The standard output of a command that must succeed.
    public static func output(
        of command: String, _ arguments: [String], within deadline: Duration = .seconds(30)
    ) async throws -> String {
        let result = try await run(command, arguments, within: deadline)
        guard result.exit.isSuccess else {
            let line = ([command] + arguments).joined(separator: " ")
            throw TestSupportError("\"\(line)\" ended with \(result.exit): \(result.errors)\(result.output)")
        }
        return result.output
    }

    /// Runs a command while `body` runs, then ends it: SIGTERM, and SIGKILL after `deadline`.
    public static func running<Result>(
        _ command: String, _ arguments: [String], environment: [String: String]? = nil,
        passing descriptors: [CInt] = [], endingWithin deadline: Duration = .seconds(10),
        isolation: isolated (any Actor)? = #isolation,
        _ body: (ChildProcess) async throws -> Result
    ) async throws -> Result {
        let child = try ChildProcess.start(command, arguments, environment: environment, passing: descriptors)
        return try await withCleanUp {
            try await body(child)
        } cleanUp: {
            await child.end(within: deadline)
        }
    }
}
