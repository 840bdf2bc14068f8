import FwdOpenSSH

/// A host to ask `ssh -G` about.
struct SSHQuestion: Hashable, Sendable {
    let host: String
    let user: String?
    let port: UInt16?
    let file: SSHConfigFile

    init(host: String, user: String?, port: UInt16?, file: SSHConfigFile) {
        self.host = host
        self.user = user
        self.port = port
        self.file = file
    }

    /// What ssh does without any ssh_config, to see what that sets; the host does not matter.
    static let blank = SSHQuestion(host: "localhost", user: nil, port: nil, file: .none)

    init(_ hop: JumpHop, file: SSHConfigFile) {
        self.init(host: hop.host, user: hop.user, port: hop.port, file: file)
    }
}

/// What `ssh -G` answered; each question is asked once.
struct SSHAnswers: Sendable {
    typealias Answer = Result<SSHClientSettings, SSHClientError>

    /// Our choice: enough to hide the start of processes, little enough for a small machine.
    private static let concurrency = 4

    private let program: SSHClientProgram
    private var answers: [SSHQuestion: Answer] = [:]

    init(_ program: SSHClientProgram) {
        self.program = program
    }

    subscript(_ question: SSHQuestion) -> Answer? { answers[question] }

    /// Asks what has not been asked before, and before all else the blank question, whose answer helps with the others.
    mutating func ask(_ questions: [SSHQuestion]) async {
        let program = program
        if answers[.blank] == nil { answers[.blank] = await Self.ask(.blank, program, usual: nil).1 }
        let usual = try? answers[.blank]?.get()
        var open = Array(Set(questions).subtracting(answers.keys))
        answers = await withTaskGroup(of: (SSHQuestion, Answer).self, returning: [SSHQuestion: Answer].self) { group in
            var answers = answers
            for question in open.suffix(Self.concurrency) {
                group.addTask { await Self.ask(question, program, usual: usual) }
            }
            open.removeLast(min(open.count, Self.concurrency))
            while let (question, answer) = await group.next() {
                answers[question] = answer
                if let question = open.popLast() { group.addTask { await Self.ask(question, program, usual: usual) } }
            }
            return answers
        }
    }

    private static func ask(
        _ question: SSHQuestion, _ program: SSHClientProgram, usual: SSHClientSettings?
    ) async -> (SSHQuestion, Answer) {
        do throws(SSHClientError) {
            let settings = try await program.settings(
                host: question.host, user: question.user, port: question.port, file: question.file,
                usual: usual)
            return (question, .success(settings))
        } catch {
            return (question, .failure(error))
        }
    }
}
