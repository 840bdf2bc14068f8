"""Local forwards by sshtunnel, with the arguments of asyncssh_forward.py. It does not check the host key."""

import sys
import threading

import sshtunnel

host, port, user, identity, known_hosts, forwards = sys.argv[1:]
with open(forwards) as lines:
    rules = [line.split() for line in lines]
with sshtunnel.open_tunnel(
    (host, int(port)),
    ssh_username=user,
    ssh_pkey=identity,
    ssh_config_file=None,
    allow_agent=False,
    host_pkey_directories=[],
    local_bind_addresses=[("127.0.0.1", int(rule[0])) for rule in rules],
    remote_bind_addresses=[(rule[1], int(rule[2])) for rule in rules],
):
    threading.Event().wait()
