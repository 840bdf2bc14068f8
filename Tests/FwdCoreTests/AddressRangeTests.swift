import FwdCore
import Testing

@Suite("Address ranges")
struct AddressRangeTests {
    @Test(
        "an address belongs to a range by its first bits",
        arguments: [
            ([10, 1, 2, 3], 8, [10, 200, 0, 1], true), ([10, 1, 2, 3], 8, [11, 1, 2, 3], false),
            ([192, 168, 1, 128], 25, [192, 168, 1, 129], true), ([192, 168, 1, 128], 25, [192, 168, 1, 127], false),
            ([0, 0, 0, 0], 0, [8, 8, 8, 8], true), ([127, 0, 0, 1], 32, [127, 0, 0, 1], true),
            ([127, 0, 0, 1], 32, [127, 0, 0, 2], false),
        ] as [([UInt8], Int, [UInt8], Bool)])
    func membership(network: [UInt8], prefix: Int, address: [UInt8], isInside: Bool) throws {
        let range = try #require(AddressRange(network: network, prefixLength: prefix))
        #expect(range.contains(address) == isInside)
    }

    @Test("an IPv4 address that came over an IPv6 socket counts as IPv4")
    func mapped() throws {
        let range = try #require(AddressRange(network: [10, 0, 0, 0], prefixLength: 8))
        let zeros = [UInt8](repeating: 0, count: 10)
        #expect(range.contains(zeros + [0xFF, 0xFF, 10, 1, 1, 1]))
        #expect(!range.contains(zeros + [0, 0, 10, 1, 1, 1]))
    }

    @Test("a range that cannot be is refused")
    func impossible() {
        #expect(AddressRange(network: [1, 2, 3], prefixLength: 8) == nil)
        #expect(AddressRange(network: [1, 2, 3, 4], prefixLength: 33) == nil)
        #expect(AddressRange(network: [1, 2, 3, 4], prefixLength: -1) == nil)
    }

    @Test(
        "ranges are written in the shortest form",
        arguments: [
            ([10, 1, 2, 3], 8, "10.0.0.0/8"), ([10, 1, 2, 3], 32, "10.1.2.3"),
            ([0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 128, "2001:db8::1"),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0, "::/0"),
            ([0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], 10, "fe80::/10"),
            ([0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 0, 5], 128, "1:0:2::3:4:5"),
        ] as [([UInt8], Int, String)])
    func text(network: [UInt8], prefix: Int, text: String) throws {
        #expect(try #require(AddressRange(network: network, prefixLength: prefix)).description == text)
    }
}
