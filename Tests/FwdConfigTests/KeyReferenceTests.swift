import Foundation
import FwdConfig
import Testing

@Suite struct KeyReferenceTests {
    @Test func everyKeyHasItsRowInTheReadme() throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let readme = try String(contentsOfFile: "\(root)/README.md", encoding: .utf8)
        let prefixes = ["gateway": "gateway.", "gateway.identity": "", "forwards.NAME": ""]
        let sections = KeyReference.sections.filter { prefixes[$0.path] != nil }
        #expect(sections.count == 3)
        for section in sections {
            for name in section.names {
                #expect(readme.contains("\n| `\(prefixes[section.path] ?? "")\(name)` |"), "\(name)")
            }
        }
        for name in ["interval", "count", "pin", "retire", "every", "timeout", "expect", "http", "status"] {
            #expect(KeyReference.sections.contains { $0.names.contains(name) })
            #expect(readme.contains(name), "\(name)")
        }
    }

    @Test func noKeyIsNamedTwiceInASection() {
        for section in KeyReference.sections {
            #expect(Set(section.names).count == section.names.count)
            #expect(
                section.keys.allSatisfy { !$0.summary.isEmpty && !$0.summary.hasSuffix(".") && !$0.standard.isEmpty })
        }
    }
}
