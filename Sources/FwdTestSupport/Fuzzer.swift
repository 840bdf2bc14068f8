import Foundation

/// Makes inputs that are nearly right out of inputs that are: the same ones in every run.
///
/// A test parses each and asserts what must hold of any input. Whoever finds a failure can have the very input again
/// by its number: `input(number)` depends on nothing else.
public struct Fuzzer: Sendable {
    /// The inputs that a test shall try: as many as `$FWD_FUZZ_INPUTS` says, else 5,000, from `$FWD_FUZZ_FIRST` on, so
    /// that several processes can share the work.
    public static let numbers: Range<Int> = {
        let first = number("FWD_FUZZ_FIRST") ?? 0
        return first..<first + (number("FWD_FUZZ_INPUTS") ?? 5_000)
    }()
    /// For the time limit of a test: far more than they need.
    public static let minutes = 10 + numbers.count / 10_000

    /// Our choice: inputs stay about as small as what people write, whatever is spliced.
    private static let longest = 64 << 10

    private let seed: UInt64
    private let samples: [[UInt8]]
    private let tokens: [[UInt8]]

    /// - Parameters:
    ///   - samples: inputs to start from, good and bad; at least one.
    ///   - tokens: words of the format, to be put in anywhere.
    public init(seed: UInt64, samples: [[UInt8]], tokens: [[UInt8]]) {
        precondition(!samples.isEmpty, "a fuzzer needs something to change")
        self.seed = seed
        self.samples = samples
        self.tokens = tokens
    }

    public init(seed: UInt64, samples: [String], tokens: [String]) {
        self.init(seed: seed, samples: samples.map { Array($0.utf8) }, tokens: tokens.map { Array($0.utf8) })
    }

    /// The input of a number: a sample with one to eight changes.
    public func input(_ number: Int) -> [UInt8] {
        var random = Sequence(state: splitMix64(seed) ^ UInt64(truncatingIfNeeded: number))
        var bytes = samples.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...8, using: &random) { change(&bytes, &random) }
        return Array(bytes.prefix(Self.longest))
    }

    private static func number(_ variable: String) -> Int? {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) }
    }

    private struct Sequence: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            // The constant of the step itself, so that this is SplitMix64.
            defer { state &+= 0x9e37_79b9_7f4a_7c15 }
            return splitMix64(state)
        }
    }

    private func change(_ bytes: inout [UInt8], _ random: inout Sequence) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 1...32, using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1 where place < bytes.count: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: Array(bytes[place..<end]), at: Int.random(in: 0...bytes.count, using: &random))
        case 4: splice(&bytes, at: place, &random)
        // Rarely, because most of what a short input could say is gone.
        case 5 where Int.random(in: 0..<4, using: &random) == 0: bytes.removeSubrange(place...)
        default: bytes.insert(contentsOf: tokens.randomElement(using: &random) ?? [], at: place)
        }
    }

    /// Goes on with the rest of a sample.
    private func splice(_ bytes: inout [UInt8], at place: Int, _ random: inout Sequence) {
        let other = samples.randomElement(using: &random) ?? []
        bytes.removeSubrange(place...)
        bytes += other[Int.random(in: 0...other.count, using: &random)...]
    }
}
