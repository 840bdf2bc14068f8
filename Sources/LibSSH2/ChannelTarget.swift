/// What a channel is to lead to: its type, and the data of that type in CHANNEL_OPEN (RFC 4254 section 5.1).
public struct ChannelTarget {
    let type: String
    let message: [UInt8]

    /// A TCP connection made by the far side, for somebody (RFC 4254 section 7.2).
    public static func directTCPIP(
        host: String, port: UInt16, originator: String, originatorPort: UInt16
    ) -> ChannelTarget {
        var message: [UInt8] = []
        message.appendSSHString(host)
        message.appendUInt32(UInt32(port))
        message.appendSSHString(originator)
        message.appendUInt32(UInt32(originatorPort))
        return ChannelTarget(type: "direct-tcpip", message: message)
    }

    /// A tun device of the far side, for IP packets (OpenSSH PROTOCOL section 2.3).
    /// - Parameter unit: its number; `nil`: any.
    public static func tunnel(unit: UInt32?) -> ChannelTarget {
        let (pointToPoint, anyUnit): (UInt32, UInt32) = (1, 0x7FFF_FFFF)
        var message: [UInt8] = []
        message.appendUInt32(pointToPoint)
        message.appendUInt32(unit ?? anyUnit)
        return ChannelTarget(type: "tun@openssh.com", message: message)
    }

    /// A connection to a Unix socket of the far side (OpenSSH PROTOCOL section 2.4).
    public static func directStreamLocal(path: String) -> ChannelTarget {
        var message: [UInt8] = []
        message.appendSSHString(path)
        // Reserved: a string and a number.
        message.appendSSHString("")
        message.appendUInt32(0)
        return ChannelTarget(type: "direct-streamlocal@openssh.com", message: message)
    }
}
