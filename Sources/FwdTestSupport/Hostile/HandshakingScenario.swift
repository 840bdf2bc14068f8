/// What a `HandshakingServer` does behind a correct key exchange.
public enum HandshakingScenario: Equatable, Sendable {
    /// Every authentication fails; the methods on offer are publickey, password and keyboard-interactive.
    case refuseEverything
    /// Every key, password and answer is accepted, direct-tcpip channels echo, `tcpip-forward` is granted (nobody
    /// listens), and commands end at once with status 0.
    case acceptEverything
    case disconnect(at: Step, by: Ending = .message)
    /// Keeps the connection and reads it, but says nothing from this step on.
    case silent(at: Step)
    /// The packet takes the place of the answer, and silence follows.
    case brokenPacket(BrokenPacket, at: Step = .serviceRequest)
    /// Logs in with the right host key, then exchanges keys again with another of the same type.
    case otherKeyAfterRekey(RekeyMoment)
    /// Everything, from the first line on, comes one byte at a time.
    case slowBytes(every: Duration = .seconds(1))
    /// Banners without end (RFC 4252 section 5.4) instead of an answer to the first authentication request.
    case bannerFlood
    /// - Parameter step: where it begins; absent: as soon as it can, while the client still prepares its session.
    case channelFlood(ChannelFlood, at: Step? = nil)
    /// A password has expired (RFC 4252 section 8), whatever it is, and so has the new one.
    case passwordChange
    /// Only keyboard-interactive is on offer, and any answers are right.
    case keyboardInteractive(prompts: [Prompt])
    /// Every answer leads to a new question.
    case endlessPrompts
    /// A key is accepted but not enough; then only a password is.
    case partialSuccess

    /// Points of the protocol, in their order.
    public enum Step: String, CaseIterable, Encodable, Sendable {
        /// After both identification lines.
        case identification
        /// After both KEXINIT messages.
        case keyExchangeInit
        /// After both NEWKEYS messages: from here on all is encrypted.
        case newKeys
        /// Instead of SERVICE_ACCEPT.
        case serviceRequest
        /// After SERVICE_ACCEPT.
        case serviceAccept
        /// Instead of the answer to the first USERAUTH_REQUEST, which often is that of the method `none`.
        case authenticationRequest
        /// After USERAUTH_SUCCESS.
        case authenticationSuccess
        /// Instead of the answer to the first CHANNEL_OPEN.
        case channelOpen
        /// Instead of the answer to the first CHANNEL_REQUEST.
        case channelRequest
        /// Instead of the answer to the first GLOBAL_REQUEST.
        case globalRequest
        /// Instead of the echo of the first CHANNEL_DATA.
        case channelData
    }

    public enum Ending: String, CaseIterable, Encodable, Sendable {
        /// SSH_MSG_DISCONNECT, then the end of the stream.
        case message
        /// Only the end of the stream.
        case close
        /// A TCP reset.
        case reset
    }

    public enum BrokenPacket: String, CaseIterable, Encodable, Sendable {
        case wrongMAC
        /// Half a packet, then the end of the stream.
        case truncated
        /// 4 KiB of random bytes.
        case garbage
        /// A packet length of 0xffffffff, encrypted.
        case oversizedLength
        case zeroLength
        /// More padding than the packet is long.
        case oversizedPadding
        /// A whole packet whose message ends before its string of 0xffffffff bytes.
        case truncatedMessage
        /// A packet that is all padding.
        case emptyMessage
    }

    public enum RekeyMoment: Equatable, Sendable {
        /// When the first channel has been opened.
        case channelOpen
        /// When the server has sent this many bytes since the login.
        case bytes(Int)
        case afterLogin(Duration)
    }

    /// Messages without end after the login: as fast as the client reads, 200 MB at most.
    public enum ChannelFlood: String, CaseIterable, Encodable, Sendable {
        /// CHANNEL_DATA without data, for the first channel that is opened.
        case emptyData
        /// CHANNEL_WINDOW_ADJUST by nothing, for the first channel that is opened.
        case windowAdjust
        /// CHANNEL_DATA for a channel that nobody has opened.
        case unknownChannel
        /// A message of the range for local extensions (RFC 4250 section 4.1.2).
        case unknownMessage
    }

    /// A question of keyboard-interactive (RFC 4256 section 3.2).
    public struct Prompt: Equatable, Encodable, Sendable {
        public let text: String
        public let isEchoed: Bool

        public init(_ text: String, isEchoed: Bool = false) {
            self.text = text
            self.isEchoed = isEchoed
        }
    }
}

extension HandshakingScenario: CaseIterable {
    /// One of each kind and each of its variants, for tests that what holds for one holds for all.
    public static let allCases: [HandshakingScenario] =
        [.refuseEverything, .acceptEverything, .slowBytes(), .bannerFlood, .passwordChange, .endlessPrompts]
        + Step.allCases.flatMap { step in Ending.allCases.map { .disconnect(at: step, by: $0) } }
        + Step.allCases.map { .silent(at: $0) }
        + BrokenPacket.allCases.map { .brokenPacket($0) }
        + [.channelOpen, .bytes(10_000), .afterLogin(.milliseconds(200))].map { .otherKeyAfterRekey($0) }
        + ChannelFlood.allCases.flatMap { [.channelFlood($0), .channelFlood($0, at: .channelData)] }
        + [[], [Prompt("Password: ")], [Prompt("Name: ", isEchoed: true), Prompt("Code: ")]].map {
            .keyboardInteractive(prompts: $0)
        }
        + [.partialSuccess]
}
