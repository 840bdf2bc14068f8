extension HandshakingProgram {
    /// The table of messages, and the listener.
    static let main = #"""
        class Server(Faults, Login, Channels, Connection):
            pass


        HANDLERS = {
            5: Server.service_request, 50: Server.authentication_request, 61: Server.information_response,
            80: Server.global_request, 90: Server.channel_open, 93: Server.channel_window, 94: Server.channel_data,
            96: Server.channel_end, 97: Server.channel_close, 98: Server.channel_request,
        }


        def load_key(path):
            for kind in (paramiko.Ed25519Key, paramiko.RSAKey, paramiko.ECDSAKey):
                try:
                    return kind.from_private_key_file(path)
                except paramiko.SSHException:
                    continue
            raise SystemExit("paramiko cannot read the key " + path)


        def main():
            logging.disable(logging.CRITICAL)
            host_key = load_key(PLAN["hostKey"])
            listener = socket.socket()
            listener.bind(("127.0.0.1", 0))
            listener.listen(64)
            print(listener.getsockname()[1], flush=True)
            number = 0
            while True:
                sock, _ = listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server = Server(sock, number, host_key)
                threading.Thread(target=server.serve, daemon=True).start()
                number += 1


        main()
        """#
}
