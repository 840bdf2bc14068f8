import FwdCore

/// What sshd's PermitOpen and permitopen can say of the list of a dynamic forward: hosts and ports one by one.
enum PermitOpen {
    /// Our choice: a longer line is read by nobody.
    private static let mostPorts = 16

    /// - Returns: `nil`: without leaving something out, only that all is allowed.
    static func list(of forward: ForwardConfiguration) -> [ForwardSpec.Endpoint]? {
        guard let permit = forward.limits.permit else { return nil }
        var endpoints: [ForwardSpec.Endpoint] = forward.probe?.target.map { [$0] } ?? []
        for destination in permit {
            guard let host = host(destination), destination.ports.count <= mostPorts else { return nil }
            endpoints += destination.ports.map { ForwardSpec.Endpoint(host: host, port: $0) }
        }
        return endpoints
    }

    /// sshd compares character by character, and knows neither ranges nor patterns.
    private static func host(_ destination: PermittedDestination) -> String? {
        switch destination.host {
        case .name(let name): name
        case .addresses(let range) where range.prefixLength == range.network.count * 8: range.description
        case .addresses, .any, .namesBelow: nil
        }
    }
}
