import Crypto
import FwdCore

/// What DNS says about the host keys of a name: its SSHFP records (RFC 4255, RFC 6594, RFC 7479).
public struct SSHFPRecords: Hashable, Sendable {
    /// One fingerprint.
    public struct Record: Hashable, Sendable {
        /// 1 RSA, 3 ECDSA, 4 Ed25519.
        public let algorithm: UInt8
        /// SHA-256 of the key's blob.
        public let fingerprint: [UInt8]

        public init(algorithm: UInt8, fingerprint: [UInt8]) {
            self.algorithm = algorithm
            self.fingerprint = fingerprint
        }
    }

    public enum Verdict: Hashable, Sendable {
        /// A record has this key.
        case match
        /// There are records for keys of this type, but none has this one.
        case mismatch
        /// There is no record for keys of this type.
        case none
    }

    public let records: [Record]
    /// Whether the name server vouches for the answer (DNSSEC, the AD bit of RFC 4035) and the system trusts it to
    /// (resolv.conf(5), trust-ad). Without it anybody on the way can have written the records.
    public let isAuthenticated: Bool

    public init(records: [Record], isAuthenticated: Bool) {
        self.records = records
        self.isAuthenticated = isAuthenticated
    }

    public func verdict(on key: PublicKey) -> Verdict {
        let same = records.filter { $0.algorithm == Self.algorithm(of: key) }
        if same.isEmpty { return .none }
        let digest = Array(SHA256.hash(data: key.blob))
        return same.contains { $0.fingerprint == digest } ? .match : .mismatch
    }

    /// The registry "SSHFP RR Types for public key algorithms".
    private static func algorithm(of key: PublicKey) -> UInt8? {
        switch key.type {
        case "ssh-rsa": 1
        case "ssh-ed25519": 4
        case let type where type.hasPrefix("ecdsa-sha2-"): 3
        default: nil
        }
    }
}
