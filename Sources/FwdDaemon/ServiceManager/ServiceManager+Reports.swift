import Dispatch
import Synchronization

/// What the service manager is told of this process: sd_notify(3).
extension ServiceManager {
    func tellReady(_ report: ServiceReport) {
        let isFirst = stage.withLock { stage in
            if stage.isReady { return false }
            stage = Stage(isReady: true, report: report)
            return true
        }
        if isFirst { socket?.send("READY=1\nSTATUS=\(report)") }
    }

    /// Says it if it is news.
    func tell(_ report: ServiceReport) {
        let isNews = stage.withLock { stage in
            if !stage.isReady || stage.report == report { return false }
            stage.report = report
            return true
        }
        if isNews { socket?.send("STATUS=\(report)") }
    }

    /// Nothing is said after it: neither a reload nor a state is of interest any more.
    func tellStopping() {
        stage.withLock { $0.isReady = false }
        socket?.send("STOPPING=1\nSTATUS=stopping: connections may end by themselves")
    }

    func tellAlive() {
        socket?.send("WATCHDOG=1")
    }
}

extension ServiceManager: SupervisorObserver {
    /// The time tells `Type=notify-reload` that this reload began after its signal.
    func reloadBegins() {
        guard stage.withLock({ $0.isReady }) else { return }
        socket?.send("RELOADING=1\nMONOTONIC_USEC=\(Self.monotonicMicroseconds)")
    }

    func reloadEnds() {
        guard stage.withLock({ $0.isReady }) else { return }
        socket?.send("READY=1")
    }

    func applied(_ configuration: LoadedConfiguration) {
        closeStrangers(to: configuration)
    }

    /// Dispatch's clock is CLOCK_MONOTONIC on Linux, which is systemd's.
    private static var monotonicMicroseconds: UInt64 { DispatchTime.now().uptimeNanoseconds / 1000 }
}
