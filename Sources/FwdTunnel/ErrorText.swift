import FwdCore
import Glibc
import LibSSH2
import NIOCore
import NIOPosix

/// The text of an error for people: `connection refused`, not `connect(descriptor:addr:size:): ...(errno: 111)`.
func describe(_ error: any Error) -> String {
    switch error {
    case let error as IOError: systemText(error.errnoCode)
    case let error as Cause: error.message
    case let error as LibSSH2Error: error.description
    case let error as NIOConnectionError: describe(connection: error)
    case ChannelError.connectTimeout: "no answer in time"
    default: "\(error)"
    }
}

func systemText(_ code: CInt) -> String {
    let text = String(cString: strerror(code))
    return text.prefix(1).lowercased() + text.dropFirst()
}

private func describe(connection error: NIOConnectionError) -> String {
    let failures = error.connectionErrors.map { "\(describe($0.error)) by \(describe($0.target))" }
    return failures.isEmpty ? "no address to connect to" : failures.joined(separator: ", ")
}

/// `192.0.2.1:22` or `[2001:db8::1]:22`.
func describe(_ address: SocketAddress) -> String {
    ForwardSpec.Endpoint(host: address.ipAddress ?? "?", port: UInt16(clamping: address.port ?? 0)).description
}

/// Text from the peer, made fit for a log line: printable ASCII, bounded.
func printable(_ text: String, limit: Int = 200) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit).map { (" "..."~").contains($0) ? $0 : "?" }))
}
