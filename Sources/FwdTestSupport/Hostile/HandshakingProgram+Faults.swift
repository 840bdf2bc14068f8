extension HandshakingProgram {
    /// What goes wrong, and when.
    static let faults = #"""
        def cut_short(data):
            return data[:max(1, len(data) // 2)]


        def with_wrong_mac(data):
            return data[:-1] + bytes([data[-1] ^ 0xFF])


        def forged_packet(length, padding):
            return struct.pack(">IBB", length, padding, 2) + bytes(42)


        BROKEN_PACKETS = {
            "wrongMAC": dict(change=with_wrong_mac),
            "truncated": dict(change=cut_short),
            "garbage": dict(change=lambda data: os.urandom(4096)),
            "oversizedLength": dict(forged=forged_packet(0xFFFFFFFF, 4)),
            "zeroLength": dict(forged=forged_packet(0, 0)),
            "oversizedPadding": dict(forged=forged_packet(44, 255)),
            "truncatedMessage": dict(),
            "emptyMessage": dict(forged=struct.pack(">IB", 12, 11) + bytes(11)),
        }


        class Faults:
            """What goes wrong, and when."""

            def at(self, step):
                """Misbehaves if the plan says so for this step; the first time counts."""
                if self.misbehaved or FAULT.get("step") != step:
                    return
                self.misbehaved = True
                self.tell("misbehaved", how=FAULT["kind"])
                getattr(self, FAULT["kind"])()

            def silent(self):
                self.packetizer.is_muted = True

            def disconnect(self):
                if FAULT["ending"] == "reset":
                    self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    raise Ended("server", "reset")
                if FAULT["ending"] == "message":
                    self._send_message(message(1, 11, "That is all.", ""))
                self.leave()

            def leave(self):
                """Ends this direction, and reads the other to its end: unread bytes would turn a close into a reset."""
                self.sock.shutdown(socket.SHUT_WR)
                while self.sock.recv(65536):
                    pass
                raise Ended("server", "close")

            def broken(self):
                kind = FAULT["packet"]
                for name, value in BROKEN_PACKETS[kind].items():
                    setattr(self.packetizer, name, value)
                # Says to have strings of 4 GiB, and has none. Packets of the other kinds just have some content.
                numbers = dict(serviceRequest=6, authenticationRequest=51, channelOpen=91)
                number = numbers.get(FAULT["step"], 94)
                is_cut = kind == "truncatedMessage"
                self._send_message(bytes([number]) + b"\xff" * 4 if is_cut else message(2, bytes(40)))
                if kind == "truncated":
                    self.leave()
                self.packetizer.is_muted = True

            def flood(self, content):
                self.packetizer.batch = bytearray()
                start, told = self.packetizer.sent, 0
                while told < FLOOD_LIMIT:
                    self._send_message(content)
                    if self.packetizer.sent - start - told >= 1_000_000:
                        told = self.packetizer.sent - start
                        self.tell("flooded", bytes=told)
                self.packetizer.is_muted = True
                while self.sock.recv(65536):
                    pass
                raise Ended("client", "close")

            def banner_flood(self):
                self.flood(message(53, "Please wait. " * 80 + "\r\n", ""))

            def channel_flood(self):
                number = next((channel.remote for channel in self.channels.values()), 4711)
                contents = dict(
                    emptyData=message(94, number, ""), unknownChannel=message(94, 4711, "x" * 1000),
                    unknownMessage=message(192, "x" * 1000), windowAdjust=message(93, number, 0))
                self.flood(contents[FAULT["flood"]])

            def rekey_with_other_key(self):
                other = load_key(PLAN["otherKey"])
                self.server_key_dict.clear()
                self.add_server_key(other)
                self.exchange_keys()

            def prepare_rekey(self):
                """Called at login."""
                self.sent_at_login = self.packetizer.sent
                if FAULT.get("seconds") is not None:
                    self.rekey_deadline = time.monotonic() + FAULT["seconds"]

            def wait_for_rekey(self):
                if self.rekey_deadline is None:
                    return
                readable = select.poll()
                readable.register(self.sock, select.POLLIN)
                if not readable.poll(max(0, self.rekey_deadline - time.monotonic()) * 1000):
                    self.rekey_deadline = None
                    self.at("later")

            def rekey_after_bytes(self):
                limit = FAULT.get("bytes")
                if limit is not None and self.sent_at_login is not None:
                    if self.packetizer.sent - self.sent_at_login >= limit and not self.is_exchanging:
                        self.at("later")
        """#
}
