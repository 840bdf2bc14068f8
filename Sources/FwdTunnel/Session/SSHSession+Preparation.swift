import FwdCore
import LibSSH2
import Logging

/// What happens between login and the first forward: a permanent session channel to pump and ping with, and one
/// `exec true` on a spare channel, after which sshd sets TCP_NODELAY on its side (a forwarding-only connection keeps
/// Nagle's algorithm: 40 ms more per small answer on a LAN, a round trip more on a long path).
enum Preparation {
    case start
    case openingControl
    case openingSpare
    case done
}

/// The channel that `true` is executed on.
enum Spare {
    case executing(SSHChannel)
    case ending(SSHChannel)
}

extension SSHSession {
    func advancePreparation() throws(LibSSH2Error) {
        while phase == .preparing {
            switch preparation {
            case .start:
                ssh.startOpeningSessionChannel()
                preparation = .openingControl
            case .openingControl:
                guard let opened = try pollPreparationChannel() else { return }
                guard case .success(let channel) = opened else { return finishPreparation() }
                control = channel
                ssh.startOpeningSessionChannel()
                preparation = .openingSpare
            case .openingSpare:
                guard let opened = try pollPreparationChannel() else { return }
                if case .success(let spare) = opened { self.spare = .executing(spare) }
                finishPreparation()
            case .done:
                return
            }
        }
    }

    /// `nil`: not yet. A refusal (MaxSessions) is harmless.
    private func pollPreparationChannel() throws(LibSSH2Error) -> Result<SSHChannel, LibSSH2Error>? {
        do throws(LibSSH2Error) {
            guard case .done(let channel) = try ssh.pollOpen() else { return nil }
            return .success(channel)
        } catch {
            guard error.code == .channelFailure else { throw error }
            return .failure(error)
        }
    }

    /// `nil`: not yet. A refusal (restrict, ForceCommand) is harmless.
    private func pollExecution(_ spare: SSHChannel) throws(LibSSH2Error) -> Bool? {
        do throws(LibSSH2Error) {
            guard case .done = try spare.execute("true") else { return nil }
            return true
        } catch {
            guard error.code == .channelRequestDenied else { throw error }
            return false
        }
    }

    /// Nothing waits for the command. It may take its time (a login shell reads its start-up files); closed before it
    /// has ended, its channel would keep sshd looking at it in every round of its loop, so it stays until the far side
    /// closes it.
    func advanceSpare() throws(LibSSH2Error) {
        switch spare {
        case .executing(let channel):
            guard let isDone = try pollExecution(channel) else { return }
            isServerNagleOff = isDone
            spare = isDone ? .ending(channel) : nil
            if !isDone { retire(channel) }
        case .ending(let channel):
            try discardInput(of: channel)
            guard channel.isAtEnd else { return }
            spare = nil
            retire(channel)
        case nil:
            break
        }
    }

    /// Nobody wants what comes on a channel of ours, but it must not stay in libssh2's packet list.
    func discardInput(of channel: SSHChannel) throws(LibSSH2Error) {
        guard channel.isReadable else { return }
        var nowhere = [UInt8](repeating: 0, count: 4096)
        while channel.isReadable {
            var result = Result<SSHChannel.ReadResult, LibSSH2Error>.success(.empty)
            nowhere.withUnsafeMutableBytes { buffer in
                result = Result { () throws(LibSSH2Error) in try channel.read(into: buffer) }
            }
            guard case .bytes = try result.get() else { break }
        }
    }

    private func finishPreparation() {
        guard phase == .preparing else { return }
        preparation = .done
        phase = .ready
        delegate?.sessionIsReady(self)
        startLiveness()
    }
}
