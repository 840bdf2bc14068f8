import Foundation
import FwdControl
import FwdCore
import FwdTunnel
import Logging
import Synchronization

/// The service manager, and its side of local listeners: sockets that it listened on before this process (socket
/// activation, or those of the process before this one), and its store, which keeps them for the next one.
///
/// A socket has its forward's name, `gateway/forward`; a forward that listens on several addresses has several. What is
/// bound goes to the store at once (`FDSTORE=1`), so that even a crash keeps it. Made once, at the start of the
/// process. For all threads.
public final class ServiceManager: ListenerStore {
    private struct State {
        /// Nobody has asked for them yet.
        var inherited: [String: [CInt]] = [:]
        /// SO_COOKIE of sockets that the manager has anyway.
        var known: Set<UInt64> = []
        /// Names under which the manager may keep something.
        var stored: Set<String> = []
    }

    /// How far the process is.
    struct Stage {
        var isReady = false
        /// What the manager was told last.
        var report: ServiceReport?
    }

    /// `nil`: it does not wait for signs of life.
    let watchdog: WatchdogInterval?
    let stage = Mutex(Stage())
    /// `nil`: there is no manager, or it wants to hear nothing.
    let socket: NotifySocket?
    private let state: Mutex<State>
    private let logger: Logger

    /// Reads and removes the environment's variables. No other thread may use the environment meanwhile.
    public static func takeOver(logger: Logger) -> ServiceManager {
        let environment = ProcessInfo.processInfo.environment
        let inherited = InheritedDescriptors(environment: environment, pid: getpid())
        let watchdog = WatchdogInterval(environment: environment, pid: getpid())
        let variables = InheritedDescriptors.variables + WatchdogInterval.variables + ["NOTIFY_SOCKET"]
        for variable in variables { unsetenv(variable) }
        return ServiceManager(
            inherited, notifySocket: environment["NOTIFY_SOCKET"], watchdog: watchdog, logger: logger)
    }

    init(
        _ inherited: InheritedDescriptors, notifySocket path: String?, watchdog: WatchdogInterval? = nil,
        logger: Logger
    ) {
        var state = State()
        for (descriptor, name) in inherited.named {
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else { continue }
            state.inherited[name, default: []].append(descriptor)
            state.stored.insert(name)
            if let cookie = Self.cookie(of: descriptor) { state.known.insert(cookie) }
        }
        self.state = Mutex(state)
        self.watchdog = watchdog
        self.logger = logger
        socket = path.flatMap { path in
            NotifySocket(path: path) { reason in
                logger.warning("a message to the service manager was lost", metadata: .keys([.error: "\(reason)"]))
            }
        }
    }

    // MARK: - ListenerStore

    public func take(_ forward: ForwardID) -> [CInt] {
        let sockets = state.withLock { $0.inherited.removeValue(forKey: forward.description) } ?? []
        if !sockets.isEmpty {
            logger.info(
                "took over \(sockets.count) listening sockets", metadata: .keys([.forward: "\(forward)"]))
        }
        return sockets
    }

    public func keep(_ socket: CInt, for forward: ForwardID) {
        let name = forward.description
        guard let manager = self.socket else { return }
        guard Self.isLegal(name) else {
            return logger.debug("no name for the store of the service manager", metadata: .keys([.forward: "\(name)"]))
        }
        let cookie = Self.cookie(of: socket)
        let isNew = state.withLock { state in
            state.stored.insert(name)
            return cookie.map { state.known.insert($0).inserted } ?? true
        }
        guard isNew else { return }
        // FDPOLL: a listening socket has no errors that it could be judged by.
        manager.send("FDSTORE=1\nFDNAME=\(name)\nFDPOLL=0", attaching: socket)
    }

    public func forget(_ forward: ForwardID) {
        forget(forward.description)
    }

    private func forget(_ name: String) {
        let (sockets, wasStored) = state.withLock { state in
            (state.inherited.removeValue(forKey: name) ?? [], state.stored.remove(name) != nil)
        }
        for socket in sockets { close(socket) }
        if wasStored, Self.isLegal(name) { socket?.send("FDSTOREREMOVE=1\nFDNAME=\(name)") }
    }

    // MARK: - The supervisor's part

    /// Closes what no forward of the configuration listens on: else clients would wait in vain. Files that are refused
    /// may still have a forward of that name.
    public func closeStrangers(to configuration: LoadedConfiguration) {
        let names = configuration.gateways.values.flatMap { gateway in
            gateway.forwards.filter { $0.isEnabled && !$0.spec.kind.listensFarAway }
                .map { ForwardID(gateway: gateway.name, forward: $0.name).description }
        }
        let kept = Set(names)
        let waiting = state.withLock { Array($0.inherited.keys) }
        for name in waiting where !kept.contains(name) {
            if let id = ForwardID(name), configuration.refused.contains(id.gateway) { continue }
            logger.warning(
                "closed an inherited socket: no local forward has its name", metadata: .keys([.forward: "\(name)"]))
            forget(name)
        }
    }

    /// Waits until everything is told; for the end of the process.
    public func flush() {
        socket?.flush()
    }

    /// The rules of FDNAME in sd_pid_notify_with_fds(3).
    static func isLegal(_ name: String) -> Bool {
        name.utf8.count <= 255 && name.utf8.allSatisfy { (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: ":") }
    }

    /// What tells one socket from all others of this system, socket(7); `nil`: it is no socket.
    private static func cookie(of socket: CInt) -> UInt64? {
        var cookie: UInt64 = 0
        var length = socklen_t(MemoryLayout<UInt64>.size)
        // SO_COOKIE of asm-generic/socket.h.
        return getsockopt(socket, SOL_SOCKET, 57, &cookie, &length) == 0 ? cookie : nil
    }
}
