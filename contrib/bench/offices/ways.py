"""The ways from office A's client to office B's server that are compared. `open_all` opens every one at once."""

from lab import SERVERS, WAN

GATE = "10.1.0.1"
# What each of ours is compared with.
PAIRS = {"fwd -L": "ssh -L", "fwd -D": "ssh -D", "fwd transparent": "sshuttle", "fwd network": "ssh -w"}
PORTS = {"ssh -L": 5301, "fwd -L": 5302, "ssh -D": 1081, "fwd -D": 1082}
# Each tunnel of packets has a device of its own at both gates.
TUNNELS = {"ssh -w": 8, "fwd network": 9}


def measured(lab, way):
    """The command of the client up to iperf3's own options."""
    if way.endswith("-L"):
        return ["iperf3", "-c", GATE, "-p", PORTS[way]]
    if way.endswith("-D"):
        return ["proxychains4", "-q", "-f", proxychains(lab, way), "iperf3", "-c", SERVERS[way]]
    return ["iperf3", "-c", SERVERS[way]]


def proxychains(lab, way):
    path = lab.directory / ("proxychains-%d" % PORTS[way])
    path.write_text("strict_chain\n[ProxyList]\nsocks5 %s %d\n" % (GATE, PORTS[way]))
    return path


def open_all(lab, fwd, names):
    for way in names:
        if way in TUNNELS:
            prepare_far_end(lab, way)
    open_ssh(lab, names)
    open_fwd(lab, fwd, names)
    for way in names:
        wait_until_open(lab, way)


def open_ssh(lab, names):
    target = "root@" + WAN["gate-b"]
    if "ssh -L" in names:
        forward = "%s:%d:%s:5201" % (GATE, PORTS["ssh -L"], SERVERS["ssh -L"])
        lab.start("gate-a", *lab.ssh("-N", "-L", forward, target))
    if "ssh -D" in names:
        lab.start("gate-a", *lab.ssh("-N", "-D", "%s:%d" % (GATE, PORTS["ssh -D"]), target))
    if "ssh -w" in names:
        prepare_near_end(lab)
        lab.start("gate-a", *lab.ssh("-N", "-w", "8:8", target))
    if "sshuttle" in names:
        command = " ".join(map(str, lab.ssh()))
        lab.start(
            "gate-a", "sshuttle", "--method", "nft", "--disable-ipv6", "-l", "0.0.0.0:12300", "-e", command, "-r",
            target, SERVERS["sshuttle"] + "/32")


def prepare_far_end(lab, way):
    """What the administrator of B does for a tunnel of packets."""
    number = TUNNELS[way]
    lab.run("gate-b", "ip tuntap add dev tun%d mode tun" % number)
    lab.run("gate-b", "ip address add 10.99.%d.2/30 dev tun%d" % (number, number))
    lab.run("gate-b", "ip link set tun%d up" % number)
    # Answers of this way's server go back through its device; those of the other ways' do not.
    table = 100 + number
    lab.run("gate-b", "ip route add 10.1.0.0/16 dev tun%d table %d" % (number, table))
    lab.run("gate-b", "ip rule add from %s lookup %d" % (SERVERS[way], table))


def prepare_near_end(lab):
    lab.run("gate-a", "ip tuntap add dev tun8 mode tun")
    lab.run("gate-a", "ip address add 10.99.8.1/30 dev tun8")
    lab.run("gate-a", "ip link set tun8 up")
    lab.run("gate-a", "ip route add %s dev tun8" % SERVERS["ssh -w"])


FORWARDS = {
    "fwd -L": ["    spec: -L {gate}:{port}:{server}:5201", "    allow: [10.1.0.0/16]"],
    "fwd -D": ["    spec: -D {gate}:{port}", "    allow: [10.1.0.0/16]"],
    "fwd transparent": ["    transparent: [{server}/32]"],
    "fwd network": [
        "    network:", "      address: 10.99.9.1/30", "      peer: 10.99.9.2", "      routes: [{server}/32]",
        "      unit: 9"],
}


def open_fwd(lab, fwd, names):
    lines = [
        "gateway:", "  host: " + WAN["gate-b"], "  user: root", "  identity: %s/user" % lab.directory,
        "  known-hosts: %s/known_hosts" % lab.directory, "  ssh-config: none", "forwards:"]
    for way, forward in FORWARDS.items():
        if way in names:
            lines.append("  %s:" % way.split()[-1].strip("-"))
            lines += [line.format(gate=GATE, port=PORTS.get(way), server=SERVERS[way]) for line in forward]
    directory = lab.directory / "forwards.d"
    directory.mkdir()
    (directory / "b.yaml").write_text("\n".join(lines) + "\n")
    lab.start(
        "gate-a", fwd, "run", "--dir", directory, "--health", "off", "--control",
        lab.directory / "control" / "control.sock")


def wait_until_open(lab, way):
    probe = measured(lab, way) + ["-n", "1K"]

    def carries():
        try:
            lab.run("client", probe, timeout=5)
            return True
        except Exception:
            return False
    lab.wait("%s carries" % way, carries, 60)
