import FwdCore
import Glibc
import NIOCore
import Subprocess

/// iproute2's ip, which sets network devices up.
enum IPCommand {
    private static let longestError = 4096

    /// Whether this system speaks IPv6.
    static var hasIPv6: Bool { access("/proc/net/if_inet6", F_OK) == 0 }

    /// Runs the lines one after the other, up to the first that fails, or all of them whatever fails.
    static func run(_ lines: [String], untilFailure: Bool = true) async throws(Cause) {
        guard !lines.isEmpty else { return }
        let options = (untilFailure ? [] : ["-force"]) + ["-batch", "-"]
        let (isSuccess, errors) = try await output(lines.map { $0 + "\n" }.joined(), options)
        if isSuccess { return }
        let text = printable(errors.split(whereSeparator: \.isNewline).joined(separator: "; "))
        if errors.contains("Operation not permitted") {
            throw Cause(.forbidden, .needsOperator, NetworkText.noCapability("ip: \(text)"))
        }
        throw Cause(.bind, "ip refuses to set the device up: \(text)")
    }

    private static func output(
        _ batch: String, _ options: [String]
    ) async throws(Cause) -> (isSuccess: Bool, errors: String) {
        do {
            let result = try await Subprocess.run(
                .name("ip"), arguments: Arguments(options), input: .string(batch), output: .discarded,
                error: .string(limit: longestError))
            return (result.terminationStatus.isSuccess, result.standardError)
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw Cause(.config, .needsOperator, "there is no ip here, which sets the device up (package iproute2)")
        } catch {
            throw Cause(.bind, "ip could not be run: \(error)")
        }
    }
}
