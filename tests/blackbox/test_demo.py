"""`ctk demo`: the whole thing in one process."""
import json
import re
import shlex
import signal
import sqlite3
import time
import unittest

from harness import PROGRAM, Case, finish
from servers import wait_until

STEPS = ["load", "loaded", "ready", "changes", "roll", "rolled", "changes", "stop", "start", "caught up", "changes", "end"]


class Demo(Case):
    def test_ends_by_itself_and_tells_the_story(self):
        begun = time.monotonic()
        out, err = self.run_ctk("demo", "--output", "a demo.db", cwd=self.home)
        self.assertLess(time.monotonic() - begun, 40)
        said = re.findall(r"^ *[\d.]+ s  (\S+(?: \S+)?)  ", err, re.MULTILINE)
        self.assertEqual(said, STEPS, err)
        self.assertNotIn("level=", err, "the story says it all")
        made, applied = re.search(r"([\d,]+) changes were made, ([\d,]+) applied", err).groups()
        self.assertEqual(made, applied)
        items, rows = re.search(r"(\d+) items in the table, (\d+) rows in the file, the same", out).groups()
        self.assertEqual(items, rows)
        connection = sqlite3.connect(self.home / "a demo.db")
        self.addCleanup(connection.close)
        self.assertEqual(str(connection.execute("SELECT count(*) FROM sensors_live").fetchone()[0]), rows)
        self.assertRegex(out, r"sensor-0000 .*1234567890123456789012345678\d{10}\n", "all digits are there")
        self.try_what_it_names(out)

    def try_what_it_names(self, out):
        """The commands that need nothing but this machine work as they are printed."""
        named = [line.strip() for line in out.splitlines() if line.startswith("  ")]
        here = [line for line in named if "a demo.db" in line or "a%20demo.db" in line]
        self.assertEqual([shlex.split(line)[1] for line in here], ["show", "shell", "positions"])
        for line in here:
            words = shlex.split(line)
            self.assertEqual(words[0], PROGRAM)
            printed, _ = self.run_ctk(*words[1:], cwd=self.home)
            self.assertRegex(printed, "sensor|Graz", line)
        simulator, load = (shlex.split(line)[1:] for line in named[-2:])
        process = self.start_ctk(*[word.replace(":8000", ":0") for word in simulator])
        address = process.stdout.readline().decode().split("//")[1].strip()
        words = [word.replace("127.0.0.1:8000", address) for word in load]
        self.run_ctk(*words, "--once", cwd=self.home)
        self.assertTrue((self.home / "demo.db").exists())

    def test_a_second_time_begins_anew(self):
        for _ in range(2):
            out, err = self.run_ctk("demo", "--quiet", cwd=self.home)
            self.assertIn("the same value for value", out)
            self.assertEqual(err, "")

    def test_what_is_no_file_is_left_alone(self):
        folder = self.home / "empty"
        folder.mkdir()
        _, err = self.run_ctk("demo", "--output", str(folder), expect=2)
        self.assertIn(f"{folder} is there, and is no file", err)
        self.assertTrue(folder.is_dir())
        _, err = self.run_ctk("demo", "--output", str(self.home / "no/where.db"), expect=1)
        self.assertIn(f"hint: mkdir -p {self.home}/no", err)
        self.assertNotIn("A simulated AWS", err, "it is said before anything begins")

    def test_rows_that_differ_are_told(self):
        """Somebody changes rows behind the relay's back."""
        process = self.start_ctk("demo", cwd=self.home)
        path = self.home / "ctk-demo.db"

        def spoil():
            try:
                connection = sqlite3.connect(path, timeout=20)
                with connection:
                    connection.execute("CREATE TRIGGER spoil AFTER UPDATE ON sensors BEGIN UPDATE sensors SET data = '{}' "
                                       "WHERE device = new.device AND slot = new.slot; END")
                connection.close()
                return True
            except sqlite3.OperationalError:  # there is no table yet
                return False
        wait_until("the rows are spoilt", spoil, process=process)
        code, out, err = finish(process)
        self.assertEqual(code, 1, err)
        self.assertRegex(err, r"table and rows differ: of \d+ items 0 have no row and [1-9]\d* another one")
        self.assertNotIn("Try next", out)

    def test_stopped_it_says_that_nothing_was_compared(self):
        process = self.start_ctk("demo", "--log-format", "json", cwd=self.home)
        first = json.loads(process.stderr.readline())
        self.assertEqual(first["msg"], "load")
        process.send_signal(signal.SIGINT)
        code, out, err = finish(process)
        self.assertEqual((code, out), (1, ""))
        self.assertIn("interrupted", json.loads(err.splitlines()[-1])["msg"])


if __name__ == "__main__":
    unittest.main()
