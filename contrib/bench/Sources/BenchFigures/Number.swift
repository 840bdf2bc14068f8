import Foundation

/// A number as in the tables.
public func number(_ value: Double, digits: Int) -> String {
    String(format: "%.\(digits)f", value)
}

/// To five significant digits.
func roundedToFive(_ value: Double) -> Double {
    Double(String(format: "%.5g", value)) ?? value
}
