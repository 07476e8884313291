"""Many workers share the shards of one stream by leases (positions=dynamodb), as an operator runs them: several shells with
the same command, one of which dies, one of which is stopped, under a stream whose shards roll and split."""
import json
import unittest

from harness import Case, SqliteTarget
from servers import wait_until
from simulator import Simulator

COMMAND = ("--idle-poll=200ms", "--positions=dynamodb", "--failover-time=3s", "--lease-table=workers")


class Workers(Case):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk:sk", "--limits", "off")
        self.target = SqliteTarget(self.home, "t.db")
        self.written = 0

    def source(self, **options):
        query = "".join(f"&{name.replace('_', '-')}={value}" for name, value in options.items())
        return f"dynamodb+cdc://k:s@127.0.0.1:{self.simulator.port}/demo?region=us-east-1{query}"

    def start_worker(self, name):
        return self.start_ctk("load", self.source(), self.target.url(), *COMMAND, f"--worker-id={name}")

    def put(self, count):
        for _ in range(count):
            self.simulator.put(self.written)
            self.written += 1

    def reshard(self, action):
        self.simulator.happen(action, table="demo", all=True)

    def leases(self):
        items = self.simulator.dynamodb("Scan", TableName="workers")["Items"]
        return {item["leaseKey"]["S"]: item for item in items}

    def owners(self):
        return {item["leaseOwner"]["S"] for item in self.leases().values()
                if "leaseOwner" in item and item["checkpoint"]["S"] != "SHARD_END"}

    def wait_rows(self, seconds=60):
        wait_until(f"{self.written} rows", lambda: len(self.target.rows("demo") or {}) == self.written, seconds)

    def test_workers_share_die_and_leave(self):
        self.put(20)
        first = self.start_worker("first")
        self.wait_rows()
        for _ in range(2):
            self.reshard("split-shard")
            self.put(20)
        self.wait_rows()
        second, third = self.start_worker("second"), self.start_worker("third")
        wait_until("three have leases", lambda: self.owners() == {"first", "second", "third"}, 60)
        self.put(60)
        self.wait_rows()
        second.kill()
        second.communicate()
        self.put(60)
        self.wait_rows(30)
        wait_until("two have leases", lambda: self.owners() == {"first", "third"}, 30)
        self.reshard("roll-shard")
        self.put(40)
        self.wait_rows()
        code, _, err = self.stop_ctk(third)
        self.assertEqual(code, 0, err)
        self.assertNotIn("third", self.owners(), "it has given its leases back")
        self.reshard("split-shard")
        self.put(40)
        self.wait_rows(30)
        code, _, err = self.stop_ctk(first)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.owners(), set())
        verified = self.run_json("verify", f"dynamodb://k:s@127.0.0.1:{self.simulator.port}/demo?region=us-east-1",
                                 self.target.url())
        self.assertEqual((verified["items"], verified["equal"]), (self.written, self.written))

    def test_a_worker_goes_on_where_a_lease_stands(self):
        """As after a move from KCL: the lease is all there is."""
        self.put(10)
        worker = self.start_worker("first")
        self.wait_rows()
        code, _, err = self.stop_ctk(worker)
        self.assertEqual(code, 0, err)
        [lease] = self.leases().values()
        self.assertTrue(lease["checkpoint"]["S"].isdigit(), lease)
        self.put(5)
        other = SqliteTarget(self.home, "other.db")
        worker = self.start_ctk("load", self.source(), other.url(), *COMMAND)
        wait_until("the five newest, and the one at which the lease stands at most",
                   lambda: 5 <= len(other.rows("demo") or {}) <= 6, 60)
        self.assertEqual(self.stop_ctk(worker)[0], 0)

    def test_a_bounded_run_reads_what_nobody_else_reads(self):
        self.put(12)
        counts = self.run_json("load", self.source(once="true"), self.target.url(), *COMMAND)
        self.assertEqual((counts["read"], counts["applied"]), (12, 12))
        self.put(3)
        self.assertEqual(self.run_json("load", self.source(once="true"), self.target.url(), *COMMAND)["read"], 3)

    def test_the_printed_policy_names_the_lease_table(self):
        out, _ = self.run_ctk("check", self.source(positions="dynamodb"), self.target.url(), "--policy")
        policy = json.loads(out)
        leases = [one for one in policy["Statement"] if one["Sid"] == "ShareTheLeases"]
        self.assertEqual(len(leases), 1)
        self.assertTrue(leases[0]["Resource"].endswith("table/dynamodb-demo-demo"), leases[0]["Resource"])

    def test_what_leases_cannot_do_is_refused(self):
        for more in (["--snapshot=initial"], ["--on-gap=resnapshot"], ["--reset"], ["--failover-time=10ms"]):
            _, err = self.run_ctk("load", self.source(), self.target.url(), "--positions=dynamodb", *more, expect=2)
            self.assertTrue("positions=dynamodb" in err or "failover-time" in err, err)


if __name__ == "__main__":
    unittest.main()
