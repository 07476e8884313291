"""DynamoDB's answers in gzip, over a link that counts what comes and may spoil it."""
import http.client
import http.server
import threading
import unittest

from harness import Case, SqliteTarget
from simulator import Simulator

ITEMS = 400


class Link:
    """Passes calls on, and answers back as they came, headers and all. `spoil(action, body)` may change a body on its way."""

    def __init__(self, case, simulator):
        self.bytes, self.packings = 0, set()
        self.spoil = lambda action, body: body
        lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                action = handler.headers["X-Amz-Target"].partition(".")[2]
                upstream = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=30)
                upstream.request("POST", "/", body, dict(handler.headers.items()))
                answer = upstream.getresponse()
                body = answer.read()
                upstream.close()
                if action == "Scan":
                    with lock:
                        self.bytes += len(body)
                        self.packings.add(answer.getheader("Content-Encoding"))
                        body = self.spoil(action, body)
                handler.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "connection", "keep-alive"):
                        handler.send_header(name, value)
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                handler.wfile.write(body)

            def log_message(handler, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        case.addCleanup(server.server_close)
        case.addCleanup(server.shutdown)


class Compression(Case):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk")
        for i in range(ITEMS):
            self.simulator.dynamodb("PutItem", TableName="demo", Item={"pk": {"S": f"item-{i}"}, "text": {"S": "much the same " * 20}})

    def load(self, compression, **hand):
        """The link over which the table was loaded, whole."""
        link, target = Link(self, self.simulator), SqliteTarget(self.home, f"{compression}{len(hand)}.db")
        link.spoil = hand.get("spoil", link.spoil)
        source = f"dynamodb://k:s@127.0.0.1:{link.port}/demo?region=us-east-1&segments=1&compression={compression}"
        self.run_ctk("load", source, target.url())
        self.assertEqual(target.query("SELECT count(*) FROM demo_live"), [(ITEMS,)])
        return link

    def test_fewer_bytes_and_the_same_rows(self):
        packed, plain = self.load("on"), self.load("off")
        self.assertIn("gzip", packed.packings)
        self.assertEqual(plain.packings, {None})
        self.assertLess(packed.bytes * 4, plain.bytes)

    def test_a_page_that_is_damaged_on_its_way_is_asked_for_again(self):
        spoilt = []

        def spoil(_, body):
            if spoilt or len(body) < 1000:
                return body
            spoilt.append(len(body))
            middle = len(body) // 2
            return body[:middle] + bytes([body[middle] ^ 0x10]) + body[middle + 1:]

        self.load("on", spoil=spoil)
        self.assertEqual(len(spoilt), 1)


if __name__ == "__main__":
    unittest.main()
