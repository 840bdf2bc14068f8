import NIOCore

/// The little of the SSH binary packet protocol that precedes encryption (RFC 4253 sections 4.2, 6 and 7.1).
enum SSHWire {
    static let banner = "SSH-2.0-OpenSSH_9.2\r\n"

    enum Message {
        static let ignore: UInt8 = 2
        static let extInfo: UInt8 = 7
        static let kexInit: UInt8 = 20
        static let newKeys: UInt8 = 21
        static let userAuthRequest: UInt8 = 50
        /// In the range that RFC 4250 reserves for local extensions.
        static let unknown: UInt8 = 192
    }

    /// A plaintext packet: length, padding length, payload, at least four bytes of padding to a multiple of eight.
    static func packet(_ payload: [UInt8]) -> ByteBuffer {
        let missing = 8 - (5 + payload.count) % 8
        let count = missing < 4 ? missing + 8 : missing
        var packet = ByteBuffer()
        packet.writeInteger(UInt32(1 + payload.count + count))
        packet.writeInteger(UInt8(count))
        packet.writeBytes(payload)
        packet.writeRepeatingByte(0, count: count)
        return packet
    }

    /// The payload of a KEXINIT that offers these key exchange methods and otherwise what OpenSSH offers.
    static func kexInit(keyExchange: [String]) -> [UInt8] {
        let ciphers = "chacha20-poly1305@openssh.com,aes128-ctr,aes256-ctr"
        let macs = "hmac-sha2-256,hmac-sha2-512"
        let lists = [
            keyExchange.joined(separator: ","), "ssh-ed25519,rsa-sha2-512,ecdsa-sha2-nistp256", ciphers, ciphers, macs,
            macs, "none", "none", "", "",
        ]
        var payload = ByteBuffer()
        payload.writeInteger(Message.kexInit)
        payload.writeRepeatingByte(0x5a, count: 16)
        for list in lists {
            payload.writeInteger(UInt32(list.utf8.count))
            payload.writeString(list)
        }
        payload.writeInteger(UInt8(0))
        payload.writeInteger(UInt32(0))
        return Array(buffer: payload)
    }

    /// The message numbers of the plaintext packets after the banner line, as far as they are complete.
    static func messageNumbers(in bytes: ByteBuffer) -> [UInt8] {
        var rest = bytes
        while let byte = rest.readInteger(as: UInt8.self), byte != UInt8(ascii: "\n") {}
        var numbers: [UInt8] = []
        while let length = rest.readInteger(as: UInt32.self), length >= 2,
            let body = rest.readSlice(length: Int(length))
        {
            numbers.append(body.getInteger(at: body.readerIndex + 1) ?? 0)
            if numbers.last == Message.newKeys { break }
        }
        return numbers
    }
}
