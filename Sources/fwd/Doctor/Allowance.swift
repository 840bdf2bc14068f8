import FwdCore

/// What to write at the servers of a gateway that are logged in to alike.
struct Allowance: Equatable {
    /// In the order of the file.
    let hosts: [String]
    let login: LoginConfiguration
    let privilege: LeastPrivilege

    /// For people: "one, two and three".
    var places: String {
        guard let last = hosts.last, hosts.count > 1 else { return hosts.first ?? "" }
        return hosts.dropLast().joined(separator: ", ") + " and \(last)"
    }

    /// For all servers of a gateway: whichever is in use carries all of its forwards, and all servers of the gateways
    /// that are reached through it.
    /// - Parameter others: all gateways of the directory.
    static func all(
        _ gateway: GatewayConfiguration, among others: some Sequence<GatewayConfiguration>
    ) throws(LeastPrivilege.Problem) -> [Allowance] {
        let jumps = others.sorted { $0.name < $1.name }.flatMap(\.servers).filter { $0.route == .via(gateway.name) }
        let logins: [LoginConfiguration] = gateway.servers.map(\.login).reduce(into: []) {
            if !$0.contains($1) { $0.append($1) }
        }
        var all: [Allowance] = []
        for login in logins {
            var same = gateway
            same.login = login
            all.append(
                Allowance(
                    hosts: gateway.servers.filter { $0.login == login }.map(\.hostName), login: login,
                    privilege: try LeastPrivilege(same, jumps: jumps)))
        }
        return all
    }
}
