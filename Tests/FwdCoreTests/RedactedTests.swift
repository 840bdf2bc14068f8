import Foundation
import FwdCore
import Testing

@Suite struct RedactedTests {
    private struct Holder: Encodable {
        let name = "name"
        let secret = Redacted("hunter2")
        let bytes = Redacted<[UInt8]>(Array("hunter2".utf8))
    }

    @Test func everyWayToLookAtASecretShowsThatItIsOne() throws {
        let holder = Holder()
        var dumped = ""
        dump(holder, to: &dumped)
        let encoded = String(decoding: try JSONEncoder().encode(holder), as: UTF8.self)
        let texts = [
            dumped, encoded, "\(holder)", String(reflecting: holder), "\(holder.secret)",
            holder.secret.debugDescription,
            "\(Mirror(reflecting: holder.secret).children.map { "\($0)" })", String(describing: Optional(holder.bytes)),
        ]
        for text in texts {
            #expect(!text.contains("hunter2"))
            // The bytes of "hunter2", as an array prints them.
            #expect(!text.contains("104"))
        }
        #expect(dumped.contains("<redacted>"))
        #expect(encoded.contains("<redacted>"))
        #expect(holder.secret.value == "hunter2")
    }
}
