import Foundation
import FwdCore

extension Timestamp {
    /// The time of day.
    public static func now() -> Timestamp {
        Timestamp(secondsSince1970: Date().timeIntervalSince1970)
    }
}
