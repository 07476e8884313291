"""The simulated Kinesis to SQLite, treated badly; and a service that has bad days."""
import contextlib
import json
import re
import sqlite3
import unittest
import urllib.request

import listening
from harness import SqliteTarget
from relaying import Fencing, Hardships, Relaying
from servers import SimulatedKinesis, wait_until


def setUpModule():
    Relaying.kinesis = SimulatedKinesis("--list-page", "3")
    unittest.addModuleCleanup(Relaying.kinesis.stop)


class ToSqlite(Hardships, Fencing, Relaying):
    def make_target(self):
        return SqliteTarget(self.home)

    def test_json_brings_what_cbor_does(self):
        self.write(100)
        self.load_once(protocol="json")
        self.assert_holds(self.target, self.model)
        self.assertEqual(self.load_once(protocol="cbor")["read"], 0)

    def test_memory_positions_begin_again(self):
        self.write(100)
        self.load_once(positions="memory")
        self.assertEqual(self.load_once(positions="memory")["read"], 100)
        self.assert_holds(self.target, self.model)


class BadDays(Relaying):
    """Throttling, 5xx, broken connections, expired iterators, empty pages in a row: nothing is lost."""

    def make_target(self):
        return SqliteTarget(self.home)

    def test_everything_arrives(self):
        # Puts and splits are made on good days: the faults are the reader's.
        self.write(300)
        self.kinesis.client("UpdateShardCount", StreamName=self.stream, TargetShardCount=2, ScalingType="UNIFORM_SCALING")
        self.write(300)
        self.faults(throttled=0.15, server_error=0.05, lost_request=0.05, lost_answer=0.05, expired_iterator=0.1,
                    empty_page=0.3)
        counts = self.load_once()
        self.assertEqual(counts["dead_letters"], 0)
        self.assert_holds(self.target, self.model)

    def faults(self, **knobs):
        def turn(values):
            answer = urllib.request.Request(self.kinesis.url + "/faults", json.dumps(values).encode())
            urllib.request.urlopen(answer, timeout=10).close()
        turn(knobs)
        self.addCleanup(turn, {})

    def test_an_outage_is_waited_out(self):
        self.write(50)
        process = self.start_relay("--listen", "127.0.0.1:0")
        self.lines = []
        url, _ = listening.follow(self, process, 20)
        self.wait_for(self.target, self.model, process=process)
        self.faults(server_error=1)
        wait_until("its calls fail again and again", lambda: self.failed_calls(url) >= 3, process=process)
        self.faults()
        self.write(50)
        self.wait_for(self.target, self.model, process=process, seconds=90)
        process.terminate()
        self.assertEqual(process.wait(30), 0)

    def failed_calls(self, url):
        calls = re.findall(r'^ctk_aws_calls_total\{.*outcome="(\w+)".*\} (\d+)', listening.get(url, "/metrics")[2], re.M)
        return sum(int(count) for outcome, count in calls if outcome != "ok")

    def test_what_is_read_and_not_written_counts_as_lag(self):
        self.write(50)
        process = self.start_relay("--listen", "127.0.0.1:0")
        self.lines = []
        url, _ = listening.follow(self, process, 20)
        self.wait_for(self.target, self.model, process=process)
        with contextlib.closing(sqlite3.connect(self.target.path, isolation_level=None)) as somebody:
            somebody.execute("BEGIN IMMEDIATE")
            self.write(50)
            wait_until("what is not written is lag",
                       lambda: json.loads(listening.get(url, "/status.json")[2])["relays"][0]["lag_seconds"] >= 5)
            somebody.execute("ROLLBACK")
        self.wait_for(self.target, self.model, process=process)


if __name__ == "__main__":
    unittest.main()
