/// What people are told about network forwards, in one place: states, logs and the doctor say the same.
public enum NetworkText {
    /// What gives the service what these forwards need.
    public static let dropIn = "contrib/systemd/fwd-network.conf, as /etc/systemd/system/fwd.service.d/network.conf"

    static func noCapability(_ what: String) -> String {
        "\(what): fwd needs the capability CAP_NET_ADMIN and /dev/net/tun for this forward; run it as root, or give them "
            + "to the service (AmbientCapabilities=CAP_NET_ADMIN, DeviceAllow=/dev/net/tun rw: \(dropIn))"
    }

    static let notPermitted =
        "the server does not permit tunnel devices: \"PermitTunnel point-to-point\" in its sshd_config, then a reload of "
        + "sshd, allows it"

    static func notOpened(unit: UInt32?) -> String {
        let device = unit.map { "its device tun\($0)" } ?? "a tun device"
        return
            "the server could not open \(device): another session may have it, or the account that logs in may not use "
            + "it, or the key's tunnel=\"N\" names another; fwd doctor prints the commands that make it"
    }

    static func silent(_ peers: String) -> String {
        "the peer \(peers) does not answer: is its tun device up, with this address? fwd doctor prints the commands"
    }

    static func loop(_ address: String, _ network: String) -> String {
        "the gateway's own address \(address) lies in \(network), which goes through the tunnel: the SSH connection would "
            + "go through itself; leave the address out of the routes"
    }
}
