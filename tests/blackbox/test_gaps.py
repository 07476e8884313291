"""Records that the source drops before they are read: never silently, whatever is done about it then."""
import signal
import unittest

from harness import Case, SqliteTarget
from servers import wait_until
from simulator import Simulator

DAY = 24 * 3600


class OfATablesStream(Case):
    """The simulator drops records as it is told to, and by their age."""

    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk:sk", "--stream", "cdc:1", "--limits", "off")
        self.target = SqliteTarget(self.home)

    def source(self, **options):
        query = "".join(f"&{name.replace('_', '-')}={value}" for name, value in options.items())
        return f"dynamodb+cdc://k:s@127.0.0.1:{self.simulator.port}/demo?region=us-east-1{query}"

    def once(self, **options):
        return self.source(once="true", **options)

    def put(self, *numbers):
        for number in numbers:
            self.simulator.put(number)

    def keys(self):
        return sorted(number for _, number in self.target.rows("demo"))

    def lose(self):
        """What is read and lies in the table, what is dropped unread, and what comes behind it."""
        self.put(*range(5))
        self.run_json("load", self.once(), self.target.url())
        self.put(5, 6, 7)
        self.simulator.happen("trim", table="demo")
        self.put(8, 9)

    def test_the_run_stops_and_says_from_when_to_when(self):
        self.lose()
        for _ in range(2):
            _, error = self.run_ctk("load", self.once(), self.target.url(), expect=3)
            self.assertRegex(error, r"ctk: shard shardId-\S+ was read up to 2\S+Z, and the stream has already dropped")
        self.assertEqual(self.keys(), [0, 1, 2, 3, 4])

    def test_skipped_it_is_counted_and_kept(self):
        self.lose()
        totals = self.run_json("load", self.once(on_gap="skip"), self.target.url())
        self.assertEqual((totals["gaps"], totals["read"]), (1, 2))
        self.assertEqual(self.keys(), [0, 1, 2, 3, 4, 8, 9])
        letters = self.run_json("dead-letters", "list", self.target.url())
        self.assertEqual([letter["kind"] for letter in letters], ["gap"])

    def test_the_table_is_loaded_again_where_that_is_asked_for(self):
        self.lose()
        self.run_json("load", self.once(on_gap="resnapshot"), self.target.url())
        self.assertEqual(self.keys(), list(range(10)))

    def test_under_a_relay_that_runs(self):
        relay = self.start_ctk("load", self.source(idle_poll="200ms"), self.target.url())
        self.put(1)
        self.wait_for_keys([1])
        relay.send_signal(signal.SIGSTOP)
        self.put(2, 3)
        self.simulator.happen("trim", table="demo")
        self.put(4)
        relay.send_signal(signal.SIGCONT)
        _, error = relay.communicate(timeout=60)
        self.assertEqual(relay.returncode, 3, error)
        self.assertIn(b"has already dropped", error)

    def wait_for_keys(self, wanted):
        wait_until("rows", lambda: self.target.rows("demo") and self.keys() == wanted)

    def test_nothing_is_a_gap_that_was_read(self):
        self.put(*range(5))
        self.run_json("load", self.once(), self.target.url())
        self.simulator.happen("advance-clock", seconds=20 * 3600)
        self.run_json("load", self.once(), self.target.url())
        self.simulator.happen("advance-clock", seconds=DAY - 60)
        self.put(5)
        self.run_json("load", self.once(), self.target.url())
        self.assertEqual(self.keys(), list(range(6)))


if __name__ == "__main__":
    unittest.main()
