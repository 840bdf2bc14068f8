import FwdCore
import FwdTestSupport
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import Testing

@testable import FwdControl

/// The decoder of the control protocol without a socket: NIO's HTTP decoder as the server sets it up, then our routes,
/// names and query values. Fast enough for millions of inputs; `RequestFuzzTests` asks the real socket.
@Suite struct RequestDecoderFuzzTests {
    @Test(.timeLimit(.minutes(Fuzzer.minutes))) func everyRequestIsDecodedToAnAnswerOrRefused() async throws {
        // All are settled, so that no answer waits.
        let backend = BackendStub(gateways: [.make("a", .up, [.make("x", .up)]), .make("b", .up)])
        let routes = Self.routes(backend)
        let responder = routes.buildResponder()
        // Only the check of the peer, which is left out here, looks at it.
        let channel = NIOAsyncTestingChannel()
        let fuzzer = Fuzzer(seed: 14, samples: RequestFuzzTests.requests, tokens: RequestFuzzTests.tokens)
        var tally: [Int: Int] = [:]
        for number in Fuzzer.numbers {
            for status in await Self.statuses(of: fuzzer.input(number), responder, channel) {
                tally[status / 100, default: 0] += 1
                if status / 100 == 5 { Issue.record("input \(number) is answered with \(status)") }
            }
        }
        let count = Fuzzer.numbers.count
        #expect(tally[2, default: 0] > count / 50 && tally[4, default: 0] > count / 20, "\(tally) of \(count)")
    }

    /// As the server's, but for two things: there is no peer to be checked, and no connection that may close meanwhile.
    private static func routes(_ backend: BackendStub) -> Router<ControlContext> {
        let answers = ControlRouter(backend: backend, owner: 0, logger: ControlServerFixture.silent)
        let routes = Router(context: ControlContext.self)
        routes.add(middleware: ControlErrorMiddleware())
        routes.add(middleware: BoundedBodyMiddleware())
        for route in ControlRoute.allCases {
            routes.on(RouterPath(route.template), method: route.method.http) { request, context in
                guard [.gatewaySettled, .forwardSettled].contains(route) else {
                    return try await answers.answer(route, request, context)
                }
                let (settlement, timeout) = try ControlRouter.settlement(request, context)
                return JSONAnswer.make(try await settlement.wait(for: timeout, in: backend))
            }
        }
        return routes
    }

    /// What the requests in `input` are answered with; 400 for where it is no HTTP any more.
    private static func statuses(
        of input: [UInt8], _ responder: some HTTPResponder<ControlContext>, _ channel: any Channel
    ) async -> [Int] {
        let (heads, isBroken) = decode(input)
        var statuses = isBroken ? [400] : []
        for head in heads {
            let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: "{}")))
            let source = ApplicationRequestContextSource(channel: channel, logger: ControlServerFixture.silent)
            let context = ControlContext(source: source)
            do {
                statuses.append(try await responder.respond(to: request, context: context).status.code)
            } catch {
                statuses.append(JSONAnswer.make(thrown: error, for: request).status.code)
            }
        }
        return statuses
    }

    /// The requests that NIO finds, up to where it is no HTTP any more.
    private static func decode(_ input: [UInt8]) -> (heads: [HTTPRequest], isBroken: Bool) {
        let channel = EmbeddedChannel()
        var isBroken = false
        do {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false)
            try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try channel.writeInbound(ByteBuffer(bytes: input))
        } catch {
            isBroken = true
        }
        var heads: [HTTPRequest] = []
        while let part = try? channel.readInbound(as: HTTPRequestPart.self) {
            if case .head(let head) = part { heads.append(head) }
        }
        // What is cut off is an error of the decoder, which ends the connection.
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return (heads, isBroken)
    }
}
