import ArgumentParser
import FwdConfig
import FwdControl
import FwdCore

/// Names for the shell's completion, as they are at this moment: those of the supervisor that runs, else those of the
/// files.
struct NameCompletion {
    static let gateways = CompletionKind.custom { words, _, _ in await NameCompletion(words).gateways() }
    static let forwards = CompletionKind.custom { words, _, _ in await NameCompletion(words).forwards() }
    static let all = CompletionKind.custom { words, _, _ in
        let names = NameCompletion(words)
        return await names.gateways() + names.forwards()
    }

    /// Our choice: nobody waits longer for a key to do something.
    private static let patience = Duration.seconds(1)

    private let common: CommonOptions

    /// - Parameter words: the command line so far; `--dir` and `--control` count.
    init(_ words: [String]) {
        var common = CommonOptions()
        common.directory = Self.value(of: "--dir", words)
        common.control = Self.value(of: "--control", words)
        self.common = common
    }

    func gateways() async -> [String] {
        if let snapshot = await snapshot() { return snapshot.gateways.map(\.name) }
        return files().map(\.name)
    }

    func forwards() async -> [String] {
        if let snapshot = await snapshot() {
            return snapshot.gateways.flatMap { gateway in gateway.forwards.map { "\(gateway.name)/\($0.name)" } }
        }
        return files().flatMap { gateway in gateway.forwards.map { "\(gateway.name)/\($0.name)" } }
    }

    private func snapshot() async -> StatusSnapshot? {
        guard common.directory == nil, let path = try? common.controlPath() else { return nil }
        return try? await withThrowingTaskGroup(of: StatusSnapshot.self) { group in
            group.addTask { try await ControlClient.with(path: path) { try await $0.status() } }
            group.addTask {
                // The deadline, not a wait: it is cancelled when the answer has come.
                try await Task.sleep(for: Self.patience)
                throw CancellationError()
            }
            defer { group.cancelAll() }
            return try await group.next()
        }
    }

    private func files() -> [GatewayConfiguration] {
        let contents = try? ForwardsDirectory(path: common.runDirectory).load()
        return contents?.gateways.values.sorted { $0.name < $1.name } ?? []
    }

    private static func value(of option: String, _ words: [String]) -> String? {
        for (index, word) in words.enumerated().reversed() {
            if word == option, index + 1 < words.count { return words[index + 1] }
            if word.hasPrefix("\(option)=") { return String(word.dropFirst(option.count + 1)) }
        }
        return nil
    }
}
