import FwdCore
import Testing

@Suite struct RecentTests {
    @Test func itKnowsTheLastOnesAndNoMoreThanItsLimit() {
        var recent = Recent<Int, String>(limit: 10)
        for key in 0..<100_000 {
            recent.note("\(key)", of: key)
            #expect(recent.count <= 10)
            // What is noted again and again stays.
            recent.note("always", of: -1)
        }
        #expect(recent[99_999] == "99999")
        #expect(recent[-1] == "always")
        #expect(recent[5] == nil)
    }

    @Test func whatIsForgottenIsGone() {
        var recent = Recent<String, Int>(limit: 4)
        recent.note(1, of: "a")
        recent.note(2, of: "a")
        recent.note(3, of: "b")
        #expect(recent["a"] == 2 && recent.count == 2)
        recent.forget("a")
        #expect(recent["a"] == nil && recent.count == 1)
        recent.removeAll()
        #expect(recent.count == 0)
    }
}
