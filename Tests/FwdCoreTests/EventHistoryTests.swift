import FwdCore
import Testing

@Suite("The history of events")
struct EventHistoryTests {
    private func event(_ second: Double, _ reason: Cause.Reason = .connect, to state: String = "backingOff")
        -> GatewayEvent
    {
        GatewayEvent(
            at: Timestamp(secondsSince1970: second), from: "backingOff", to: state, cause: Cause(reason, "refused"))
    }

    @Test("the same event again counts as one that repeats")
    func repetition() {
        var history = EventHistory()
        for second in 1...40 { history.append(event(Double(second))) }
        #expect(history.events.count == 1)
        #expect(history.events[0].count == 40)
        #expect(history.events[0].at.secondsSince1970 == 1)
        #expect(history.events[0].until?.secondsSince1970 == 40)
    }

    @Test("another cause, another forward or another state is another event")
    func difference() {
        var history = EventHistory()
        history.append(event(1))
        history.append(event(2, .dns))
        history.append(event(3, .dns, to: "up"))
        var forward = event(4, .dns, to: "up")
        forward.forward = "db"
        history.append(forward)
        #expect(history.events.count == 4)
    }

    @Test("the oldest goes when there are a hundred")
    func capacity() {
        var history = EventHistory()
        for second in 1...250 { history.append(event(Double(second), to: "state \(second)")) }
        #expect(history.events.count == EventHistory.capacity)
        #expect(history.events.first?.to == "state 151")
        #expect(history.events.last?.to == "state 250")
    }
}
