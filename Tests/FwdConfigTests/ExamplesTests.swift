import FwdConfig
import FwdCore
import Testing

@Suite struct ExamplesTests {
    private var examples: ForwardsDirectory { Self.directory }

    private static var directory: ForwardsDirectory {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return ForwardsDirectory(path: "\(root)/forwards.d", environment: machine)
    }

    /// What the examples say.
    static func texts() throws -> [String] {
        try directory.load().gateways.keys.sorted().map { try directory.file(ofGateway: $0).text }
    }

    @Test func everyExampleIsGood() throws {
        let contents = try examples.load()
        #expect(!contents.gateways.isEmpty)
        #expect(contents.refused == [])
        #expect(contents.diagnostics.errors == [])
    }

    @Test func theDemoHasOneForwardOfEachKind() throws {
        let demo = try #require(examples.load().gateways["demo"])
        #expect(demo.forwards.map(\.name) == ["web", "home"])
        #expect(demo.forwards.map(\.spec.description) == ["-L 8080:localhost:80", "-R 8081:localhost:80"])
        #expect(demo.trust.pins.isEmpty)
    }

    /// What the README shows first must not worry its reader.
    @Test func amsterdamGivesNoWarning() throws {
        #expect(try examples.load().diagnostics.filter { $0.file.hasSuffix("amsterdam.yaml") } == [])
        #expect(try examples.file(ofGateway: "amsterdam").adding(spec: "-L 1:b:2").configuration.forwards.count == 8)
    }
}
