import Foundation
import FwdCore

/// Asks the person at the terminal, as ssh does: `yes`, `no`, or the fingerprint itself.
struct TrustPrompt {
    enum Answer: Hashable {
        case yes, no
        case fingerprint(String)
    }

    static let advice = "Compare them first with the server's own (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub)."

    let change: PinChange

    /// Whether there is somebody to ask.
    static var isPossible: Bool { isatty(STDIN_FILENO) == 1 }

    /// The question on standard error, until there is an answer. The end of the input is a no.
    func ask() -> Answer {
        Console.ask("\(question) \(Self.advice) [yes/no] ")
        while let line = readLine() {
            if let answer = answer(to: line) { return answer }
            Console.ask("Please type \"yes\", \"no\" or the fingerprint: ")
        }
        return .no
    }

    var question: String {
        let pin = change.adding.count == 1 ? "Pin this key?" : "Pin these keys?"
        guard !change.removing.isEmpty else { return pin }
        let removed = TrustQuery.list(change.removing.sorted { $0.description < $1.description })
        return change.adding.isEmpty ? "Remove the pin \(removed)?" : "\(pin) And remove \(removed)?"
    }

    /// `nil`: neither yes nor no.
    func answer(to line: String) -> Answer? {
        switch line.trimmingCharacters(in: .whitespaces) {
        case "yes": .yes
        case "no", "": .no
        case let text where change.adding.contains { $0.fingerprint == text }: .fingerprint(text)
        default: nil
        }
    }
}
