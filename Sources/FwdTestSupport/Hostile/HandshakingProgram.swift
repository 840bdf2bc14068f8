/// The Python program behind a `HandshakingServer`.
///
/// It uses paramiko for the key exchange and the packets, and nothing else of it: paramiko's own server is too well
/// behaved. Its argument is a `HandshakingPlan` as JSON. It prints its port, then a line of JSON per
/// `HandshakingEvent`, and runs until it is killed.
enum HandshakingProgram {
    static let interpreter = "/usr/bin/python3"

    static let text = [transport, faults, login, channels, main].joined(separator: "\n\n\n") + "\n"
}
