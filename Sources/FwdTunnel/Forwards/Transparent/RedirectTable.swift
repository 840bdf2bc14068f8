import FwdCore

/// The nftables table of one transparent forward (nft(8)).
struct RedirectTable: Hashable {
    /// Where redirected connections are listened for; `nil` where the protocol does not exist here.
    struct Ports: Hashable {
        var ipv4: UInt16?
        var ipv6: UInt16?
    }

    /// No other table's.
    let name: String
    /// For people who list the rules.
    let comment: String
    let rule: TransparentRule
    let ports: Ports

    /// One transaction: it is all there, or nothing is.
    ///
    /// Hosts behind this machine pass `prerouting`, its own programs `output`. Left alone are: this machine's own
    /// addresses; our own connections to SSH servers, which carry `SocketMark`; and what the rule excludes. `input` turns
    /// away who connects to the listener's port itself.
    var commands: String {
        let lines =
            [
                "add table inet \(name) { comment \"\(comment)\"; flags owner; }",
                "add chain inet \(name) prerouting { type nat hook prerouting priority dstnat; policy accept; }",
                "add chain inet \(name) output { type nat hook output priority -100; policy accept; }",
                "add chain inet \(name) input { type filter hook input priority filter; policy accept; }",
                "add rule inet \(name) output meta mark \(SocketMark.value) return",
            ] + redirects(in: "prerouting") + redirects(in: "output") + refusals
        return lines.map { $0 + "\n" }.joined()
    }

    private func redirects(in chain: String) -> [String] {
        let start = "add rule inet \(name) \(chain)"
        return ["\(start) fib daddr type local return"]
            + rule.exclude.map { "\(start) \(Self.match($0)) return" }
            + rule.networks.compactMap { network in
                port(for: network).map { "\(start) \(Self.match(network)) meta l4proto tcp redirect to :\($0)" }
            }
    }

    private var refusals: [String] {
        [(ports.ipv4, "ipv4"), (ports.ipv6, "ipv6")].compactMap { port, family in
            port.map {
                "add rule inet \(name) input meta nfproto \(family) tcp dport \($0) ct status & dnat == 0 "
                    + "reject with tcp reset"
            }
        }
    }

    private func port(for network: AddressRange) -> UInt16? {
        network.isIPv6 ? ports.ipv6 : ports.ipv4
    }

    private static func match(_ range: AddressRange) -> String {
        "\(range.isIPv6 ? "ip6" : "ip") daddr \(range)"
    }
}
