/// Requests to an ssh-agent (draft-miller-ssh-agent), each framed with its length.
public enum AgentMessage {
    /// SSH_AGENTC_REQUEST_IDENTITIES
    public static let requestIdentities = framed([11])

    /// Flags of `signRequest` for RSA keys: with which hash. Without one the agent signs with SHA-1.
    public static let rsaSHA256Flag: UInt32 = 2
    public static let rsaSHA512Flag: UInt32 = 4

    /// SSH_AGENTC_SIGN_REQUEST
    public static func signRequest(key blob: [UInt8], data: [UInt8], flags: UInt32) -> [UInt8] {
        var body = WireWriter()
        body.byte(13)
        body.string(blob)
        body.string(data)
        body.uint32(flags)
        return framed(body.bytes)
    }

    private static func framed(_ body: [UInt8]) -> [UInt8] {
        var frame = WireWriter()
        frame.string(body)
        return frame.bytes
    }
}
