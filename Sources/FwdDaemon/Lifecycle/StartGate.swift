import FwdControl

/// Where a daemon can be reached once it is up.
public struct DaemonAddresses: Hashable, Sendable {
    public var control: String
    /// `nil`: health is off.
    public var health: HealthAddress?
}

/// Opens when the control socket and the health endpoint listen.
actor StartGate {
    private var needsControl = true
    private var needsHealth: Bool
    private var addresses: DaemonAddresses
    private let progress = ChangeBroadcast()

    init(control: String, hasHealth: Bool) {
        addresses = DaemonAddresses(control: control, health: nil)
        needsHealth = hasHealth
    }

    func controlIsReady() {
        needsControl = false
        progress.notify()
    }

    func healthIsReady(_ address: HealthAddress) {
        addresses.health = address
        needsHealth = false
        progress.notify()
    }

    /// Nothing more will happen; who still waits is told so.
    func close() {
        progress.finish()
    }

    /// - Throws: `CancellationError` if the daemon ends first or the caller is cancelled.
    func wait() async throws -> DaemonAddresses {
        let changes = progress.listen()
        if isOpen { return addresses }
        for await _ in changes where isOpen { return addresses }
        throw CancellationError()
    }

    private var isOpen: Bool { !needsControl && !needsHealth }
}
