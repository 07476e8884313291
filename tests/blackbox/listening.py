"""A relay that listens, of a simulated table into SQLite."""
import json
import re
import threading
import urllib.error
import urllib.request

from harness import Case, SqliteTarget
from servers import wait_until
from simulator import Simulator


def get(url, path, **headers):
    """(status, headers, text)."""
    request = urllib.request.Request(url + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def follow(case, process, seconds):
    """Where it listens, as its log says, and who reads on: the lines of its standard error go to case.lines."""
    found = threading.Event()

    def read():
        for line in process.stderr:
            case.lines.append(line.decode())
            if "msg=listening" in case.lines[-1]:
                found.set()
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    case.assertTrue(found.wait(seconds), case.lines)
    return re.search(r"url=(\S+)", "".join(case.lines))[1], reader


class Listening(Case):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk:sk", "--limits", "off")
        self.target = SqliteTarget(self.home)

    def source(self, port=None, **options):
        query = "".join(f"&{name.replace('_', '-')}={value}" for name, value in options.items())
        return f"dynamodb+cdc://k:secret-of-the-source@127.0.0.1:{port or self.simulator.port}/demo?region=us-east-1&idle-poll=200ms{query}"

    def listen(self, *more, source=None, address="127.0.0.1:0", target=None):
        """A relay and where it listens, as its log says."""
        process = self.start_ctk("load", source or self.source(), target or self.target.url(), "--listen", address, *more)
        self.lines = []
        return process, follow(self, process, 20)[0]

    def status(self, url):
        return json.loads(get(url, "/status.json")[2])

    def relay(self, url):
        return self.status(url)["relays"][0]

    def wait_applied(self, url, count):
        wait_until(f"{count} changes are applied", lambda: self.relay(url)["totals"]["applied"] >= count, 30)

    def stop_ctk_reading(self, process):
        """Its standard error is read by a thread already."""
        process.terminate()
        self.assertEqual(process.wait(60), 0)
