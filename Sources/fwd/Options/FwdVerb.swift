import ArgumentParser

/// A verb whose errors become one line on standard error and an exit code.
protocol FwdVerb: AsyncParsableCommand {
    /// - Throws: anything; an `ExitCode` ends the command without another word.
    func execute() async throws
}

extension FwdVerb {
    func run() async throws {
        do {
            try await execute()
        } catch let code as ExitCode {
            throw code
        } catch let error as ValidationError {
            throw error
        } catch {
            Console.talk("\(error)")
            throw ExitStatus.of(error)
        }
    }
}
