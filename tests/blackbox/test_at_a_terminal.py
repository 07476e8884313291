"""Rows and statements on the terminal on which a relay shows how far it is: each is a line of its own there."""
import base64
import re
import unittest

from harness import Case
from simulator import Simulator
from terminal import Terminal

SOURCE = "dynamodb+cdc://k:s@127.0.0.1:{port}/demo?region=us-east-1&idle-poll=100ms"
LIVE_LINE = r"changes  [\d,]+/s  lag "


class AtATerminal(Case):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk:sk", "--limits", "off")

    def open(self, *words):
        terminal = Terminal("load", *words)
        self.addCleanup(terminal.close)
        return terminal

    def seen(self, what, *words):
        """All that stands on the screen once five changes are there, each written while the live line is shown."""
        terminal = self.open(SOURCE.format(port=self.simulator.port), *words)
        screen = terminal.expect(LIVE_LINE)
        for number in range(5):
            self.simulator.put(number, note={"S": f"note-{number};"})
            screen += terminal.expect(what.format(number))
            screen += terminal.expect(LIVE_LINE)
        return screen

    def assert_nothing_follows_the_live_line(self, screen):
        """It is wiped before anything else is written."""
        self.assertGreaterEqual(len(re.findall(LIVE_LINE, screen)), 5, screen)
        self.assertIsNone(re.search(r"dead letters \d+[^\d\r\n].*", screen))

    def test_rows_are_lines_beside_the_live_line(self):
        screen = self.seen(r'note-{}[^\n]*\n', "ndjson:-")
        self.assert_nothing_follows_the_live_line(screen)

    def test_statements_of_a_dry_run_are_lines_beside_the_live_line(self):
        screen = self.seen(r'note-{}[^\n]*\n', "sqlite:///demo.db", "--dry-run")
        self.assert_nothing_follows_the_live_line(screen)

    def test_dead_letters_are_lines_beside_the_live_line(self):
        """A target that has no place for them gives them to standard error."""
        stream = Simulator(self, "--stream", "cdc:1")
        source = f"kinesis+dynamodb+cdc://k:s@127.0.0.1:{stream.port}/cdc?region=us-east-1&idle-poll=100ms&start=earliest"
        terminal = self.open(source, f"ndjson://{self.home}/rows.ndjson")
        screen = terminal.expect(LIVE_LINE)
        for number in range(5):
            stream.kinesis("PutRecord", StreamName="cdc", PartitionKey="a", Data=base64.b64encode(f"note-{number};".encode()).decode())
            screen += terminal.expect(rf"note-{number}[^\n]*\n") + terminal.expect(LIVE_LINE)
        self.assert_nothing_follows_the_live_line(screen)


if __name__ == "__main__":
    unittest.main()
