import Testing

@testable import FwdDaemon

@Suite struct HealthAddressTests {
    @Test(
        arguments: [
            ("127.0.0.1:9522", "127.0.0.1", 9522), ("[::1]:0", "::1", 0),
            ("monitor.example.org:80", "monitor.example.org", 80),
        ] as [(String, String, UInt16)])
    func anAddressIsReadAndWritten(_ text: String, _ host: String, _ port: UInt16) {
        let address = HealthAddress(text)
        #expect(address == HealthAddress(host: host, port: port))
        #expect(address?.description == text)
    }

    @Test(arguments: ["", "9522", ":9522", "::1:9522", "127.0.0.1:", "127.0.0.1:70000", "a b:1", "http://h:1", "[]:1"])
    func whatIsNoAddressIsRefused(_ text: String) {
        #expect(HealthAddress(text) == nil)
    }
}
