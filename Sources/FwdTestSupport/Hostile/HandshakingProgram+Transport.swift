extension HandshakingProgram {
    /// The imports, and a server's end of a connection that exchanges keys.
    static let transport = #"""
        import base64
        import hashlib
        import json
        import logging
        import os
        import select
        import socket
        import struct
        import sys
        import threading
        import time

        import paramiko
        from paramiko.message import Message
        from paramiko.packet import Packetizer

        PLAN = json.loads(sys.argv[1])
        FAULT = PLAN.get("fault") or {}
        FLOOD_LIMIT = 200_000_000
        output_lock = threading.Lock()


        class Ended(Exception):
            """The connection is over: by whom ("client" or "server"), and how ("close" or "reset")."""


        def message(number, *fields):
            """A message of bytes and texts (as strings), integers (as uint32) and booleans."""
            result = Message()
            result.add_byte(bytes([number]))
            for field in fields:
                if isinstance(field, bool):
                    result.add_boolean(field)
                elif isinstance(field, int):
                    result.add_int(field)
                else:
                    result.add_string(field)
            return result


        def fingerprint(blob):
            return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


        class HostilePacketizer(Packetizer):
            """A packetizer that can drop, slow down, change and forge what it sends."""

            def __init__(self, sock):
                super().__init__(sock)
                self.sock = sock
                self.sent = 0
                self.is_muted = False
                self.pace = PLAN.get("pace")
                self.batch = None
                self.change = None
                self.forged = None

            def _build_packet(self, *arguments):
                forged, self.forged = self.forged, None
                return forged or super()._build_packet(*arguments)

            def write_all(self, out):
                if self.is_muted:
                    return
                if self.change:
                    out, self.change = self.change(bytes(out)), None
                self.sent += len(out)
                if self.batch is not None:
                    self.batch += out
                    if len(self.batch) >= 65536:
                        out, self.batch = self.batch, bytearray()
                        self.write_and_drain(out)
                elif self.pace:
                    self.write_slowly(out)
                else:
                    self.sock.sendall(out)

            def write_slowly(self, out):
                hang_up = select.poll()
                hang_up.register(self.sock, select.POLLRDHUP)
                for index in range(len(out)):
                    self.sock.sendall(out[index:index + 1])
                    if hang_up.poll(self.pace * 1000):
                        raise Ended("client", "close")

            def write_and_drain(self, out):
                """Writes, and throws away what comes meanwhile: the peer may answer each message."""
                both = select.poll()
                both.register(self.sock, select.POLLIN | select.POLLOUT)
                while out:
                    ready = both.poll()[0][1]
                    if ready & ~select.POLLOUT and not self.sock.recv(65536):
                        raise Ended("client", "close")
                    if ready & select.POLLOUT:
                        out = out[self.sock.send(out, socket.MSG_DONTWAIT):]


        class Connection(paramiko.Transport):
            """A server's end of a connection: paramiko's key exchange, driven by the loop below, not by its thread."""

            def __init__(self, sock, number, host_key):
                super().__init__(sock)
                sock.settimeout(None)
                self.number = number
                self.packetizer = HostilePacketizer(sock)
                self.server_mode = True
                self._preferred_kex = ("curve25519-sha256@libssh.org", "ecdh-sha2-nistp256")
                # A cipher and a MAC that also hide the length, so that a forged one is seen only behind the decryption.
                self._preferred_ciphers = ("aes128-ctr", "aes256-ctr")
                self._preferred_macs = ("hmac-sha2-256", "hmac-sha2-512")
                self.add_server_key(host_key)
                self.is_exchanging = False
                self.waiting = []
                self.misbehaved = False
                self.rekey_deadline = None
                self.sent_at_login = None
                self.authenticated_partially = False
                self.channels = {}

            def tell(self, event, **details):
                line = json.dumps(dict(details, event=event, connection=self.number))
                with output_lock:
                    print(line, flush=True)

            def serve(self):
                self.tell("opened")
                try:
                    self.converse()
                except Ended as end:
                    self.tell("ended", by=end.args[0], how=end.args[1])
                except (EOFError, BrokenPipeError):
                    self.tell("ended", by="client", how="close")
                except ConnectionResetError:
                    self.tell("ended", by="client", how="reset")
                except Exception as error:
                    self.tell("ended", by="server", how="error", reason=repr(error))
                self.sock.close()

            def converse(self):
                self.packetizer.write_all((self.local_version + "\r\n").encode())
                self.remote_version = self.packetizer.readline(None)
                self.tell("identified", name=self.remote_version)
                self.at("identification")
                self.exchange_keys()
                while True:
                    self.wait_for_rekey()
                    number, content = self.packetizer.read_message()
                    self.handle(number, content)
                    self.rekey_after_bytes()

            def handle(self, number, content):
                if number == 1:
                    self.tell("disconnected", code=content.get_int(), reason=content.get_text())
                elif number == 20:
                    self.is_exchanging = True
                    self._negotiate_keys(content)
                    self.at("keyExchangeInit")
                elif number == 21:
                    self.keys_exchanged(content)
                elif 30 <= number <= 41:
                    self.kex_engine.parse_next(number, content)
                elif number in HANDLERS:
                    HANDLERS[number](self, content)
                elif number not in (2, 3, 4, 7, 81, 82):
                    self.post(message(3, content.seqno))

            def exchange_keys(self):
                self.is_exchanging = True
                # Extensions are told once, after the first exchange.
                self._remote_ext_info = None
                self._send_kex_init()

            def keys_exchanged(self, content):
                is_rekey = self.initial_kex_done
                self._parse_newkeys(content)
                self.is_exchanging = False
                key = fingerprint(self.get_server_key().asbytes())
                self.tell("keysExchanged", isRekey=is_rekey, algorithm=self.host_key_type, fingerprint=key)
                self.at("newKeys")
                waiting, self.waiting = self.waiting, []
                for content in waiting:
                    self.post(content)

            def post(self, content):
                """Sends a message, or keeps it until the keys are exchanged (RFC 4253 section 7.1)."""
                if self.is_exchanging:
                    self.waiting.append(content)
                else:
                    self._send_message(content)
        """#
}
