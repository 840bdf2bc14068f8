import ArgumentParser
import Foundation

/// What the argument parser knows of the command line: the same that the help is made from.
///
/// The form is ArgumentParserToolInfo's, version 0 (swift-argument-parser, `--experimental-dump-help`).
struct ToolInfo: Decodable {
    struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var subcommands: [Command]?
        var arguments: [Argument]?
    }

    struct Argument: Decodable {
        enum Kind: String, Decodable {
            case positional, option, flag
        }

        struct Name: Decodable {
            var kind: String
            var name: String

            var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
        }

        var kind: Kind
        var shouldDisplay: Bool
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var preferredName: Name?
        var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var abstract: String?
        var discussion: String?
    }

    var command: Command

    static func of(_ root: any ParsableCommand.Type) throws -> Command {
        try JSONDecoder().decode(ToolInfo.self, from: Data(root._dumpHelp().utf8)).command
    }
}
