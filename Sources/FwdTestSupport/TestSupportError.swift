/// A fixture could not do what the test asked for. The message is all there is to know.
public struct TestSupportError: Error, Equatable, Sendable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}
