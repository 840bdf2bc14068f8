import FwdCore
import FwdTunnel

/// What makes a network forward work: the device here needs a capability, the far side's needs its admin.
struct NetworkRemedy {
    let link: NetworkLink
    let gateway: GatewayConfiguration
    /// The gateway's file.
    let file: String

    /// The device here.
    func device(_ cause: Cause) -> [DoctorRemedy] {
        switch cause.reason {
        case .forbidden: [Self.capability]
        case .config: [DoctorRemedy("here, as root", ["modprobe tun", "apt-get install iproute2"]), Self.capability]
        default: [DoctorRemedy("here, to see which devices there are", ["ip -brief link"])]
        }
    }

    /// What lets the service change the network of this machine; fwd-network.conf has it ready.
    static var capability: DoctorRemedy {
        DoctorRemedy(
            "in /etc/systemd/system/fwd.service.d/network.conf here, then systemctl daemon-reload && systemctl restart fwd",
            [
                "[Service]", "AmbientCapabilities=CAP_NET_ADMIN", "CapabilityBoundingSet=CAP_NET_ADMIN",
                "PrivateDevices=no", "DevicePolicy=closed", "DeviceAllow=/dev/net/tun rw",
            ])
    }

    /// The far side.
    func tunnel(_ cause: Cause) -> [DoctorRemedy] {
        switch cause.reason {
        case .forbidden: [permission, farDevice]
        case .probe: [farDevice, looks]
        default: [permission, farDevice, looks]
        }
    }

    private var unit: UInt32 { link.unit ?? 0 }
    private var device: String { "tun\(unit)" }

    private var permission: DoctorRemedy {
        DoctorRemedy(
            "in /etc/ssh/sshd_config on \(gateway.hostName), then systemctl reload ssh; a key may be bound to the device "
                + "by the option tunnel=\"\(unit)\" in authorized_keys",
            ["PermitTunnel point-to-point"])
    }

    /// The device is made to stay: sshd then finds it with its addresses each time, and its account needs no root.
    private var farDevice: DoctorRemedy {
        let hint = link.unit == nil ? ", with \"unit: \(unit)\" under network in \(file)" : ""
        return DoctorRemedy("as root on \(gateway.hostName)\(hint)", making + addressing + routing)
    }

    private var making: [String] { ["ip tuntap add dev \(device) mode tun user \(gateway.login.user)"] }

    private var addressing: [String] {
        let addresses = link.peers.compactMap { peer -> String? in
            let own = link.addresses.first { $0.network.contains(peer.network) }
            return InterfaceAddress(bytes: peer.network, prefixLength: own?.prefixLength ?? peer.prefixLength)
                .map { "ip addr add \($0) dev \(device)" }
        }
        return addresses + ["ip link set \(device) mtu \(link.mtu) up"]
    }

    /// What lies behind this side only its admin knows.
    private var routing: [String] {
        let strangers = link.addresses.filter { own in !link.peers.contains { own.network.contains($0.network) } }
        let back = strangers.map { "ip route add \($0.host) dev \(device)" }
        guard !link.routes.isEmpty else { return back }
        let families = Set(link.routes.map { $0.network.count }).sorted()
        let forwarding = families.map {
            $0 == 4 ? "sysctl -w net.ipv4.ip_forward=1" : "sysctl -w net.ipv6.conf.all.forwarding=1"
        }
        return back + ["# ip route add NETWORK dev \(device), for each network behind this side"] + forwarding
    }

    private var looks: DoctorRemedy {
        DoctorRemedy(
            "on \(gateway.hostName), to see what has the device and what sshd says",
            ["ip -brief addr show dev \(device)", "journalctl -u ssh -n 50"])
    }
}
