import CResolv
import Foundation

extension SSHFPRecords {
    /// A name server to ask instead of the system's.
    public struct Server: Hashable, Sendable {
        /// IPv4.
        public let address: String
        public let port: UInt16

        public init(address: String, port: UInt16 = 53) {
            self.address = address
            self.port = port
        }
    }

    /// RFC 4255 section 5.
    private static let recordType: Int32 = 44
    /// RFC 6594 section 3.2: SHA-256.
    private static let sha256: UInt8 = 2
    /// Our choice: whoever waits is a person, and DNS is one opinion of several.
    private static let secondsPerTry: Int32 = 2
    private static let tries: Int32 = 2
    /// The largest DNS message (RFC 1035 section 4.2.2).
    private static let largestAnswer = 65_535

    /// Asks DNS, which blocks for some seconds where nobody answers: not for an event loop.
    /// - Parameter server: `nil` for those of resolv.conf(5).
    /// - Returns: no records where DNS says that there are none.
    /// - Throws: where there is no answer.
    public static func lookUp(host: String, server: Server? = nil) throws(FormatProblem) -> SSHFPRecords {
        var state = fwd_resolver()
        guard fwd_resolver_open(&state) == 0 else {
            throw FormatProblem(description: "cannot be looked up: the system has no resolver")
        }
        defer { fwd_resolver_close(&state) }
        fwd_resolver_limit(&state, secondsPerTry, tries)
        if let server { try use(server, &state) }
        var answer = [UInt8](repeating: 0, count: largestAnswer)
        let length = fwd_resolver_query(&state, host, recordType, &answer, Int32(answer.count))
        if length >= 0 { return try SSHFPRecords(message: Array(answer.prefix(Int(length)))) }
        // netdb.h: the name exists without such records, or it does not exist at all.
        if [NO_DATA, HOST_NOT_FOUND].contains(state.res_h_errno) {
            return SSHFPRecords(records: [], isAuthenticated: false)
        }
        throw FormatProblem(description: "cannot be looked up: no name server answers for \(host.printable(255))")
    }

    /// Whether the text is an address, under which DNS has no host keys.
    public static func isAddress(_ host: String) -> Bool {
        var (ipv4, ipv6) = (in_addr(), in6_addr())
        let bare = String(host.prefix { $0 != "%" })
        return inet_pton(AF_INET, bare, &ipv4) == 1 || inet_pton(AF_INET6, bare, &ipv6) == 1
    }

    private static func use(_ server: Server, _ state: inout fwd_resolver) throws(FormatProblem) {
        var address = in_addr()
        guard inet_pton(AF_INET, server.address, &address) == 1 else {
            throw FormatProblem(description: "\(server.address.printable(64)) is not the IPv4 address of a name server")
        }
        fwd_resolver_use(&state, address, server.port)
    }

    /// - Parameter message: an answer as it came from a name server (RFC 1035 section 4).
    init(message: [UInt8]) throws(FormatProblem) {
        var parser = ns_msg()
        guard fwd_message_open(message, Int32(message.count), &parser) == 0, message.count > 3 else {
            throw FormatProblem(description: "has an answer that is no DNS message")
        }
        var records: [Record] = []
        for index in 0..<fwd_message_answers(parser) {
            var record = ns_rr()
            guard fwd_message_answer(&parser, index, &record) == 0 else {
                throw FormatProblem(description: "has an answer that is cut short")
            }
            if let found = Self.record(record) { records.append(found) }
        }
        // RFC 4035 section 3.1.6: the AD bit is the sixth of the header's fourth byte.
        self.init(records: records, isAuthenticated: message[3] & 0x20 != 0)
    }

    /// RFC 4255 section 3.1: algorithm, type of fingerprint, fingerprint. `nil`: not of SHA-256.
    private static func record(_ record: ns_rr) -> Record? {
        guard record.type == recordType, let data = record.rdata else { return nil }
        let bytes = Array(UnsafeBufferPointer(start: data, count: Int(record.rdlength)))
        guard bytes.count == 34, bytes[1] == sha256 else { return nil }
        return Record(algorithm: bytes[0], fingerprint: Array(bytes.dropFirst(2)))
    }
}
