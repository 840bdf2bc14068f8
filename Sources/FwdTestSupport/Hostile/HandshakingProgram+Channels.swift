extension HandshakingProgram {
    /// Channels that echo, and global requests.
    static let channels = #"""
        class EchoChannel:
            """A channel that sends back what it gets, within the peer's window."""

            def __init__(self, remote, window, packet):
                self.remote = remote
                self.window = window
                self.packet = max(1, packet)
                self.pending = bytearray()
                self.has_ended = False
                self.is_closed = False


        class Channels:
            """The connection protocol (RFC 4254), as far as forwards use it."""

            def channel_open(self, content):
                kind = content.get_text()
                remote, window, packet = content.get_int(), content.get_int(), content.get_int()
                target = None
                if kind == "direct-tcpip":
                    target = "%s:%d" % (content.get_text(), content.get_int())
                self.tell("channelOpen", name=kind, target=target)
                self.at("channelOpen")
                if kind not in ("direct-tcpip", "session"):
                    self.post(message(92, remote, 3, "There is no such channel.", ""))
                    return
                number = len(self.channels)
                self.channels[number] = EchoChannel(remote, window, packet)
                self.post(message(91, remote, number, 2 ** 21, 2 ** 15))
                self.at("channelOpened")

            def channel_request(self, content):
                channel, name, wants_reply = self.channel(content), content.get_text(), content.get_boolean()
                self.tell("channelRequest", name=name)
                self.at("channelRequest")
                if wants_reply:
                    self.post(message(99, channel.remote))
                if name in ("exec", "shell", "subsystem"):
                    status = message(98, channel.remote, "exit-status", False, 0)
                    self.post(status)
                    self.close_channel(channel)

            def channel(self, content):
                number = content.get_int()
                if number not in self.channels:
                    raise paramiko.SSHException("there is no channel %d" % number)
                return self.channels[number]

            def close_channel(self, channel):
                if not channel.is_closed:
                    channel.is_closed = True
                    self.post(message(96, channel.remote))
                    self.post(message(97, channel.remote))

            def channel_data(self, content):
                channel, data = self.channel(content), content.get_binary()
                self.at("channelData")
                channel.pending += data
                self.post(message(93, channel.remote, len(data)))
                self.echo(channel)

            def channel_window(self, content):
                channel = self.channel(content)
                channel.window += content.get_int()
                self.echo(channel)

            def channel_end(self, content):
                channel = self.channel(content)
                channel.has_ended = True
                self.echo(channel)

            def channel_close(self, content):
                self.close_channel(self.channel(content))

            def echo(self, channel):
                while channel.pending and channel.window and not channel.is_closed:
                    count = min(len(channel.pending), channel.window, channel.packet)
                    self.post(message(94, channel.remote, bytes(channel.pending[:count])))
                    channel.window -= count
                    del channel.pending[:count]
                if channel.has_ended and not channel.pending:
                    self.close_channel(channel)

            def global_request(self, content):
                name, wants_reply = content.get_text(), content.get_boolean()
                self.tell("globalRequest", name=name)
                self.at("globalRequest")
                if not wants_reply:
                    return
                if name != "tcpip-forward":
                    self.post(message(82))
                    return
                content.get_text()
                # Only a request for port 0 is told which port it is (RFC 4254 section 7.1). Nobody listens there.
                self.post(message(81, 40000) if content.get_int() == 0 else message(81))
        """#
}
