"""What lies between the program and its target, and breaks: an HTTP proxy that fails a share of all requests, a relay of
bytes that cuts connections. Each counts what it did; its dice are seeded."""
import http.client
import http.server
import json
import random
import socket
import socketserver
import struct
import threading
import urllib.parse


class FaultingProxy:
    """An HTTP proxy before `url` that fails `share` of all requests, in each of the ways that were seen at real ones."""
    FAULTS = (302, 400, 401, 403, 404, 429, 500, 502, 503, "reset", "reply lost", "cut off")

    def __init__(self, url, share, seed=1, faults=FAULTS):
        self.upstream = urllib.parse.urlsplit(url).netloc
        self.share = share
        self.faults = faults
        self.dice = random.Random(seed)
        self.lock = threading.Lock()
        self.requests, self.failed = 0, 0
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                proxy.handle(self, body)

            do_GET = do_POST = handle_any

            def setup(self):
                super().setup()
                self.upstream = http.client.HTTPConnection(proxy.upstream, timeout=120)

            def finish(self):
                self.upstream.close()
                super().finish()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def roll(self):
        with self.lock:
            self.requests += 1
            if self.dice.random() >= self.share:
                return None
            self.failed += 1
            return self.dice.choice(self.faults)

    def handle(self, request, body):
        fault = self.roll()
        if fault == "reset":
            return self.hang_up(request)
        if isinstance(fault, int):
            return self.answer(request, fault, "text/html", b"<html>no</html>")
        status, kind, reply = self.forward(request, body)
        if fault == "reply lost":
            return self.hang_up(request)
        return self.answer(request, status, kind, reply[: len(reply) // 2] if fault == "cut off" else reply)

    @staticmethod
    def forward(request, body):
        kept = {name: request.headers[name] for name in ("content-type", "authorization") if name in request.headers}
        request.upstream.request(request.command, request.path, body, kept)
        answer = request.upstream.getresponse()
        return answer.status, answer.getheader("content-type", ""), answer.read()

    @staticmethod
    def answer(request, status, kind, body):
        request.send_response(status)
        if kind:
            request.send_header("content-type", kind)
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    @staticmethod
    def hang_up(request):
        """A reset, not an end: nothing more can be read."""
        request.close_connection = True
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.connection.close()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class SilentCrateDb:
    """CrateDB as far as a shell's first steps go. Statements in whose text `endless` stands are not answered before it is
    stopped; `refused` are."""

    def __init__(self, refused=(), endless=("endless",)):
        self.released = threading.Event()
        self.asked, self.schemas = [], set()
        silent = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                FaultingProxy.answer(self, 200, "application/json", b'{"ok":true,"version":{"number":"6.4.3"}}')

            def do_POST(self):
                statement = json.loads(self.rfile.read(int(self.headers["content-length"])))["stmt"]
                silent.asked.append(statement)
                silent.schemas.add(self.headers["default-schema"])
                if any(word in statement for word in endless):
                    silent.released.wait()
                    self.close_connection = True
                elif any(word in statement for word in refused):
                    words = b'{"error":{"message":"SchemaUnknownException[Schema \'sys\' unknown]","code":4045}}'
                    FaultingProxy.answer(self, 404, "application/json", words)
                else:
                    cells = b'{"cols":["answer"],"col_types":[10],"rows":[[42]],"rowcount":1,"duration":0.1}'
                    FaultingProxy.answer(self, 200, "application/json", cells)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"crate://crate@127.0.0.1:{self.server.server_address[1]}/doc"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


class CuttingProxy:
    """Passes bytes to 127.0.0.1:`port`, and cuts a connection with the chance `share` at each piece, either way."""

    def __init__(self, port, share, seed=1):
        self.upstream = port
        self.share = share
        self.dice = random.Random(seed)
        self.lock = threading.Lock()
        self.pieces, self.cuts = 0, 0
        self.speaking = threading.Event()  # cleared, it passes nothing on
        self.speaking.set()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                proxy.pass_on(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pass_on(self, client):
        with socket.create_connection(("127.0.0.1", self.upstream)) as server:
            back = threading.Thread(target=self.pump, args=(server, client), daemon=True)
            back.start()
            self.pump(client, server)
            back.join()

    def pump(self, source, sink):
        try:
            while piece := source.recv(1 << 16):
                with self.lock:
                    self.pieces += 1
                    cut = self.dice.random() < self.share
                    self.cuts += cut
                if cut:
                    break
                self.speaking.wait()
                sink.sendall(piece)
        except OSError:
            pass  # the other direction has cut it
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
