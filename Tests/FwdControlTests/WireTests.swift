import Foundation
import FwdCore
import NIOCore
import Testing

@testable import FwdControl

@Suite struct WireTests {
    @Test func aSnapshotSurvivesTheWire() throws {
        var snapshot = StatusSnapshot.empty
        var gateway = GatewayStatus.make("a", .up, cause: Cause(.lost, "gone"), [.make("x", .up)])
        gateway.nextRetry = Timestamp(secondsSince1970: 12.5)
        gateway.channelOpen.record(.milliseconds(3))
        gateway.failures = ["lost": 2]
        snapshot.gateways = [gateway]
        #expect(try ControlJSON.decode(StatusSnapshot.self, from: ControlJSON.encode(snapshot)) == snapshot)
    }

    @Test func anUnknownErrorCodeIsKept() throws {
        let data = Data(#"{"code":"new","message":"m","more":1}"#.utf8)
        let error = try ControlJSON.decode(ControlError.self, from: data)
        #expect(error.code.rawValue == "new")
        #expect(error.message == "m")
    }

    @Test func jsonIsOneLineWithSortedKeys() throws {
        let text = String(buffer: try ControlJSON.buffer(["b": "/x", "a": "\n"]))
        #expect(text == #"{"a":"\n","b":"/x"}"# + "\n")
    }
}
