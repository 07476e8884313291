"""The floor for `Kinesis → CrateDB`: a plain client that sends bodies which are ready in memory, as many at once as the relay
does. The bodies are the relay's own, kept by a proxy during one load, so what the server is asked to write is the same to the
byte; what is not sent is what the relay asks besides."""
import http.client
import json
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "blackbox"))
from faulting import FaultingProxy

CONNECTIONS = 4


class Recorder(FaultingProxy):
    """Fails nothing, and keeps what was sent."""

    def __init__(self, url):
        super().__init__(url, share=0)
        self.bodies = []

    def handle(self, request, body):
        self.bodies.append(body)
        super().handle(request, body)

    def of(self, table):
        """(statements that make the table as it is, bulk writes into it)"""
        statements = [json.loads(body) for body in self.bodies if body]
        making = [body["stmt"] for body in statements if body["stmt"].startswith(("CREATE TABLE", "ALTER TABLE")) and table in body["stmt"]]
        rows = [body for body in self.bodies if body.startswith(b'{"stmt":"INSERT') and table.encode() in body[:200]]
        return making, rows


def send_all(address, bodies):
    """Seconds from the first request to the last answer."""
    left = list(reversed(bodies))
    failed = []

    def work():
        connection = http.client.HTTPConnection(address, timeout=120)
        while True:
            try:
                body = left.pop()
            except IndexError:
                return connection.close()
            connection.request("POST", "/_sql", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
            if any(row["rowcount"] != 1 for row in answer.get("results", [{"rowcount": 0}])):
                failed.append(answer)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - start
    if failed:
        raise RuntimeError(f"the plain client was refused: {json.dumps(failed[0])[:300]}")
    return seconds
