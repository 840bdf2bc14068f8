/// fwd(1), from what the help says.
struct CommandManual {
    private let root: ToolInfo.Command

    init(_ root: ToolInfo.Command) {
        self.root = root
    }

    func render() -> String {
        var page = Mdoc(title: "FWD", section: 1, date: ManualPage.date)
        page.section("NAME")
        page.macro("Nm", "fwd")
        page.macro("Nd", "keeps SSH port forwards up")
        synopsis(&page)
        page.section("DESCRIPTION")
        page.paragraph(root.abstract ?? "")
        page.paragraph(root.discussion ?? "")
        for verb in verbs { describe(verb, &page) }
        page.section("EXIT STATUS")
        page.list(ManualPage.exitCodes)
        page.section("SEE ALSO")
        page.macro("Xr", "ssh", "1", ",")
        page.macro("Xr", "fwd.yaml", "5", ",")
        page.macro("Xr", "fwd", "8")
        return page.text
    }

    private var verbs: [ToolInfo.Command] { (root.subcommands ?? []).filter { $0.commandName != "help" } }

    private func synopsis(_ page: inout Mdoc) {
        page.section("SYNOPSIS")
        for verb in verbs {
            page.macro("Nm", "fwd")
            page.macro("Cm", verb.commandName)
            let arguments = OptionText.shown(verb)
            if arguments.contains(where: { $0.kind != .positional }) { page.macro("Op", "options") }
            for argument in arguments where argument.kind == .positional {
                page.macro(argument.isOptional ? "Op" : "Ar", OptionText.positional(argument))
            }
        }
    }

    private func describe(_ verb: ToolInfo.Command, _ page: inout Mdoc) {
        page.subsection("fwd \(verb.commandName)")
        page.paragraph(verb.abstract ?? "")
        if let discussion = verb.discussion {
            page.gap()
            for paragraph in discussion.split(separator: "\n\n") {
                page.paragraph(String(paragraph).replacing("\n", with: " "))
            }
        }
        page.list(OptionText.shown(verb).map(OptionText.item))
    }
}

/// How options and arguments read.
enum OptionText {
    /// Without those that every command has.
    static func shown(_ command: ToolInfo.Command) -> [ToolInfo.Argument] {
        (command.arguments ?? []).filter { argument in
            argument.shouldDisplay && argument.preferredName?.name != "help"
                && argument.preferredName?.name != "version"
        }
    }

    static func positional(_ argument: ToolInfo.Argument) -> String {
        (argument.valueName ?? "argument") + (argument.isRepeating ? " ..." : "")
    }

    static func item(_ argument: ToolInfo.Argument) -> (term: String, meaning: [String]) {
        (term(argument), meaning(argument))
    }

    private static func term(_ argument: ToolInfo.Argument) -> String {
        guard argument.kind != .positional else { return positional(argument) }
        let names = (argument.names ?? []).map(\.text).joined(separator: ", ")
        return argument.kind == .option ? "\(names) \(argument.valueName ?? "value")" : names
    }

    private static func meaning(_ argument: ToolInfo.Argument) -> [String] {
        var meaning = [argument.abstract ?? ""]
        if let discussion = argument.discussion { meaning.append(discussion.replacing("\n", with: " ")) }
        if let values = argument.allValues, !values.isEmpty {
            meaning.append("One of: \(values.joined(separator: ", ")).")
        }
        if let value = argument.defaultValue { meaning.append("Default: \(value)") }
        return meaning.filter { !$0.isEmpty }
    }
}
