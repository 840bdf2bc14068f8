import ArgumentParser

struct OutputOptions: ParsableArguments {
    @Flag(help: "Measure nothing: make the page and the pictures again from benchmarks.json.") var render = false
    @Flag(help: "Put what is measured in the place of the same figures in benchmarks.json, and make the page again.")
    var merge = false
    @Option(
        name: .customLong("output"),
        help: "Where page, pictures and benchmarks.json are; contrib/doc if absent.")
    var directory: String?
}
