import Crypto
import Foundation
import FwdControl
import FwdCore
import NIOCore
import Synchronization
import Testing

@testable import FwdDaemon

@Suite struct StatusPageTests {
    @Test func thePolicyAllowsTheTwoBlocksAndNothingElse() throws {
        let page = StatusPage.standard
        for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
            let block = try #require(
                page.html.firstMatch(of: try Regex("(?s)<\(tag)>(.*)</\(tag)>"))?.output[1].substring)
            #expect(block.count > 1_000)
            let hash = Data(SHA256.hash(data: Data(block.utf8))).base64EncodedString()
            #expect(page.policy.contains("\(directive) 'sha256-\(hash)';"))
        }
        #expect(page.policy.hasPrefix("default-src 'none'; "))
        #expect(!page.policy.contains("unsafe"))
    }

    @Test func thePageNeverMakesMarkupOfText() {
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://", "https://"] {
            let allowed = word == "http://" ? "http://www.w3.org/2000/svg" : "nothing"
            #expect(!StatusPage.standard.html.replacing(allowed, with: "").contains(word), "\(word)")
        }
    }

    @Test(
        arguments: [
            (nil, true), ("127.0.0.1:9522", true), ("localhost:9522", true), ("LOCALHOST", true), ("[::1]:9522", true),
            ("192.0.2.1", true), ("evil.example", false), ("localhost.evil.example:9522", false), ("", false),
            ("127.0.0.1.evil.example", false), ("[::1", false),
        ] as [(String?, Bool)])
    func onlyAnAddressOrLocalhostIsAnOwnName(_ authority: String?, _ isOwn: Bool) {
        #expect(HostHeader(authority).isOwn == isOwn)
    }
}

@Suite struct StatusFeedTests {
    private final class Source: Sendable {
        let pid = Mutex<Int32>(1)
        let events = Mutex(1)

        var feed: StatusFeed {
            StatusFeed(
                snapshot: {
                    var snapshot = Samples.snapshot
                    snapshot.pid = self.pid.withLock { $0 }
                    return snapshot
                },
                history: {
                    HistoryReply(
                        gateways: (0..<self.events.withLock { $0 }).map { .init(gateway: "g\($0)", events: []) })
                })
        }
    }

    @Test func aPageBeginsWithTheStateAndTheHistory() async throws {
        let messages = try #require(await Source().feed.open())
        let first = try #require(await messages.first { _ in true })
        let lines = String(buffer: first).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.map { $0.prefix(7) }.filter { !$0.isEmpty } == ["event: ", "data: {", "event: ", "data: {"])
        #expect(lines[0] == "event: status")
        let json = Data(lines[1].dropFirst("data: ".count).utf8)
        #expect(try ControlJSON.decode(StatusSnapshot.self, from: json).gateways == Samples.snapshot.gateways)
    }

    @Test func aChangeIsTold() async throws {
        let source = Source()
        let feed = source.feed
        let messages = try #require(await feed.open())
        var iterator = messages.makeAsyncIterator()
        _ = await iterator.next()
        await feed.look()
        _ = await iterator.next()
        source.pid.withLock { $0 = 4711 }
        await feed.look()
        let told = String(buffer: try #require(await iterator.next()))
        #expect(told.hasPrefix("event: status\n"))
        #expect(told.contains("4711"))
        #expect(!told.contains("event: history"), "that has not changed")
    }

    @Test func withoutNewsThereIsASignOfLifeNowAndThen() async throws {
        let feed = Source().feed
        let messages = try #require(await feed.open())
        var iterator = messages.makeAsyncIterator()
        _ = await iterator.next()
        let start = ContinuousClock.now
        await feed.look(now: start)
        _ = await iterator.next()
        await feed.look(now: start + StatusFeed.Policy.silence - .seconds(1))
        await feed.look(now: start + StatusFeed.Policy.silence)
        feed.close()
        var told: [String] = []
        while let message = await iterator.next() { told.append(String(buffer: message)) }
        #expect(told == ["event: alive\ndata: {}\n\n"])
    }

    @Test func thereIsALimitAndAPageThatLeavesMakesRoom() async throws {
        let feed = Source().feed
        var pages: [StatusFeed.Messages?] = []
        for _ in 0..<StatusFeed.Policy.pages { pages.append(await feed.open()) }
        #expect(pages.allSatisfy { $0 != nil })
        #expect(await feed.open() == nil)
        pages.removeLast()
        #expect(await feed.open() != nil)
    }

    @Test func atTheEndEveryPageEnds() async throws {
        let feed = Source().feed
        let messages = try #require(await feed.open())
        feed.close()
        var count = 0
        for await _ in messages { count += 1 }
        #expect(count == 1)
        #expect(await feed.open() == nil)
    }

    @Test func aPageThatDidNotReadInTimeStillGetsTheHistory() async throws {
        let source = Source()
        let feed = source.feed
        let messages = try #require(await feed.open())
        await feed.look()
        // The first message is dropped for one with a history, and that for later ones without a new one.
        for pid in 2...4 as ClosedRange<Int32> {
            source.pid.withLock { $0 = pid }
            if pid == 2 { source.events.withLock { $0 = 2 } }
            await feed.look()
        }
        let message = String(buffer: try #require(await messages.first { _ in true }))
        #expect(message.contains("\"pid\":4"))
        #expect(message.contains("event: history"))
        #expect(message.contains("\"g1\""))
    }

    @Test func aSignOfLifeDoesNotReplaceAStateThatWasNotRead() async throws {
        let source = Source()
        let feed = source.feed
        let messages = try #require(await feed.open())
        var iterator = messages.makeAsyncIterator()
        _ = await iterator.next()
        let start = ContinuousClock.now
        await feed.look(now: start)
        _ = await iterator.next()
        source.pid.withLock { $0 = 4711 }
        await feed.look(now: start)
        await feed.look(now: start + StatusFeed.Policy.silence)
        #expect(String(buffer: try #require(await iterator.next())).contains("4711"))
    }

    @Test func aNewPageIsToldEverythingOnceMore() async throws {
        let feed = Source().feed
        _ = try #require(await feed.open())
        await feed.look()
        let messages = try #require(await feed.open())
        var iterator = messages.makeAsyncIterator()
        let first = await iterator.next()
        await feed.look()
        feed.close()
        #expect(await iterator.next() == first)
    }
}
