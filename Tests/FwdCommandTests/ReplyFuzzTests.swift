import Foundation
import FwdCore
import FwdDaemon
import FwdTestSupport
import NIOCore
import Testing

@testable import FwdControl
@testable import fwd

/// Whatever answers at the control socket, a verb shows it or says that it is no answer.
@Suite struct ReplyFuzzTests {
    private static let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\\u202e", "null", "true", "false", "-", ".",
        "e",
        "0", "9", "99999999999999999999", "1e308", "1e400", "-1e308", "e9", "e300", "1e-400", "9223372036854775807",
        "-9223372036854775808", "18446744073709551615", "18446744073709551616", "\"up\"", "\"lost\"", "\"retry\"", "{}",
        "[]", "[[[[[[[[", "\0", "\u{1b}[2J", "é", "\u{301}", "🇳🇱", "\u{FEFF}", "\"\"", ":",
    ]

    @Test(arguments: Reply.all) func everyReplyIsShownOrRefused(reply: Reply) throws {
        let fuzzer = Fuzzer(seed: 13, samples: try reply.samples(), tokens: Self.tokens.map { Array($0.utf8) })
        var good = 0
        for number in Fuzzer.numbers {
            do {
                try reply.read(ByteBuffer(bytes: fuzzer.input(number)))
                good += 1
            } catch is DecodingError {
            } catch let error as ControlError {
                if error.code != .badAnswer { Issue.record("input \(number): \(error)") }
            } catch {
                Issue.record("input \(number): \(error)")
            }
        }
        let count = Fuzzer.numbers.count
        #expect(good > count / 200 && good < count * 9 / 10, "\(good) of \(count) are good")
    }

    /// A kind of reply, and what becomes of it at the client.
    struct Reply: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let samples: @Sendable () throws -> [[UInt8]]
        let read: @Sendable (ByteBuffer) throws -> Void

        private init<Value: Codable & Equatable>(
            _ samples: [Value], _ show: @escaping @Sendable (Value) throws -> Void
        ) where Value: Sendable {
            testDescription = "\(Value.self)"
            self.samples = { try samples.map { Array(try ControlJSON.encode($0)) } }
            read = { body in
                let value: Value = try ControlAnswer.decode(status: 200, body: body)
                try show(value)
                let text = try JSONText.render(value)
                if try ControlJSON.decode(Value.self, from: Data(text.utf8)) != value {
                    Issue.record("not the same again: \(text)")
                }
            }
        }

        static let all = [
            Reply([snapshot]) { snapshot in
                _ = ListView.render(snapshot, .plain)
                _ = StatusView.supervisor(snapshot)
                for gateway in snapshot.gateways {
                    _ = StatusView(now: snapshot.takenAt, style: .plain).render(gateway)
                    _ = Readiness(of: gateway.name, in: snapshot)
                }
                _ = Readiness(of: snapshot)
            },
            Reply([SettledReply(isSettled: true, gateway: snapshot.gateways[0])]) { reply in
                _ = StatusView(now: reply.gateway.since, style: .plain).render(reply.gateway)
            },
            Reply([HistoryReply(gateways: [HistoryReply.Gateway(gateway: "a", events: events)])]) {
                _ = HistoryView.render($0, .plain)
            },
            Reply([reload]) { _ = ReloadView.render($0, .plain) },
            Reply([RetryReply(gateways: ["a", "b"])]) { _ in },
            Reply([ControlError(.notFound, "no gateway \"a\" runs")]) { _ in },
        ]

        private static let cause = Cause(.lost, "reset")
        private static let events = [
            GatewayEvent(at: Timestamp(secondsSince1970: 5), from: "up", to: "backingOff", cause: cause),
            GatewayEvent(
                at: Timestamp(secondsSince1970: 1.5), until: Timestamp(secondsSince1970: 7), count: 3, forward: "x",
                from: "up", to: "degraded"),
        ]
        private static let reload = ReloadReply(
            isSuccessful: false, errors: ["a.yaml:1:1: x"], warnings: [],
            gateways: [
                ReloadReply.Gateway(gateway: "a", action: .restarted, started: ["x"], details: ["user: ann -> bob"])
            ])
        private static let snapshot: StatusSnapshot = {
            var forward = ListViewTests.forward("x", .degraded)
            forward.boundPort = 7
            forward.lastError = LastError(at: Timestamp(secondsSince1970: 3), cause: cause)
            forward.probe = ProbeStatus(
                at: Timestamp(secondsSince1970: 4), isSuccess: true, durationSeconds: 0.5, message: "m")
            var gateway = ListViewTests.gateway("a", .backingOff, [forward])
            gateway.session = StatusViewTests.session
            gateway.failures = ["lost": 2]
            gateway.nextRetry = Timestamp(secondsSince1970: 9)
            gateway.lastError = LastError(at: Timestamp(secondsSince1970: 3), cause: cause)
            gateway.channelOpen.record(.milliseconds(4))
            gateway.credentials = [CredentialStatus(credential: "k", outcome: .unusable, reason: "r")]
            var snapshot = ListViewTests.snapshot([gateway])
            snapshot.configuration.errors = ["e"]
            snapshot.configuration.refusedGateways = ["b"]
            return snapshot
        }()
    }
}
