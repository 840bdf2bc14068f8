import FwdCore
import Testing

@testable import fwd

@Suite struct NarrowListTests {
    static let long = ListViewTests.snapshot([
        ListViewTests.gateway(
            "amsterdam-datacentre-2", .up,
            [
                ListViewTests.forward("database", .up), ListViewTests.forward("r", .up, port: 40_222),
                ListViewTests.forward(
                    "busy", .degraded,
                    cause: Cause(
                        .remoteListen,
                        "the server still holds localhost:2222 for our session that was lost, try ClientAliveInterval")),
            ])
    ])

    @Test func itFitsEightyColumns() {
        let text = ListView.render(Self.long, .plain, width: 80)
        #expect(text == Self.expected)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    static let expected = """
        FORWARD                STATE     SPEC                    CONNS    IN  OUT  SINCE
        amsterdam-…2/database  up        -L 5432:db:5432             3  1.5K  999  1 min
        amsterdam-…centre-2/r  up        -R localhos…22:db:5432      3  1.5K  999  1 min
        amsterdam-…tre-2/busy  degraded  -L 5432:db:5432             3  1.5K  999  1 min
            the server still holds localhost:2222 for our session that was lost, try
            ClientAliveInterval
        """

    @Test(arguments: [40, 60, 79, 80, 100, 119])
    func itNeverExceedsTheTerminalWhereThatIsPossible(_ width: Int) {
        let lines = ListView.render(Self.long, .plain, width: width).split(separator: "\n").map(String.init)
        let least = 10 + 8 + 10 + 5 + 4 + 4 + 5 + 6 * 2
        #expect(lines.allSatisfy { $0.count <= max(width, least) }, "\(lines)")
    }

    @Test func allColumnsStandWhereThereIsRoom() {
        let text = ListView.render(Self.long, .plain, width: 300)
        #expect(text == ListView.render(Self.long, .plain))
        #expect(text.hasPrefix("FORWARD                          STATE     KIND    LISTEN"))
    }

    @Test(arguments: [
        ("short", 5, "short"), ("amsterdam/db", 8, "amst…/db"), ("amsterdam", 2, "a…"), ("amsterdam", 1, "a"),
    ])
    func bothEndsOfAWordStay(_ text: String, _ width: Int, _ expected: String) {
        #expect(TextWrap.shortened(text, to: width) == expected)
    }

    @Test func notesBreakBetweenWords() {
        #expect(TextWrap.lines("one two three", width: 8) == ["one two", "three"])
        #expect(TextWrap.lines("a-very-long-word b", width: 4) == ["a-very-long-word", "b"])
        #expect(TextWrap.lines("one two", width: nil) == ["one two"])
    }

    @Test(arguments: [(999, "999"), (1_536, "1.5K"), (5_368_709_120, "5.0G")] as [(UInt64, String)])
    func bytesAreShorterStill(_ count: UInt64, _ text: String) {
        #expect(Units.shortBytes(count) == text)
    }
}
