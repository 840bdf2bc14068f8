"""Local forwards by asyncssh.

usage: asyncssh_forward.py HOST PORT USER IDENTITY KNOWN_HOSTS FORWARDS

FORWARDS is a file with one line for each forward: the port to listen on, the target's host, the target's port.
"""

import asyncio
import sys

import asyncssh


async def main():
    host, port, user, identity, known_hosts, forwards = sys.argv[1:]
    async with asyncssh.connect(
        host, int(port), username=user, client_keys=[identity], known_hosts=known_hosts, config=None
    ) as connection:
        with open(forwards) as lines:
            for line in lines:
                listen, target_host, target_port = line.split()
                await connection.forward_local_port("127.0.0.1", int(listen), target_host, int(target_port))
        await connection.wait_closed()


asyncio.run(main())
