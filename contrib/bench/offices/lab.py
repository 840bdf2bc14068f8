"""Two offices in network namespaces: a client here, a server there, a tunneling machine each, the Internet between.

    client 10.1.0.10 - gate-a 198.51.100.2 - internet - 203.0.113.2 gate-b - 10.2.0.20 and more server

Everything is gone when the `with` ends; what runs in the namespaces first.
"""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import time

NAMES = ("client", "gate-a", "internet", "gate-b", "server")
WAN = {"gate-a": "198.51.100.2", "gate-b": "203.0.113.2"}
SSH_PORT = 22
# The server has one address for each way, so that all ways can be open at once and none takes another's traffic.
SERVERS = {way: "10.2.0.%d" % (20 + number) for number, way in enumerate(
    ("plain", "ssh -L", "fwd -L", "ssh -D", "fwd -D", "sshuttle", "fwd transparent", "ssh -w", "fwd network"))}


class Lab:
    """The namespaces, and what runs in them."""

    def __init__(self, stack):
        self.stack = stack
        self.tag = "fwd-bench-%d" % os.getpid()
        self.directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fwd-offices-")))

    def command(self, host, *line):
        return ["ip", "netns", "exec", "%s-%s" % (self.tag, host), *map(str, line)]

    def run(self, host, line, timeout=60, environment=None):
        """Runs a command on a host to its end; an error carries what it said."""
        line = line.split() if isinstance(line, str) else line
        result = subprocess.run(
            self.command(host, *line), capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})})
        if result.returncode:
            raise RuntimeError("%s on %s: %s%s" % (" ".join(map(str, line)), host, result.stderr, result.stdout))
        return result.stdout

    def start(self, host, *line):
        """Starts a command on a host, which is ended with the lab."""
        log = self.directory / ("%s-%d.log" % (host, len(list(self.directory.iterdir()))))
        with open(log, "w", encoding="utf-8") as output:
            process = subprocess.Popen(
                self.command(host, *line), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.stack.callback(end, process)
        return process, log

    def wait(self, what, condition, seconds=30):
        """Waits until the condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                logs = "\n".join(path.read_text(errors="replace")[-600:] for path in self.directory.glob("*.log"))
                raise RuntimeError("waited %d s in vain: %s\n%s" % (seconds, what, logs))
            time.sleep(0.05)

    def connects(self, host, address, port):
        return subprocess.run(
            self.command(host, "nc", "-z", "-w", "1", address, port), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def make(self):
        for name in NAMES:
            subprocess.run(["ip", "netns", "add", "%s-%s" % (self.tag, name)], check=True)
            self.stack.callback(subprocess.run, ["ip", "netns", "delete", "%s-%s" % (self.tag, name)], check=False)
            self.run(name, "ip link set lo up")
        self.cable("client", "10.1.0.10/16", "gate-a", "10.1.0.1/16")
        self.cable("gate-a", WAN["gate-a"] + "/24", "internet", "198.51.100.1/24")
        self.cable("internet", "203.0.113.1/24", "gate-b", WAN["gate-b"] + "/24")
        self.cable("gate-b", "10.2.0.1/16", "server", "10.2.0.10/16")
        for address in SERVERS.values():
            self.run("server", "ip address add %s/16 dev gate-b" % address)
        for host in ("gate-a", "internet", "gate-b"):
            self.run(host, "sysctl -q -w net.ipv4.ip_forward=1")
        for host, router in (
                ("client", "10.1.0.1"), ("gate-a", "198.51.100.1"), ("gate-b", "203.0.113.1"), ("server", "10.2.0.1")):
            self.run(host, "ip route add default via " + router)
        # The one address that can be reached without any tunnel, for the upper bound.
        self.run("internet", "ip route add %s via %s" % (SERVERS["plain"], WAN["gate-b"]))
        self.run("internet", "ip route add 10.1.0.0/16 via " + WAN["gate-a"])

    def cable(self, one, one_address, other, other_address):
        """A link between two hosts; its end at each has the other's name."""
        self.run(one, "ip link add %s type veth peer name %s netns %s-%s" % (other, one, self.tag, other))
        for host, peer, address in ((one, other, one_address), (other, one, other_address)):
            self.run(host, "ip address add %s dev %s" % (address, peer))
            self.run(host, "ip link set %s up" % peer)

    def serve_ssh(self):
        """sshd on gate B, and a key to log in with."""
        for name in ("host", "user"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.directory / name], check=True)
        public = (self.directory / "host.pub").read_text().split()[:2]
        (self.directory / "known_hosts").write_text("%s %s %s\n" % (WAN["gate-b"], *public))
        (self.directory / "sshd_config").write_text("\n".join((
            "Port %d" % SSH_PORT, "ListenAddress " + WAN["gate-b"], "HostKey %s/host" % self.directory,
            "AuthorizedKeysFile %s/user.pub" % self.directory, "PidFile %s/sshd.pid" % self.directory,
            "StrictModes no", "PermitRootLogin yes", "PermitTunnel yes", "PasswordAuthentication no",
            "UseDNS no", "SetEnv SHLVL=2")) + "\n")
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        self.start("gate-b", "/usr/sbin/sshd", "-D", "-e", "-f", self.directory / "sshd_config")
        self.wait("sshd listens", (self.directory / "sshd.pid").exists)

    def ssh(self, *arguments):
        """ssh at its default settings, from gate A to gate B."""
        return ["ssh", "-F", "/dev/null", "-i", self.directory / "user", "-o", "BatchMode=yes", "-o",
                "UserKnownHostsFile=%s/known_hosts" % self.directory, *arguments]


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def offices():
    """A lab whose gate B serves ssh and whose server serves iperf3."""
    with contextlib.ExitStack() as stack:
        lab = Lab(stack)
        lab.make()
        lab.serve_ssh()
        lab.start("server", "iperf3", "-s")
        lab.wait("iperf3 listens", lambda: lab.connects("server", "10.2.0.10", 5201))
        yield lab
