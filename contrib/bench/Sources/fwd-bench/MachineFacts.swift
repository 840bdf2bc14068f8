import BenchLine
import BenchSystem
import Foundation

/// What a reader must know of the machine and the run.
enum MachineFacts {
    static func facts(_ options: BenchOptions, seconds: Double) -> [String: String] {
        [
            "date": Versions.firstLine(["date", "-u", "+%Y-%m-%d"]),
            "processor": processor,
            "memory": memory,
            "kernel": Versions.firstLine(["uname", "-srm"]),
            "system": osRelease,
            "congestion control": DelayLine.congestionControl,
            "runs": "\(options.runs) of each figure, \(Int(seconds / 60 + 0.5)) minutes in all"
                + (options.quick ? ", short samples (--quick)" : ""),
            "commit": Versions.firstLine(["git", "-C", options.repository, "rev-parse", "--short", "HEAD"]),
        ].compactMapValues { $0 }
    }

    private static var processor: String? {
        let lines = (readTextFile("/proc/cpuinfo") ?? "").split(separator: "\n")
        let cores = lines.filter { $0.hasPrefix("processor") }.count
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last?.dropFirst()
        return "\(model ?? "unknown"), \(cores) cores"
    }

    private static var memory: String? {
        let line = readTextFile("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix("MemTotal") }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
        return kibibytes.map { String(format: "%.0f GiB", $0 / 1_048_576) }
    }

    private static var osRelease: String? {
        let lines = (readTextFile("/etc/os-release") ?? "").split(separator: "\n")
        return lines.first { $0.hasPrefix("PRETTY_NAME=") }?.dropFirst(12).filter { $0 != "\"" }
    }
}
