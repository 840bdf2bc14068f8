import ArgumentParser

struct Manual: FwdVerb {
    static let configuration = CommandConfiguration(
        abstract: "Print a page of the manual, in mdoc(7).",
        discussion: "1 is fwd(1), 5 is fwd.yaml(5), 8 is fwd(8). To read one: fwd manual 5 | man -l -")

    @Argument(help: "The section.", completion: .list(ManualPage.allCases.map { "\($0.rawValue)" }))
    var section: ManualPage

    func execute() async throws {
        Console.raw(try section.render())
    }
}

extension ManualPage: ExpressibleByArgument {}
