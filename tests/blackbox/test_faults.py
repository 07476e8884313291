"""Targets of which a share of all requests fails at random: everything arrives, and what was done is not done again. Progress
is counted in requests, not in seconds."""
import json
import socket
import subprocess
import time
import unittest
import uuid

from events import Model, to_lines
from faulting import CuttingProxy, FaultingProxy
from harness import Case, CrateTarget, MariadbTarget, PostgresTarget, crate_address
from odbc import OdbcMariadbTarget, OdbcPostgresTarget
from relaying import Relaying
from servers import FakeCrateDb, Mariadb, Postgres, SimulatedKinesis, wait_until

CHANGES = 5000
ROWS_A_REQUEST = 100
ADDRESS = crate_address()
POSTGRES = None


def setUpModule():
    global ADDRESS, POSTGRES
    if not ADDRESS:
        fake = FakeCrateDb()
        unittest.addModuleCleanup(fake.stop)
        ADDRESS = fake.url
    POSTGRES = Postgres()
    unittest.addModuleCleanup(POSTGRES.stop)
    Relaying.kinesis = SimulatedKinesis()
    unittest.addModuleCleanup(Relaying.kinesis.stop)


def written(folder, changes):
    """A file of changes of as many items, and the model of them."""
    model = Model()
    for i in range(changes):
        model.put(f"k{i}", i % 3, text={"S": "x" * 50}, number={"N": str(i)})
    path = folder / "changes.ndjson"
    path.write_text("".join(json.dumps(event) + "\n" for event in model.events))
    return f"file+dynamodb+cdc://{path}", model


class CrateDbBehindAFaultingProxy(Case):
    def load(self, share):
        """The requests that it took to load the file into a table of its own."""
        target = CrateTarget(ADDRESS, f"ctk_test_{uuid.uuid4().hex[:8]}")
        self.addCleanup(target.drop)
        proxy = FaultingProxy(ADDRESS, share, seed=5)
        self.addCleanup(proxy.stop)
        source, model = written(self.home, CHANGES)
        through = CrateTarget(proxy.url, target.schema).url(**{"batch-rows": ROWS_A_REQUEST})
        counts = self.run_json("load", source, through)
        self.assertEqual((counts["applied"], counts["dead_letters"]), (CHANGES, 0))
        self.assert_holds(target, model)
        return proxy.requests

    def test_each_request_is_tried_again_by_itself(self):
        whole = self.load(0)
        for share in (0.1, 0.3):
            requests = self.load(share)
            self.assertLess(requests, whole / (1 - share) * 1.3, f"{share:.0%} fail")
            self.assertGreater(requests, whole, "some failed")

    def test_a_proxy_that_refuses_everything_ends_the_start_and_is_told_from_cratedb(self):
        proxy = FaultingProxy(ADDRESS, 1, faults=(404,))
        self.addCleanup(proxy.stop)
        source, _ = written(self.home, 1)
        _, err = self.run_ctk("load", source, CrateTarget(proxy.url, "doc").url(), "--start-timeout", "1s", expect=1)
        self.assertIn("something between ctk and CrateDB", err)
        self.assertIn("HTTP status 404: <html>no</html>", err)


class StopBeforeAProxyThatRefusesEverything(Case):
    def test_it_does_not_take_the_grace_period(self):
        target = CrateTarget(ADDRESS, f"ctk_test_{uuid.uuid4().hex[:8]}")
        self.addCleanup(target.drop)
        proxy = FaultingProxy(ADDRESS, 0, faults=(413,))
        self.addCleanup(proxy.stop)
        model = Model()
        for i in range(500):
            model.put(f"k{i}", 0, text={"S": "x" * 50})
        process = self.start_ctk("load", "file+dynamodb+cdc:-", CrateTarget(proxy.url, target.schema).url(), "--grace",
                                 "60s", stdin=subprocess.PIPE)
        process.stdin.write(to_lines(model.events[:1]).encode())
        process.stdin.flush()
        wait_until("the first row is there", lambda: target.rows("demo"), process=process)
        proxy.share = 1
        process.stdin.write(to_lines(model.events[1:]).encode())
        process.stdin.flush()
        wait_until("requests are refused", lambda: proxy.failed > 2, process=process)
        begun = time.monotonic()
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 1, err)
        self.assertLess(time.monotonic() - begun, 30)
        self.assertIn("not all that it had read is written", err)
        self.assertEqual(len(target.rows("demo")), 1, "nothing became a dead letter")


class SilentCrateDb(Case):
    def test_a_server_that_takes_connections_and_never_answers_ends_the_start_in_its_time(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            node = f"http://127.0.0.1:{silent.getsockname()[1]}"
            source, _ = written(self.home, 1)
            begun = time.monotonic()
            _, err = self.run_ctk("load", source, CrateTarget(node, "doc").url(), "--start-timeout", "2s", expect=1)
        self.assertLess(time.monotonic() - begun, 8, "far from the 90 s of a statement")
        self.assertIn(f"cannot reach CrateDB at {node}", err)


class SweepingBehindAFaultingProxy(Relaying):
    def make_target(self):
        self.direct = CrateTarget(ADDRESS, f"ctk_test_{uuid.uuid4().hex[:8]}")
        self.addCleanup(self.direct.drop)
        proxy = FaultingProxy(ADDRESS, 0.3, seed=7)
        self.addCleanup(proxy.stop)
        return CrateTarget(proxy.url, self.direct.schema)

    def test_marks_are_swept(self):
        self.write(300)
        url = self.target.url() + "?delete-grace=0s&delete-floor=0s"
        counts = self.run_json("load", self.source(once="true"), url)
        self.assertEqual((counts["read"], counts["dead_letters"]), (300, 0))
        self.assert_holds(self.direct, self.model)
        for _ in range(5):  # positions were stored each time
            self.write(20)
            self.assertEqual(self.run_json("load", self.source(once="true"), url)["read"], 20)
        self.assert_holds(self.direct, self.model)


class BehindAProxyThatCuts(Case):
    """Connections are cut wherever: between a COMMIT and its answer, too."""

    def check(self, target, share=0.03):
        source, model = written(self.home, CHANGES)
        proxy = CuttingProxy(target.server.port, share, seed=3)
        self.addCleanup(proxy.stop)
        url = target.url().replace(str(target.server.port), str(proxy.port)) + f"&batch-rows={ROWS_A_REQUEST}"
        counts = self.run_json("load", source, url)
        self.assertEqual((counts["applied"], counts["dead_letters"]), (CHANGES, 0))
        self.assert_holds(target, model)
        self.assertGreater(proxy.cuts, 5)

    def name(self):
        return f"ctk_test_{uuid.uuid4().hex[:8]}"


class PostgresBehindAProxyThatCuts(BehindAProxyThatCuts):
    def test_every_change_is_applied_once(self):
        self.check(PostgresTarget(POSTGRES, self.name()))

    def test_through_odbc(self):
        """A transaction is many more pieces here."""
        self.check(OdbcPostgresTarget(POSTGRES, self.name()), 0.005)


class MariadbBehindAProxyThatCuts(BehindAProxyThatCuts):
    @classmethod
    def setUpClass(cls):
        cls.server = Mariadb()
        cls.addClassCleanup(cls.server.stop)

    def test_every_change_is_applied_once(self):
        self.check(MariadbTarget(self.server, self.name()))

    def test_through_odbc(self):
        self.check(OdbcMariadbTarget(self.server, self.name()), 0.005)


if __name__ == "__main__":
    unittest.main()
