/// Everything that `NetworkWatchService` decides: from what it hears to when the gateways are told. Pure.
struct NetworkWatch: Sendable {
    typealias Instant = NetworkChangeStateMachine.Instant
    typealias Action = NetworkChangeStateMachine.Action

    enum Input: Sendable {
        /// A datagram of rtnetlink.
        case datagram([UInt8])
        /// The kernel has dropped some, because nobody read them in time.
        case overrun
        case clocks(SuspendDetector.Look)
        case timer
    }

    private var view = NetworkView()
    private var detector = SuspendDetector()
    private var machine = NetworkChangeStateMachine()

    mutating func take(_ input: Input, now: Instant) -> [Action] {
        switch input {
        case .datagram(let bytes):
            var actions: [Action] = []
            for message in RouteMessage.parse(bytes) {
                if let reason = view.change(by: message) { actions += machine.changed(reason, now: now) }
            }
            return actions
        case .overrun:
            view.forget()
            return machine.changed("more changes than could be followed", now: now)
        case .clocks(let look):
            guard let slept = detector.look(look) else { return [] }
            return machine.woke("the machine slept for \(slept.components.seconds) s", now: now)
        case .timer:
            return machine.timerFired(now: now)
        }
    }
}
