/// How one carried connection ends: half-close kept in both directions, reset told apart from EOF. Pure.
///
/// "Near" is the TCP connection on our side, "far" the SSH channel. Each direction goes
///
/// ```
///   flowing --EOF from the source--> draining --all bytes written, EOF passed on--> done
/// ```
///
/// and the relay is over when both are done, or at once when either side breaks. (The idea of two half machines is
/// OpenSSH's, nchan.c; SSH itself has EOF and CLOSE, RFC 4254 section 5.3, and nothing that means "reset".)
public struct RelayStateMachine: Sendable {
    enum Direction: Hashable, Sendable {
        case flowing, draining, done
    }

    public enum Action: Hashable, Sendable {
        /// Send CHANNEL_EOF. All earlier bytes are in the channel.
        case sendFarEOF
        /// Write what is queued for the near side, then FIN; report `nearOutputFinished`.
        case finishNearOutput
        /// Close the channel (CHANNEL_CLOSE) and forget it.
        case closeFar
        /// Write what is queued for the near side, then close it.
        case closeNear
        /// Close the near side with a reset (RST), so that nobody takes a cut stream for a whole one.
        case resetNear
        case ended(RelayResult)
    }

    private var toFar = Direction.flowing
    private var toNear = Direction.flowing
    public private(set) var isOver = false

    public init() {}

    /// EOF was read on the near side.
    /// - Parameter hasPendingBytes: whether bytes read earlier still wait for window.
    public mutating func nearEOF(hasPendingBytes: Bool) -> [Action] {
        guard !isOver, toFar == .flowing else { return [] }
        if hasPendingBytes {
            toFar = .draining
            return []
        }
        return sendEOF()
    }

    /// The last pending byte went into the channel.
    public mutating func nearBytesSent() -> [Action] {
        guard !isOver, toFar == .draining else { return [] }
        return sendEOF()
    }

    /// The far side sent EOF, and all bytes before it were handed to the near side's write queue.
    public mutating func farEOF() -> [Action] {
        guard !isOver, toNear == .flowing else { return [] }
        toNear = .draining
        return [.finishNearOutput]
    }

    /// FIN was sent to the near side.
    public mutating func nearOutputFinished() -> [Action] {
        guard !isOver, toNear == .draining else { return [] }
        toNear = .done
        return endIfDone()
    }

    /// The far side closed the channel: it neither sends nor takes more.
    public mutating func farClosed() -> [Action] {
        guard !isOver else { return [] }
        // Both EOFs were seen: the normal end. Otherwise the target went away while our side was still sending, or
        // before it said that it had sent all.
        let result: RelayResult = toFar == .done && toNear != .flowing ? .completed : .farClosed
        isOver = true
        return [.closeFar, .closeNear, .ended(result)]
    }

    /// The near side is closed, without an error.
    /// - Parameter hasPendingBytes: whether bytes read earlier still wait for window.
    public mutating func nearClosed(hasPendingBytes: Bool) -> [Action] {
        // After our FIN its EOF closes it altogether. What was read may still be on its way into the channel.
        if toNear == .done { return nearEOF(hasPendingBytes: hasPendingBytes) }
        return nearFailed()
    }

    /// The near side was reset or failed.
    public mutating func nearFailed() -> [Action] {
        end([.closeFar, .resetNear], .localReset)
    }

    public mutating func sessionLost() -> [Action] {
        end([.resetNear], .sessionLost)
    }

    /// The forward was stopped, or the drain deadline has passed.
    public mutating func stopped() -> [Action] {
        end([.closeFar, .resetNear], .stopped)
    }

    /// Nothing was carried for the forward's idle timeout.
    public mutating func idled() -> [Action] {
        end([.closeFar, .resetNear], .idle)
    }

    private mutating func sendEOF() -> [Action] {
        toFar = .done
        return [.sendFarEOF] + endIfDone()
    }

    private mutating func endIfDone() -> [Action] {
        guard toFar == .done, toNear == .done else { return [] }
        return end([.closeFar, .closeNear], .completed)
    }

    private mutating func end(_ actions: [Action], _ result: RelayResult) -> [Action] {
        guard !isOver else { return [] }
        isOver = true
        return actions + [.ended(result)]
    }
}
