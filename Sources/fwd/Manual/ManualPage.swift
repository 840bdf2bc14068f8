import ArgumentParser

/// The manual's pages, by section: fwd(1), fwd.yaml(5), fwd(8).
enum ManualPage: Int, CaseIterable {
    case command = 1
    case file = 5
    case daemon = 8

    /// As a file in a manual's folder.
    var fileName: String {
        switch self {
        case .command: "fwd.1"
        case .file: "fwd.yaml.5"
        case .daemon: "fwd.8"
        }
    }

    /// The text, in mdoc(7).
    func render() throws -> String {
        switch self {
        case .command: CommandManual(try ToolInfo.of(Fwd.self)).render()
        case .file: FileManual().render()
        case .daemon: DaemonManual(try ToolInfo.of(Fwd.self)).render()
        }
    }

    /// Of the last change of what the pages say.
    static let date = "November 28, 2026"

    static let exitCodes: [(term: String, meaning: [String])] = [
        ("0", ["done"]), ("1", ["failed, or something asked for is not up"]), ("64", ["wrong usage"]),
        ("69", ["no supervisor runs"]), ("77", ["not permitted"]), ("78", ["the configuration is refused"]),
    ]
}
