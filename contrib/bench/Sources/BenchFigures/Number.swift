import Foundation

/// A number as in the tables.
public func number(_ value: Double, digits: Int) -> String {
    String(format: "%.\(digits)f", value)
}
