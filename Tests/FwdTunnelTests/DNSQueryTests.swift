import FwdCore
import FwdTestSupport
import Testing

@testable import FwdTunnel

@Suite("Questions for another site's names")
struct DNSQueryTests {
    /// With the identity 0x0102, recursion desired, for the IPv4 address.
    private static func question(_ name: String, further: [UInt8] = []) -> [UInt8] {
        let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        let records: UInt8 = further.isEmpty ? 0 : 1
        return [1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, records] + labels + [0, 0, 1, 0, 1] + further
    }

    private static func options(size: UInt16) -> [UInt8] {
        [0, 0, 41, UInt8(size >> 8), UInt8(size & 0xFF), 0, 0, 0, 0, 0, 0]
    }

    @Test("the name is read in lower case")
    func readsNames() throws {
        #expect(try #require(DNSQuery(Self.question("DB.b.Example"))).name == "db.b.example")
    }

    @Test("what is no standard query with one question is not taken")
    func refusesOthers() {
        var answer = Self.question("a.b")
        answer[2] |= 0x80
        var two = Self.question("a.b")
        two[5] = 2
        var pointer = Self.question("a.b")
        pointer[12] = 0xC0
        #expect(DNSQuery(answer) == nil)
        #expect(DNSQuery(two) == nil)
        #expect(DNSQuery(pointer) == nil)
        for length in 0..<Self.question("a.b").count {
            #expect(DNSQuery(Array(Self.question("a.b").prefix(length))) == nil)
        }
    }

    @Test(
        "an answer longer than its sender takes becomes the note to ask over TCP",
        arguments: [
            (512, [], false), (513, [], true), (1232, options(size: 4096), false), (1233, options(size: 4096), true),
            (600, options(size: 512), true), (512, options(size: 100), false),
        ] as [(Int, [UInt8], Bool)])
    func truncates(length: Int, further: [UInt8], isCut: Bool) throws {
        let query = try #require(DNSQuery(Self.question("a.b", further: further)))
        let answer = [UInt8](repeating: 7, count: length)
        let fitted = query.fitted(answer)
        #expect((fitted != answer) == isCut)
        if isCut {
            #expect(fitted == [1, 2, 0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 1, 0x62, 0, 0, 1, 0, 1])
        }
    }

    @Test("refusals and failures repeat the question")
    func answersItself() throws {
        let query = try #require(DNSQuery(Self.question("a.b")))
        #expect(query.answer(.refused) == [1, 2, 0x81, 0x85, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0x61, 1, 0x62, 0, 0, 1, 0, 1])
        #expect(query.answer(.serverFailure)[3] == 0x82)
    }

    @Test("no bytes make it trap")
    func survivesNoise() {
        let samples = [Self.question("host.b.example", further: Self.options(size: 4096)), Self.question("a.b")]
        let fuzzer = Fuzzer(seed: 15, samples: samples, tokens: [[0, 0, 41], [63], [0xC0, 12]])
        for number in Fuzzer.numbers {
            let bytes = fuzzer.input(number)
            guard let query = DNSQuery(bytes) else { continue }
            #expect(query.answerLimit >= 512)
            #expect(query.fitted([UInt8](repeating: 0, count: 2000)).count < 300)
        }
    }

    @Test(
        "a domain stands for itself and what is below it",
        arguments: [
            ("b.example", true), ("db.b.example", true), ("bb.example", false), ("example", false), ("", false),
        ])
    func coversDomains(name: String, isCovered: Bool) {
        let rule = DNSRule(domains: ["b.example"], server: .init(host: "10.2.0.53", port: 53))
        #expect(rule.covers(name) == isCovered)
    }
}
