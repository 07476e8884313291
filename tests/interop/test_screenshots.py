"""The page of --listen as a browser shows it: light and dark, on a desk and on a phone, green and red. The pictures of the
docs are made by this (`./dev interop screenshots`): a headless Chromium looks at a relay that follows a simulated table."""
import html
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/blackbox"))

from harness import Case  # noqa: E402
from listening import Listening, get  # noqa: E402
from servers import wait_until  # noqa: E402
from simulator import Simulator  # noqa: E402

PICTURES = pathlib.Path(os.environ.get("CTK_PICTURES") or ROOT / "docs/pictures")
LARGEST = 200_000
DESK, PHONE = (1100, 1000), (500, 1250)
LIGHT, DARK = 1, 0  # Blink's names of the colour schemes


class Screenshots(Listening):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "orders:customer:order", "--limits", "off")
        self.stopped = threading.Event()
        self.addCleanup(self.stopped.set)
        PICTURES.mkdir(exist_ok=True)

    def write(self):
        """A table that lives, and now and then an item that the target's key cannot hold."""
        number = 0
        while not self.stopped.wait(0.02):
            number += 1
            order = f"late-{number}" if number % 900 == 0 else str(number % 400)
            self.simulator.dynamodb("PutItem", TableName="orders", Item={
                "customer": {"S": f"customer-{number % 50}"}, "order": {"S": order}, "total": {"N": f"{number}.50"}})
            if number % 500 == 0:
                self.simulator.happen("roll-shard", table="orders", all=True)

    def take(self, url, name, size, scheme):
        file = PICTURES / f"listen-{name}.png"
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={self.home}/browser",
             f"--window-size={size[0]},{size[1]}", f"--blink-settings=preferredColorScheme={scheme}",
             "--virtual-time-budget=4000", f"--screenshot={file}", url + "/"], capture_output=True, check=True, timeout=180)
        picture = file.read_bytes()
        self.assertEqual(struct.unpack(">II", picture[16:24]), size, name)
        self.assertLess(len(picture), LARGEST, f"{name} is for a page of the docs")

    @unittest.skipUnless(shutil.which("chromium"), "chromium is not installed")
    def test_green_and_red(self):
        seconds = int(os.environ.get("CTK_PICTURES_SECONDS") or 60)
        file = self.home / "orders.db"
        source = self.source().replace("/demo?", "/orders?") + "&snapshot=initial"
        process, url = self.listen("--key-type.order=bigint", source=source, target=f"sqlite:///{file}?timeout=1s")
        writer = threading.Thread(target=self.write, daemon=True)
        writer.start()
        wait_until("it has something to show", lambda: self.status(url)["uptime_seconds"] > seconds, seconds + 60, process)
        wait_until("it is well", lambda: get(url, "/healthz")[0] == 200, 60, process)
        self.take(url, "green", DESK, LIGHT)
        self.take(url, "green-dark-phone", PHONE, DARK)
        lock = subprocess.Popen([sys.executable, "-c", "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)\n"
                                 "c.execute('BEGIN EXCLUSIVE')\nprint('locked', flush=True)\nsys.stdin.read()", file],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(lambda: (lock.kill(), lock.communicate()))
        lock.stdout.readline()
        wait_until("it is red", lambda: get(url, "/healthz")[0] == 503, 60, process)
        self.take(url, "red-dark", DESK, DARK)
        self.take(url, "red-phone", PHONE, LIGHT)
        self.stopped.set()
        writer.join()
        self.assertFalse(json.loads(get(url, "/healthz")[2])["healthy"])


def terminal(lines):
    """A picture of a terminal with these lines: text stays text, so that it can be read aloud and found."""
    wide, high, margin = 8.4, 19, 18
    width = round(max(map(len, lines)) * wide + 2 * margin)
    height = len(lines) * high + 2 * margin
    rows = "".join(f'<text x="{margin}" y="{margin + 14 + number * high}" xml:space="preserve">{html.escape(line)}</text>\n'
                   for number, line in enumerate(lines))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
            f'<rect width="{width}" height="{height}" rx="8" fill="#1b2029"/>\n'
            '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="14" fill="#e6e9ee">\n'
            f"{rows}</g>\n</svg>\n")


class Demo(Case):
    def test_a_picture_of_it(self):
        out, story = self.run_ctk("demo", cwd=self.home)
        table = out.strip("\n").splitlines()
        steps = [line for line in story.splitlines() if re.match(r" *[\d.]+ s  ", line)]
        lines = ["$ ctk demo", *steps, "", *table[:5]]
        self.assertLess(max(map(len, lines)), 130, lines)
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / "demo.svg").write_text(terminal(lines))


if __name__ == "__main__":
    unittest.main()
