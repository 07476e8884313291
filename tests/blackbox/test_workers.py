"""Many workers share the shards of one stream by leases (positions=dynamodb), as an operator runs them: several shells with
the same command, one of which dies, one of which is stopped, under a stream whose shards roll and split."""
import json
import re
import signal
import unittest

from aws import AwsError
from harness import Case, PostgresTarget, SqliteTarget
from listening import follow, get
from servers import Postgres, wait_until
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

    def test_a_lease_table_that_was_deleted_is_named_and_gone_on_from_once_it_is_back(self):
        self.put(10)
        worker = self.start_ctk("load", self.source(), self.target.url(), *COMMAND, "--worker-id=first", "--listen=127.0.0.1:0")
        self.lines = []
        url, _ = follow(self, worker, 20)

        def held():
            found = re.search(r"^ctk_leases_held\{.*\} (\d+)$", get(url, "/metrics")[2], re.MULTILINE)
            return found and int(found[1])
        self.wait_rows()
        wait_until("it is well", lambda: get(url, "/healthz")[0] == 200 and held() == 1, 30)
        self.assertRegex(get(url, "/metrics")[2], r'ctk_lease_calls_total\{operation="write",relay="[^"]+"\} [1-9]')
        self.simulator.dynamodb("DeleteTable", TableName="workers")
        wait_until("it is red", lambda: get(url, "/healthz")[0] == 503, 30)
        self.assertIn("lease table 'workers' is not there any more", get(url, "/healthz")[2])
        wait_until("its lease is lost", lambda: held() == 0, 30)
        self.put(10)
        self.assertNotIn("workers", self.simulator.dynamodb("ListTables")["TableNames"])
        second = self.start_worker("second")
        self.wait_rows()
        wait_until("it is well again", lambda: get(url, "/healthz")[0] == 200, 60)
        self.assertEqual(self.stop_ctk(second)[0], 0)
        self.put(10)
        self.wait_rows()
        wait_until("its lease is back", lambda: held() == 1, 30)
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(30), 0)
        said = "".join(self.lines)
        self.assertEqual(said.count("the lease table cannot be used"), 2, "once for reading, once for writing")
        self.assertIn("the lease table can be used again", said)

    def test_a_lease_that_nobody_takes_makes_it_red_and_is_green_once_it_is_taken(self):
        """A leader of KCL 3 is on record, whom this one leaves to share out; he gives the lease to nobody."""
        self.put(3)
        self.run_ctk("load", self.source(once="true"), self.target.url(), *COMMAND)
        [shard] = self.leases()
        self.simulator.dynamodb("PutItem", TableName="workers", Item={
            "leaseKey": {"S": "Leader"}, "entityType": {"S": "LEADER"}, "ownerName": {"S": "java-1"},
            "leaseDuration": {"S": "600000"}, "recordVersionNumber": {"S": "6155aeb5-ae74-4409-989f-dbf886ca1734"}})
        worker = self.start_ctk("load", self.source(), self.target.url(), *COMMAND, "--worker-id=first", "--listen=127.0.0.1:0",
                                "--health-window=5s")
        self.lines = []
        url, _ = follow(self, worker, 20)
        wait_until("it is red", lambda: get(url, "/healthz")[0] == 503, 20, worker)
        self.assertRegex(get(url, "/healthz")[2], f"shard {shard} has been read by no worker for [5-9] s")
        self.simulator.dynamodb("UpdateItem", TableName="workers", Key={"leaseKey": {"S": shard}},
                                UpdateExpression="SET leaseOwner = :o, leaseCounter = leaseCounter + :n",
                                ExpressionAttributeValues={":o": {"S": "first"}, ":n": {"N": "1"}})
        self.put(3)
        self.wait_rows()
        wait_until("it is green", lambda: get(url, "/healthz")[0] == 200, 20, worker)

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

    def test_leases_are_listed_and_reset_once_nobody_holds_them(self):
        self.put(10)
        worker = self.start_worker("first")
        self.wait_rows()
        wait_until("progress is in the lease", lambda: all("ctkPosition" in row for row in self.leases().values()), 30)
        listed = self.run_json("positions", "list", self.source(), "--lease-table=workers")
        self.assertEqual([(row["relay"], row["worker"]) for row in listed], [("workers", "first")])
        reset = ("positions", "reset", self.source(), "--lease-table=workers", "--failover-time=3s", "--yes")
        _, err = self.run_ctk(*reset, expect=1)
        self.assertIn("workers hold leases of table 'workers': first", err)
        self.assertEqual(len(self.leases()), 1)
        place = (f"--endpoint-url=http://127.0.0.1:{self.simulator.port}", "--region=us-east-1", "--lease-table=workers")
        table = self.run_json("show", "table", "demo", self.target.url(), *place,
                              env={"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"})
        self.assertIn("workers", [row["relay"] for row in table["positions"]])
        self.assertEqual(self.stop_ctk(worker)[0], 0)
        self.assertEqual(self.run_json(*reset), {"removed": 1})
        self.assertEqual(self.leases(), {})

    def test_reset_is_refused_beside_a_living_worker_and_begins_anew_after_it(self):
        self.put(10)
        worker = self.start_worker("first")
        self.wait_rows()
        again = ("load", self.source(once="true"), self.target.url(), *COMMAND, "--reset")
        _, err = self.run_ctk(*again, expect=1)
        self.assertIn("workers hold leases of table 'workers': first", err)
        self.assertIn("stop them first", err)
        self.put(5)
        self.wait_rows()
        self.assertEqual(self.owners(), {"first"})
        worker.kill()
        worker.communicate()
        self.assertEqual(self.run_json(*again)["read"], 15)
        self.assertEqual(self.run_json(*again[:-1])["read"], 0)

    def test_leases_that_a_killed_worker_has_left_are_reset(self):
        self.put(3)
        worker = self.start_worker("first")
        self.wait_rows()
        worker.kill()
        worker.communicate()
        self.assertEqual(self.owners(), {"first"})
        self.assertEqual(self.run_json("positions", "reset", self.source(), "--lease-table=workers", "--failover-time=3s",
                                       "--yes"), {"removed": 1})

    def test_a_bounded_run_waits_for_what_a_killed_worker_has_left(self):
        self.put(3)
        worker = self.start_worker("first")
        self.wait_rows()
        worker.kill()
        worker.communicate()
        self.put(4)
        self.assertEqual(self.run_json("load", self.source(once="true"), self.target.url(), *COMMAND)["read"], 4)

    def test_the_printed_policy_names_the_lease_table(self):
        out, _ = self.run_ctk("check", self.source(positions="dynamodb"), self.target.url(), "--policy")
        policy = json.loads(out)
        leases = [one for one in policy["Statement"] if one["Sid"] == "ShareTheLeases"]
        self.assertEqual(len(leases), 1)
        self.assertTrue(leases[0]["Resource"].endswith("table/dynamodb-demo-demo"), leases[0]["Resource"])

    def test_the_printed_policy_names_the_table_of_the_load(self):
        out, _ = self.run_ctk("check", self.source(positions="dynamodb", snapshot="initial"), self.target.url(), "--policy")
        [load] = [one for one in json.loads(out)["Statement"] if one["Sid"] == "ShareTheLoad"]
        self.assertTrue(load["Resource"].endswith("table/dynamodb-demo-demo-load"), load["Resource"])

    def test_what_leases_cannot_do_is_refused(self):
        table = f"dynamodb://k:s@127.0.0.1:{self.simulator.port}/demo?region=us-east-1"
        for source, target, *more in ((self.source(), self.target.url(), "--snapshot=initial", "--on-gap=resnapshot"),
                                      (self.source(), self.target.url(), "--on-gap=resnapshot"),
                                      (self.source(), self.target.url(), "--failover-time=10ms"),
                                      (self.source(), "ndjson:-", "--snapshot=initial")):
            _, err = self.run_ctk("load", source, target, "--positions=dynamodb", *more, expect=2)
            self.assertTrue("positions=dynamodb" in err or "failover-time" in err, err)
        self.run_ctk("load", table, self.target.url(), "--positions=dynamodb", expect=2)
        _, err = self.run_ctk("positions", "reset", self.source(), "--lease-table=workers", "--failover-time=0s", "--yes", expect=2)
        self.assertIn("at least 1s", err)


class SharedLoads(Case):
    """Three workers load a table together while it is written to."""

    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk:sk", "--limits", "off")
        self.lines = []

    def source(self):
        return f"dynamodb+cdc://k:s@127.0.0.1:{self.simulator.port}/demo?region=us-east-1"

    def start_worker(self, target, name, *more):
        process = self.start_ctk("load", self.source(), target.url(), *COMMAND, "--snapshot=initial", f"--worker-id={name}",
                                 "--listen=127.0.0.1:0", *more)
        return process, follow(self, process, 60)

    def segments(self):
        """By their keys; none until a worker has made the table."""
        try:
            items = self.simulator.dynamodb("Scan", TableName="workers-load")["Items"]
        except AwsError as error:
            if error.code != "ResourceNotFoundException":
                raise
            return {}
        return {item["leaseKey"]["S"]: item for item in items}

    def holders(self):
        return {row["leaseOwner"]["S"] for row in self.open_segments() if "leaseOwner" in row}

    def open_segments(self):
        return [row for row in self.segments().values() if row["checkpoint"]["S"] != "SHARD_END"]

    def load_with_three(self, target):
        for number in range(600):
            self.simulator.put(number, text={"S": "x" * 2000})
        # Slow enough for one to die in the middle of it.
        slow = ("--segments=12", "--read-capacity=10")
        workers = {name: self.start_worker(target, name, *slow) for name in ("first", "second", "third")}
        wait_until("all three read segments", lambda: self.holders() == set(workers), 60)
        listed = self.run_json("positions", "list", self.source(), "--lease-table=workers")
        self.assertEqual(sum(row["shard"].startswith("load:00001:") for row in listed), 12)
        killed, (_, reader) = workers.pop("second")
        killed.kill()
        reader.join()
        self.assertGreater(len(self.open_segments()), 0, "the load was over before one was killed")
        number = 600

        def is_ready():
            nonlocal number
            self.simulator.put(number % 600, text={"S": f"changed in {number}"})
            self.simulator.put(number)
            gone = number * 3 % 600
            self.simulator.dynamodb("DeleteItem", TableName="demo",
                                    Key={"pk": {"S": f"item-{gone % 7}"}, "sk": {"S": str(gone)}})
            number += 1
            return all(get(url, "/readyz")[0] == 200 for _, (url, _) in workers.values())
        wait_until("the two that are left say that they are ready", is_ready, 180)
        self.assertTrue(all(row["entityType"] == {"S": "CTK_SEGMENT"} for row in self.segments().values()))
        verified = self.run_json("verify", f"dynamodb://k:s@127.0.0.1:{self.simulator.port}/demo?region=us-east-1",
                                 target.url())
        self.assertEqual(verified["items"], verified["equal"], verified)
        self.assertGreater(verified["items"], 300)
        for process, (_, reader) in workers.values():
            process.terminate()
            reader.join(60)
            self.assertEqual(process.wait(60), 0)
        self.assertIn("the load is complete", "".join(self.lines))

    def test_into_sqlite(self):
        self.load_with_three(SqliteTarget(self.home, "t.db"))

    def test_into_postgresql(self):
        with Postgres() as server:
            self.load_with_three(PostgresTarget(server, "workers"))

    def test_who_followed_first_is_told_so(self):
        target = SqliteTarget(self.home, "t.db")
        self.simulator.put(1)
        once = ("load", self.source() + "&once=true", target.url(), *COMMAND)
        self.run_ctk(*once)
        _, err = self.run_ctk(*once, "--snapshot=initial", expect=1)
        self.assertIn("was never loaded", err)
        self.assertIn("start one with --reset", err)
        _, err = self.run_ctk(*once, "--snapshot=initial", "--reset")
        self.assertIn("loading the table", err)
        self.assertEqual(len(target.rows("demo")), 1)
        _, err = self.run_ctk(*once, "--snapshot=initial", "--reset")
        self.assertIn("loading the table", err)
        self.assertEqual(len(target.rows("demo")), 1)

    def test_a_bounded_run_loads_alone(self):
        target = SqliteTarget(self.home, "t.db")
        for number in range(20):
            self.simulator.put(number)
        once = ("load", self.source() + "&once=true", target.url(), *COMMAND, "--snapshot=initial")
        self.run_ctk(*once)
        self.assertEqual(len(target.rows("demo")), 20)
        _, err = self.run_ctk(*once)
        self.assertNotIn("loading the table", err)


if __name__ == "__main__":
    unittest.main()
