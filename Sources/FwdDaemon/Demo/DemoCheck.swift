import AsyncHTTPClient
import FwdCore
import NIOCore
import NIOHTTP1

/// Fetches the page through every forward and compares it.
struct DemoCheck: Sendable {
    private static let maximumPage = 64 * 1024

    let page: String

    /// - Throws: `demo` at the first forward that does not deliver the page.
    func run(_ gateway: GatewayStatus, say: @Sendable (String) -> Void) async throws {
        for forward in gateway.forwards {
            guard let url = Self.url(forward) else {
                throw DaemonError(.demo, "\(forward.name) does not say which port it listens on")
            }
            let body = try await fetch(url, forward)
            guard body == page else {
                throw DaemonError(.demo, "\(forward.name) delivered another page than the target's: \(body.prefix(80))")
            }
            say("\(forward.name): \(forward.spec)")
            say("    \(url) delivered the target's \(body.utf8.count) bytes")
        }
    }

    private func fetch(_ url: String, _ forward: ForwardStatus) async throws -> String {
        do {
            var request = HTTPClientRequest(url: url)
            // A connection that is kept would hold up the drain at the end.
            request.headers.add(name: "connection", value: "close")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            let body = try await response.body.collect(upTo: Self.maximumPage)
            return String(buffer: body)
        } catch {
            throw DaemonError(.demo, "cannot fetch \(url) through \(forward.name) (\(forward.spec)): \(error)")
        }
    }

    /// Where a forward of the demo can be fetched from. Both ends are this machine.
    static func url(_ forward: ForwardStatus) -> String? {
        let configured = forward.listen.split(separator: ":").last.flatMap { UInt16($0) }
        guard let port = forward.boundPort ?? configured, port != 0 else { return nil }
        return "http://127.0.0.1:\(port)/"
    }
}
