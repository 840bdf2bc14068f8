import Foundation

/// Something that the bench could not do, in words.
public struct BenchError: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }

    /// A system call that failed, with the reason that errno gives.
    public static func call(_ what: String, _ error: CInt = errno) -> BenchError {
        BenchError("\(what): \(String(cString: strerror(error)))")
    }
}
