"""ctk top in a terminal (tmux), as somebody sees it who leaves it open."""
import shutil
import signal
import subprocess
import threading
import unittest

from harness import PROGRAM, clean_environment
from listening import Listening
from servers import wait_until
from simulator import Refusals


@unittest.skipUnless(shutil.which("tmux"), "tmux is not installed")
class Top(Listening):
    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", str(self.home / "tmux"), *words], env=clean_environment() | {"LC_ALL": "C.UTF-8", "TERM": "xterm"},
                              capture_output=True, timeout=30, check=True).stdout.decode()

    def open_top(self, url, columns=80, rows=24, *more):
        """A session whose window stays when the program ends, so that its last words can be read."""
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  f"env -u NO_COLOR LC_ALL=C.UTF-8 {PROGRAM} top {url} {' '.join(more)}; echo ended with $?; sleep 600")
        self.addCleanup(self.tmux, "kill-server")

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def shows(self, text, seconds=20):
        try:
            wait_until(f"the screen shows {text}", lambda: text in self.screen(), seconds)
        except AssertionError as late:
            raise AssertionError(f"{late}:\n{self.screen()}") from None

    def test_it_shows_what_happens_and_obeys_its_keys(self):
        _, url = self.listen()
        self.open_top(url)
        self.shows("1 SHARDS")
        self.simulator.put(1)
        self.shows("read 1, applied 1, dead letters 0")
        screen = self.screen().splitlines()
        self.assertEqual(len(screen), 24)
        self.assertLessEqual(max(map(len, screen)), 80)
        self.assertRegex(screen[0], "^ctk .* all is well")
        self.assertRegex("\n".join(screen), r"dynamodb:demo@\S*: running, healthy, ")
        self.assertRegex(screen[-1], "^q quit  s sort")
        self.simulator.happen("roll-shard", table="demo")
        self.simulator.put(2)
        self.shows("read 2, applied 2")
        self.tmux("send-keys", "f")
        self.shows("2 SHARDS")
        self.tmux("send-keys", "s")
        self.shows("LAG v")
        self.tmux("send-keys", "/", "reading", "Enter")
        self.shows('1 SHARDS with "reading"')
        self.tmux("send-keys", "Escape")
        self.shows("2 SHARDS")
        self.shows("info listening")
        self.tmux("send-keys", "p")
        self.shows("PAUSED")
        self.tmux("send-keys", "p", "l")
        wait_until("the log is hidden", lambda: "info listening" not in self.screen(), 10)
        self.tmux("resize-window", "-x", "120", "-y", "40")
        wait_until("it fills the larger window", lambda: self.screen().splitlines()[-1].startswith("q quit"), 20)
        self.tmux("send-keys", "q")
        self.shows("ended with 0")

    def test_it_says_what_is_not_well(self):
        silent, proxy = threading.Event(), Refusals(self, self.simulator)

        def refuse(action, number):
            if action == "GetRecords" and number > 3:
                silent.wait(60)
        proxy.refuse = refuse
        self.addCleanup(silent.set)
        process, url = self.listen("--health-window", "2s", source=self.source(port=proxy.port))
        self.open_top(url, 60, 20)
        self.shows("NOT WELL", 30)
        self.assertRegex(self.screen(), r"(?m)^! dynamodb:demo@")
        silent.set()
        self.shows("all is well", 30)
        process.send_signal(signal.SIGKILL)
        self.shows("refused", 30)
        self.tmux("send-keys", "q")
        self.shows("ended with 0")

    def test_without_colour_where_none_is_wanted(self):
        _, url = self.listen()
        self.open_top(url)
        self.shows("healthy")
        self.assertIn("\x1b[32m", self.tmux("capture-pane", "-p", "-e"))
        # In its old pane: a server that is told to end still holds its socket for a moment.
        self.tmux("respawn-pane", "-k", f"NO_COLOR=1 {PROGRAM} top {url}; sleep 600")
        self.shows("healthy")
        self.assertNotIn("\x1b[32m", self.tmux("capture-pane", "-p", "-e"))

    def test_what_cannot_be_asked_is_said_where_it_stays(self):
        self.open_top("http://127.0.0.1:9")
        self.shows("ended with 1")
        self.assertRegex(self.screen(), "refused|connect")

    def test_without_a_terminal_it_names_status(self):
        _, err = self.run_ctk("top", self.simulator.url, expect=2)
        self.assertRegex(err, "ctk top needs a terminal\n.*ctk status")


if __name__ == "__main__":
    unittest.main()
