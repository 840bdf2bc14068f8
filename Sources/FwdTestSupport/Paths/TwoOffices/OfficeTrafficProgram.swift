/// The two ends of `OfficeTraffic`, for python3, since the test's own process is on none of the hosts.
enum OfficeTrafficProgram {
    static let text = #"""
        import hashlib, json, random, socket, struct, sys, threading

        BLOCK = 65536

        def lines(seed):
            noise = random.Random(seed)
            return b"".join(b"FWD-INNER-PAYLOAD" + noise.randbytes(47) for _ in range(BLOCK // 64 - 1))

        def send(connection, count, seed):
            rest, digest = lines(seed), hashlib.sha256()
            for position in range(0, count, BLOCK):
                block = b"FWD-INNER-PAYLOAD" + struct.pack(">Q", position) + b"." * 39 + rest
                block = block[:count - position]
                digest.update(block)
                if connection:
                    connection.sendall(block)
            return digest

        def receive(connection, count):
            digest, view = hashlib.sha256(), memoryview(bytearray(BLOCK))
            while count:
                size = connection.recv_into(view, min(count, BLOCK))
                if not size:
                    raise EOFError("%d bytes are missing" % count)
                digest.update(view[:size])
                count -= size
            return digest

        def exactly(connection, count):
            data = b""
            while len(data) < count:
                piece = connection.recv(count - len(data))
                if not piece:
                    raise EOFError("the connection ended")
                data += piece
            return data

        def answer(connection):
            with connection:
                try:
                    count, = struct.unpack(">Q", exactly(connection, 8))
                    sender = threading.Thread(target=send, args=(connection, count, 2))
                    sender.start()
                    digest = receive(connection, count)
                    sender.join()
                    connection.sendall(digest.digest())
                except (OSError, EOFError) as error:
                    print(error, file=sys.stderr)

        def serve(port):
            listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
            print("listening", flush=True)
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def connect(host, port, proxy=None, proxy_port=0):
            if not proxy:
                return socket.create_connection((host, int(port)), timeout=30)
            connection = socket.create_connection((proxy, int(proxy_port)), timeout=30)
            connection.sendall(b"\x05\x01\x00")
            if exactly(connection, 2) != b"\x05\x00":
                raise OSError("the proxy wants more than no authentication")
            name = host.encode()
            connection.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + struct.pack(">H", int(port)))
            _, code, _, kind = exactly(connection, 4)
            exactly(connection, 6 if kind == 1 else 18)
            if code:
                raise OSError("the proxy answers with code %d" % code)
            return connection

        def exchange(count, *way):
            with connect(*way) as connection:
                connection.sendall(struct.pack(">Q", count))
                sent = []
                sender = threading.Thread(target=lambda: sent.append(send(connection, count, 1)))
                sender.start()
                here = receive(connection, count)
                sender.join()
                there = exactly(connection, 32)
            print(json.dumps({
                "bytes": count, "sent": sent[0].hexdigest(), "receivedThere": there.hex(),
                "expected": send(None, count, 2).hexdigest(), "receivedHere": here.hexdigest()}))

        if sys.argv[1] == "serve":
            serve(int(sys.argv[2]))
        else:
            exchange(int(sys.argv[2]), *sys.argv[3:])
        """#
}
