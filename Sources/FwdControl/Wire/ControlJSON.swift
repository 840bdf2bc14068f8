import Foundation
import NIOCore

/// JSON as the control protocol and the health endpoint write it: keys sorted, one line, slashes as they are.
public enum ControlJSON {
    /// - Throws: what `JSONEncoder` throws; the wire types never make it.
    public static func encode(_ value: some Encodable, pretty: Bool = false) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return try encoder.encode(value)
    }

    /// - Throws: `DecodingError` if `data` is not such a value.
    public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        try JSONDecoder().decode(type, from: data)
    }

    /// As `encode`, with a line feed at the end, for the body of an answer.
    public static func buffer(_ value: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer(bytes: try encode(value))
        buffer.writeString("\n")
        return buffer
    }
}
