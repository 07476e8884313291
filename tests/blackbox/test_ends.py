"""How a run ends: on a pipe that stays open, by a signal, at a bad line, as a dry run."""
import pathlib
import subprocess
import unittest

from events import Model, to_lines
from harness import Case, SqliteTarget, finish
from servers import wait_until

STDIN = "file+dynamodb+cdc:-"


class Pipes(Case):
    """Standard input that stays open."""

    def setUp(self):
        super().setUp()
        self.model = Model()
        self.target = SqliteTarget(self.home)
        self.process = None

    def start_relay(self, *more):
        self.process = self.start_ctk("load", STDIN, self.target.url(), *more, stdin=subprocess.PIPE)

    def write(self, count):
        first = len(self.model.events)
        for _ in range(count):
            self.model.write_anything()
        self.process.stdin.write(to_lines(self.model.events[first:]).encode())
        self.process.stdin.flush()

    def ends_with(self, code):
        """The pipe stays open: finish() would close it first."""
        self.assertEqual(self.process.wait(20), code)
        return finish(self.process)

    def test_lines_are_applied_as_they_come(self):
        self.start_relay()
        for _ in range(3):
            self.write(5)
            self.wait_for(self.target, self.model, process=self.process)

    def test_a_signal_ends_it_within_the_grace_period(self):
        self.start_relay("--grace", "5s")
        self.write(5)
        self.wait_for(self.target, self.model, process=self.process)
        self.process.terminate()
        self.ends_with(0)
        self.assert_holds(self.target, self.model)

    def test_a_signal_ends_it_before_the_first_byte(self):
        self.start_relay()
        wait_until("it reads", lambda: has_thread(self.process, "ctk-source"), process=self.process)
        self.process.terminate()
        self.ends_with(0)

    def test_a_failure_ends_it(self):
        self.start_relay("--on-error", "stop")
        self.write(5)
        self.wait_for(self.target, self.model, process=self.process)
        self.process.stdin.write(b"no JSON\n")
        self.process.stdin.flush()
        self.ends_with(1)


def has_thread(process, name):
    """Whether the process has a thread of that name by now."""
    return any(name in comm.read_text() for comm in pathlib.Path(f"/proc/{process.pid}/task").glob("*/comm"))


if __name__ == "__main__":
    unittest.main()
