import FwdCore
import LibSSH2

/// Opens a channel to each target as for a client, and closes it at once. Loop-bound.
///
/// All at once where libssh2 can; one after the other else.
final class TargetOpens {
    typealias Search = PendingAnswer<Result<Void, Cause>>

    private let session: WalkedSession
    private var queue: [(target: FarEnd, search: Search)] = []

    init(over session: WalkedSession) {
        self.session = session
    }

    func add(_ target: FarEnd, _ search: Search) {
        queue.append((target, search))
    }

    func start() {
        guard LibSSH2Library.opensInParallel else { return openNext() }
        while !queue.isEmpty { openNext() }
    }

    private func openNext() {
        guard !queue.isEmpty else { return }
        let (target, search) = queue.removeFirst()
        _ = session.open(target, originator: nil) { [self] result in
            if case .success(let opened) = result { opened.session.retire(opened.channel) }
            search.settle(result.map { _ in })
            if !LibSSH2Library.opensInParallel { openNext() }
        }
    }
}

@available(*, unavailable)
extension TargetOpens: Sendable {}
