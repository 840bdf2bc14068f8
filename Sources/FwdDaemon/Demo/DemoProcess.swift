import Foundation

/// A child process whose output, both streams together, is read line by line.
final class DemoProcess: Sendable {
    let lines: AsyncStream<String>
    private let process: Process
    private let exit: AsyncStream<Int32>

    init(_ path: String, _ arguments: [String]) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let (exit, exited) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = {
            exited.yield($0.terminationStatus)
            exited.finish()
        }
        lines = Self.lines(of: output.fileHandleForReading)
        self.process = process
        self.exit = exit
        try process.run()
    }

    /// Runs a program to its end.
    /// - Returns: its exit status and what it printed.
    static func run(_ path: String, _ arguments: [String]) async throws -> (status: Int32, output: [String]) {
        let process = try DemoProcess(path, arguments)
        var output: [String] = []
        for await line in process.lines { output.append(line) }
        return (await process.status(), output)
    }

    /// The exit status, once it has ended.
    private func status() async -> Int32 {
        for await status in exit { return status }
        return process.isRunning ? -1 : process.terminationStatus
    }

    /// Ends it, by its process id, and waits until it is gone; also when the task is cancelled.
    func stop() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [process] in
                if process.isRunning { process.terminate() }
                process.waitUntilExit()
                continuation.resume()
            }
        }
    }

    private static func lines(of handle: FileHandle) -> AsyncStream<String> {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        let splitter = LineSplitter(continuation)
        handle.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                splitter.finish()
            } else {
                splitter.append(data)
            }
        }
        return lines
    }
}
