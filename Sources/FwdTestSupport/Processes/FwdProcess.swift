import Foundation

/// The `fwd` that was built beside the tests.
public enum FwdProcess {
    /// `$FWD_BINARY`, else `fwd` in the directory of the test executable (.build/<triple>/debug).
    public static func path() throws -> String {
        if let path = ProcessInfo.processInfo.environment["FWD_BINARY"] { return try ChildProcess.find(path) }
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var directory = URL(filePath: own).deletingLastPathComponent()
        // Some test runners start from a bundle inside that directory.
        for _ in 0..<4 {
            let candidate = directory.appending(path: "fwd").path(percentEncoded: false)
            if isExecutableFile(candidate) { return candidate }
            directory.deleteLastPathComponent()
        }
        throw TestSupportError("there is no fwd beside \(own); build it first: swift build --product fwd")
    }

    /// Runs `fwd` to its end.
    /// - Parameters:
    ///   - wrapper: a command that ends by executing its last arguments, as `unshare -m` does.
    ///   - environment: set in addition to this process's own, without its `FWD_…` variables.
    public static func run(
        _ arguments: [String], under wrapper: [String] = [], environment: [String: String] = [:], input: String = "",
        within deadline: Duration = .seconds(30)
    ) async throws -> ProcessResult {
        let command = try wrapper + [path()] + arguments
        return try await ProcessRun.run(
            command[0], Array(command.dropFirst()), environment: merged(environment), input: input, within: deadline)
    }

    /// Runs `fwd` while `body` runs, then ends it: SIGTERM, and SIGKILL after `deadline`. An error that leaves carries
    /// what `fwd` wrote to standard error.
    /// - Parameter wrapper: a command that ends by executing its last arguments, as `unshare -m` does.
    public static func running<Result>(
        _ arguments: [String], under wrapper: [String] = [], environment: [String: String] = [:],
        passing descriptors: [CInt] = [], endingWithin deadline: Duration = .seconds(15),
        isolation: isolated (any Actor)? = #isolation, _ body: (ChildProcess) async throws -> Result
    ) async throws -> Result {
        let command = try wrapper + [path()] + arguments
        return try await ProcessRun.running(
            command[0], Array(command.dropFirst()), environment: merged(environment), passing: descriptors,
            endingWithin: deadline
        ) { process in
            do {
                return try await body(process)
            } catch {
                let tail = process.standardError.split(separator: "\n").suffix(40).joined(separator: "\n")
                throw FwdTestFailure(cause: error, standardError: tail)
            }
        }
    }

    private static func merged(_ environment: [String: String]) -> [String: String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("FWD_") }
            .merging(environment) { _, given in given }
    }

    private static func isExecutableFile(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
            && access(path, X_OK) == 0
    }
}

/// What a test threw, with what `fwd` said meanwhile.
public struct FwdTestFailure: Error, CustomStringConvertible {
    public let cause: any Error
    public let standardError: String

    public var description: String { "\(cause)\nfwd's standard error ends with:\n\(standardError)" }
}
