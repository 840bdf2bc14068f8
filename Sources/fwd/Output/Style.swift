import FwdCore

/// How words are marked for people.
enum Style {
    case plain, coloured

    /// SGR codes of ECMA-48.
    enum Colour: Int {
        case red = 31
        case green = 32
        case yellow = 33
        case dim = 2
        case bold = 1
    }

    func paint(_ text: String, _ colour: Colour) -> String {
        switch self {
        case .plain: text
        case .coloured: "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
        }
    }

    static func colour(of state: ForwardState) -> Colour {
        switch state {
        case .up: .green
        case .waiting, .degraded: .yellow
        case .parked: .red
        case .disabled: .dim
        }
    }

    static func colour(of state: GatewayState) -> Colour {
        switch state {
        case .up: .green
        case .parked: .red
        case .stopped: .dim
        case .resolving, .connecting, .verifyingHost, .authenticating, .draining, .backingOff: .yellow
        }
    }

    static func colour(of outcome: CredentialStatus.Outcome) -> Colour {
        switch outcome {
        case .accepted: .green
        case .refused: .yellow
        case .unusable: .red
        case .untried: .dim
        }
    }
}
