import FwdCore
import FwdTestSupport
import NIOCore
import NIOEmbedded
import Testing

@testable import FwdTunnel

@Suite("What a client asks a dynamic forward for")
struct ProxyIntakeTests {
    @Test(
        "a request is understood, however it is cut, and no byte behind it is lost", arguments: ProxyDialect.allCases)
    func understandsAnyCut(dialect: ProxyDialect) throws {
        let bytes = dialect.parts(port: 8080).flatMap { $0 }
        let stream = bytes + Array("hello".utf8)
        for cut in 0...stream.count {
            let harness = try IntakeHarness()
            harness.send(stream[..<cut])
            harness.send(stream[cut...])
            try expect(harness, dialect, "cut at \(cut)")
        }
        let dripping = try IntakeHarness()
        for (place, byte) in stream.enumerated() {
            #expect((dripping.outcome == nil) == (place < bytes.count), "at byte \(place)")
            dripping.send([byte])
        }
        try expect(dripping, dialect, "byte by byte")
    }

    private func expect(_ harness: IntakeHarness, _ dialect: ProxyDialect, _ comment: Comment) throws {
        let hosts: [ProxyDialect: String] = [.socks5IPv6: "[::ffff:127.0.0.1]:8080"]
        let plain = dialect.usesName ? "localhost:8080" : "127.0.0.1:8080"
        #expect(harness.destination == hosts[dialect] ?? plain, comment)
        #expect(harness.leftover == Array("hello".utf8), comment)
        #expect(try harness.told() == dialect.greeting, "told before the channel is there: \(comment)")
        harness.intake.opened(harness.channel)
        #expect(try harness.told() == dialect.granted, comment)
        harness.finish()
    }

    @Test(
        "what cannot be carried is refused with its own code",
        arguments: [
            ([5, 1, 0, 5, 2, 0, 1, 127, 0, 0, 1, 0, 80], [5, 0, 5, 7]),
            ([5, 1, 0, 5, 3, 0, 1, 127, 0, 0, 1, 0, 80], [5, 0, 5, 7]),
            ([5, 1, 0, 5, 1, 0, 9], [5, 0, 5, 8]),
            ([5, 1, 2], [5, 0xFF]),
            ([5, 0], [5, 0xFF]),
            ([5, 1, 0, 4, 1], [5, 0, 5, 1]),
            ([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, 0, 0], [5, 0, 5, 1]),
            ([5, 1, 0, 5, 1, 0, 3, 0, 0, 80], [5, 0, 5, 1]),
            ([5, 1, 0, 5, 1, 0, 3, 3] + Array("a b".utf8) + [0, 80], [5, 0, 5, 1]),
            ([4, 2, 0, 80, 127, 0, 0, 1, 0], [0, 91]),
            ([4, 1, 0, 0, 127, 0, 0, 1, 0], [0, 91]),
            ([4, 1, 0, 80, 127, 0, 0, 1] + [UInt8](repeating: 65, count: 300), [0, 91]),
            (Array("GET http://localhost/ HTTP/1.1\r\n\r\n".utf8), Array("HTTP/1.1 405 ".utf8)),
            (Array("CONNECT localhost HTTP/1.1\r\n\r\n".utf8), Array("HTTP/1.1 400 ".utf8)),
            (Array("CONNECT localhost:0 HTTP/1.1\r\n\r\n".utf8), Array("HTTP/1.1 400 ".utf8)),
            (Array("CONNECT ::1:80 HTTP/1.1\r\n\r\n".utf8), Array("HTTP/1.1 400 ".utf8)),
            (Array("CONNECT a:80 HTTP/1.1\r\nno field\r\n\r\n".utf8), Array("HTTP/1.1 400 ".utf8)),
            (
                Array("CONNECT a:80 HTTP/1.1\r\nX: ".utf8) + [UInt8](repeating: 65, count: 17_000),
                Array("HTTP/1.1 400 ".utf8)
            ),
        ] as [([UInt8], [UInt8])])
    func refuses(request: [UInt8], words: [UInt8]) throws {
        let harness = try IntakeHarness()
        harness.send(request)
        if case .failure(let failure)? = harness.outcome {
            #expect(failure.result == .badRequest)
        } else {
            Issue.record("it was not refused")
        }
        #expect(harness.refuse())
        let told = try harness.told()
        #expect(told.starts(with: words), "\(told)")
        harness.finish()
    }

    @Test("why there is no channel is told in the protocol's words", arguments: ProxyDialect.allCases)
    func tellsWhy(dialect: ProxyDialect) throws {
        let causes: [(Cause, UInt8, Int)] = [
            (Cause(.forbidden, "forbidden"), 2, 403),
            (Cause(.target, "x cannot be reached from the gateway: Network is unreachable"), 3, 502),
            (Cause(.target, "x cannot be reached from the gateway: No route to host"), 4, 502),
            (Cause(.target, "x cannot be reached from the gateway: connect failed"), 4, 502),
            (Cause(.target, "x cannot be reached from the gateway: Connection refused"), 5, 502),
            (Cause(.timeout, "x did not answer"), 4, 504),
            (Cause(.lost, "the gateway is not connected"), 1, 502),
        ]
        for (cause, code, status) in causes {
            let harness = try IntakeHarness()
            harness.send(dialect.parts(port: 80).flatMap { $0 })
            _ = try harness.told()
            #expect(harness.refuse(cause))
            let told = try harness.told()
            #expect(told.starts(with: dialect.refusal(code, status)), "\(cause): \(told)")
            harness.finish()
        }
    }

    @Test("only what is permitted may be asked for, an address by address and a name by name")
    func permits() throws {
        let range = try #require(AddressRange(network: [127, 0, 0, 0], prefixLength: 8))
        let permit = [
            PermittedDestination(host: .addresses(range), ports: 80...90),
            PermittedDestination(host: .namesBelow("internal"), ports: 443...443),
        ]
        let cases: [(String, UInt16, Bool)] = [
            ("127.0.0.1", 80, true), ("127.0.0.1", 91, false), ("::ffff:127.0.0.1", 90, true), ("10.0.0.1", 80, false),
            ("localhost", 80, false), ("127.1", 80, false), ("wiki.internal", 443, true), ("WIKI.Internal.", 443, true),
            ("internal", 443, false), (".internal", 443, false), ("notinternal", 443, false),
            ("wiki.internal.evil", 443, false), ("wiki.internal", 80, false),
        ]
        for (host, port, isPermitted) in cases {
            let harness = try IntakeHarness(permit: permit)
            // As a name: whatever looks like an address is one.
            harness.send(ProxyDialect.socks5Name.parts(name: host, port: port).flatMap { $0 })
            #expect((harness.destination != nil) == isPermitted, "\(host):\(port)")
            if case .failure(let failure)? = harness.outcome { #expect(failure.result == .notAllowed) }
            _ = harness.refuse()
            let told = try harness.told()
            #expect(isPermitted || told == [5, 0, 5, 2, 0, 1, 0, 0, 0, 0, 0, 0], "\(host):\(port)")
            harness.finish()
        }
    }

    @Test("a client that says nothing, or drips, is ended after ten seconds without a word")
    func endsSilence() throws {
        for bytes: [UInt8] in [[], [5], [4, 1, 0], Array("CONNECT ".utf8)] {
            let harness = try IntakeHarness()
            harness.channel.embeddedEventLoop.advanceTime(by: .seconds(9))
            harness.send(bytes)
            #expect(harness.outcome == nil)
            harness.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            if case .failure(let failure)? = harness.outcome {
                #expect(failure.result == .badRequest && !failure.isTrouble)
            } else {
                Issue.record("it waits for ever")
            }
            #expect(!harness.refuse())
            harness.finish()
        }
    }

    @Test("hostile requests never crash it, and always come to an end", .timeLimit(.minutes(Fuzzer.minutes)))
    func survivesFuzzing() throws {
        let samples = ProxyDialect.allCases.map { $0.parts(port: 443).flatMap { $0 } + Array("hello".utf8) }
        let tokens: [[UInt8]] = [[5, 1, 0], [4, 1], [0], Array("\r\n\r\n".utf8), [0xFF]]
        let fuzzer = Fuzzer(seed: 7, samples: samples, tokens: tokens)
        var ends: [String: Int] = [:]
        for number in Fuzzer.numbers {
            let harness = try IntakeHarness()
            let input = fuzzer.input(number)
            for start in stride(from: 0, to: input.count, by: 7) { harness.send(input[start...].prefix(7)) }
            harness.channel.embeddedEventLoop.advanceTime(by: .seconds(10))
            switch harness.outcome {
            case .success: ends["asked", default: 0] += 1
            case .failure: ends[harness.refuse() ? "refused" : "reset", default: 0] += 1
            case nil: Issue.record("input \(number) has no end")
            }
            harness.finish()
        }
        #expect(ends.count == 3, "\(ends)")
    }
}
