import ArgumentParser

/// What the verbs that report on gateways take.
struct ReportOptions: ParsableArguments {
    @Argument(help: "One gateway; all if absent.", completion: NameCompletion.gateways)
    var gateway: String?

    @OptionGroup var common: CommonOptions

    @Flag(help: "Print JSON; of one gateway, its part alone.")
    var json = false
}
