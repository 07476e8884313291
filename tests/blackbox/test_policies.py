"""`ctk check --policy`: what is printed suffices for the load, and no action of it is too many."""
import itertools
import json
import re
import shlex
import signal
import sqlite3
import subprocess
import time
import unittest

from harness import PROGRAM, SqliteTarget, clean_environment, ctk
from servers import TESTS, wait_until
from test_check import BOUNDED, Checked, actions_of, without

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def sources_of(line):
    """Of a command line of the documentation: what it reads in AWS, with the options that are flags there. What is said about
    credentials alone (profile, role) takes no right of the source; many workers are OfManyWorkers' affair."""
    words = shlex.split(line)
    options = "".join(f"&{word[2:]}" for word in words if word.startswith("--") and "=" in word)
    for word in words:
        if re.match(r"(kinesis\+)?dynamodb(\+cdc)?://(\S+:\S+@)?aws/", word) and "positions=dynamodb" not in options:
            yield re.sub(r"&(profile|role-arn)=[^&]*", "", word) + options


class Policies(Checked):
    """The printed policy suffices, and no action of it is too many."""

    def setUp(self):
        super().setUp()
        self.targets = itertools.count()

    def least(self, simulator, source):
        load = lambda: ctk("load", source, SqliteTarget(self.home, f"{next(self.targets)}.db").url())  # noqa: E731
        policy = json.loads(self.run_ctk("check", source, "--policy")[0])
        simulator.happen("set-policy", policy=without(policy, None))
        code, _, err = load()
        self.assertEqual(code, 0, err)
        # By fan-out an iterator is asked for only of a shard that the listing lacks (KinesisRules.AShardThatListingsLackIsAskedFor).
        for action in set(actions_of(policy)) - ({"kinesis:GetShardIterator"} if "fan-out=" in source else set()):
            with self.subTest(action):
                if action == "kinesis:RegisterStreamConsumer":
                    self.forget_consumers(simulator)
                simulator.happen("set-policy", policy=without(policy, action))
                code, _, err = load()
                self.assertEqual(code, 1, err)
                self.assertIn(f"is not authorized to perform: {action} on resource", err)
        simulator.happen("set-policy", policy=without(policy, None))
        return actions_of(policy)

    def forget_consumers(self, simulator):
        simulator.happen("set-policy", policy={"Version": "2012-10-17", "Statement": [EVERYTHING]})
        stream = simulator.kinesis("DescribeStreamSummary", StreamName="cdc-stream")["StreamDescriptionSummary"]["StreamARN"]
        for consumer in simulator.kinesis("ListStreamConsumers", StreamARN=stream)["Consumers"]:
            simulator.kinesis("DeregisterStreamConsumer", ConsumerARN=consumer["ConsumerARN"])

    def test_of_a_tables_stream(self):
        simulator = self.simulator()
        simulator.put(1)
        found = self.least(simulator, self.source(simulator, options=BOUNDED))
        self.assertEqual(found, ["dynamodb:DescribeTable", "dynamodb:DescribeStream", "dynamodb:GetShardIterator",
                                 "dynamodb:GetRecords"])
        both = self.least(simulator, self.source(simulator, options=BOUNDED + "&snapshot=initial"))
        self.assertEqual(sorted(both), sorted(found + ["dynamodb:Scan"]))

    def test_of_several_relays(self):
        """One policy, which AWS takes only if no two of its statements have one id."""
        simulator = self.simulator("--table", "other:pk:sk")
        load = lambda: ctk("load", "--config", str(self.home / "relays.toml"))  # noqa: E731
        relays = (("one", self.source(simulator, options=BOUNDED + "&snapshot=initial")), ("two", self.source(simulator, name="other", options=BOUNDED)),
                  ("three", self.source(simulator, "kinesis+dynamodb+cdc", "cdc", BOUNDED)))
        (self.home / "relays.toml").write_text("exit-on-failure = true\n" + "".join(
            f'[[relay]]\npositions-name = "{name}"\nsource = "{source}"\ntarget = "{SqliteTarget(self.home, name + ".db").url()}"\n'
            for name, source in relays))
        policy = json.loads(self.run_ctk("check", "--config", self.home / "relays.toml", "--policy")[0])
        ids = [statement["Sid"] for statement in policy["Statement"]]
        self.assertEqual(ids, ["ReadTheTable", "ReadTheTablesStream", "ReadTheTable2", "ReadTheKinesisStream"])
        simulator.happen("set-policy", policy=without(policy, None))
        code, _, err = load()
        self.assertEqual(code, 0, err)
        simulator.happen("set-policy", policy=without(policy, "dynamodb:GetRecords"))
        code, _, err = load()
        self.assertEqual(code, 1, err)

    def test_of_a_stream_that_is_to_be_switched_on(self):
        simulator = self.simulator()
        source = self.source(simulator, options=BOUNDED + "&enable-stream=true")
        policy = json.loads(self.run_ctk("check", source, "--policy")[0])
        self.assertIn("dynamodb:UpdateTable", actions_of(policy))
        simulator.dynamodb("UpdateTable", TableName="demo", StreamSpecification={"StreamEnabled": False})
        simulator.happen("set-policy", policy=without(policy, "dynamodb:UpdateTable"))
        self.run_ctk("load", source, SqliteTarget(self.home).url(), expect=1)
        simulator.happen("set-policy", policy=policy)
        self.run_ctk("load", source, SqliteTarget(self.home).url())

    def test_of_a_table_once(self):
        simulator = self.simulator()
        simulator.put(1)
        source = self.source(simulator, "dynamodb", options="&start-timeout=1s&give-up=1s&read-capacity=1000")
        self.assertEqual(self.least(simulator, source), ["dynamodb:DescribeTable", "dynamodb:Scan"])
        only = self.source(simulator, options=BOUNDED + "&snapshot=only")
        self.assertEqual(self.least(simulator, only), ["dynamodb:DescribeTable", "dynamodb:Scan"])

    def test_of_a_kinesis_stream(self):
        simulator = self.simulator()
        stream = simulator.kinesis("DescribeStreamSummary", StreamName="cdc")["StreamDescriptionSummary"]["StreamARN"]
        simulator.dynamodb("EnableKinesisStreamingDestination", TableName="demo", StreamArn=stream)
        simulator.put(1)
        scheme = "kinesis+dynamodb+cdc"
        found = self.least(simulator, self.source(simulator, scheme, "cdc", BOUNDED))
        self.assertEqual(found, ["kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator",
                                 "kinesis:GetRecords"])
        both = self.least(simulator, self.source(simulator, scheme, stream, BOUNDED + "&snapshot=initial&source-table=demo"))
        self.assertEqual(both, found + ["dynamodb:DescribeTable", "dynamodb:Scan"])

    def test_of_each_command_line_of_the_documentation(self):
        """As it stands there, but for where AWS is, whose account it is, and that it ends."""
        sources, simulator = {}, self.simulator("--table", "orders:pk:sk", "--stream", "cdc-stream:1")
        stream = simulator.kinesis("DescribeStreamSummary", StreamName="cdc-stream")["StreamDescriptionSummary"]["StreamARN"]
        simulator.dynamodb("EnableKinesisStreamingDestination", TableName="orders", StreamArn=stream)
        for page in (TESTS.parent / "README.md", *sorted((TESTS.parent / "docs").rglob("*.md"))):
            for line in re.findall(r"^ctk (?:load|record)(?: table)? .*", page.read_text(), re.MULTILINE):
                for source in sources_of(line):
                    source = re.sub(r"//(\S+:\S+@)?aws/", f"//AKID:secret@127.0.0.1:{simulator.port}/", source)
                    # The simulated table is billed on demand, of which there is no half.
                    source = source.replace("123456789012", "000000000000").replace("read-capacity=50%25", "read-capacity=1000")
                    sources[source.replace("eu-central-1", "us-east-1")] = line
        self.assertGreater(len(sources), 8, sources)
        for number in range(3):
            simulator.put(number, table="orders")
        for source, line in sources.items():
            with self.subTest(line):
                self.least(simulator, source + (BOUNDED if "?" in source else BOUNDED.replace("&", "?", 1)))

    def test_is_printed_without_asking_anybody(self):
        shown = re.search("```json\n(.*?)```", (TESTS.parent / "docs/permissions.md").read_text(), re.DOTALL)[1]
        orders = "dynamodb+cdc://aws/orders?region=eu-central-1"
        self.assertEqual(self.run_ctk("check", orders + "&snapshot=initial", "--policy")[0], shown)
        policy = json.loads(self.run_ctk("check", orders, "--policy")[0])
        table = "arn:aws:dynamodb:eu-central-1:*:table/orders"
        self.assertEqual({statement["Resource"] for statement in policy["Statement"]}, {table, table + "/stream/*"})
        arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/cdc"
        policy = json.loads(self.run_ctk("check", f"kinesis+dynamodb+cdc://aws/{arn}", "--policy")[0])
        self.assertEqual([statement["Resource"] for statement in policy["Statement"]], [arn])
        policy = json.loads(self.run_ctk("check", "file+dynamodb+cdc:events.ndjson", "--policy")[0])
        self.assertEqual(policy["Statement"], [])
        self.run_ctk("check", "dynamodb+cdc://aws/orders", "--policy", expect=2)  # no region

    def test_a_file_that_is_none_is_refused(self):
        bad = self.home / "policy.json"
        bad.write_text("[]")
        self.assertIn("IAM policy", self.run_ctk("simulator", "--policy", bad, expect=2)[1])
        bad.write_text(json.dumps({"Version": "2012-10-17", "Statement": []}))
        simulator = self.simulator("--policy", bad)
        with self.assertRaisesRegex(Exception, "AccessDeniedException.*dynamodb:Scan on resource: arn:aws:dynamodb:"):
            simulator.dynamodb("Scan", TableName="demo")


class OfManyWorkers(Checked):
    """positions=dynamodb: two tables of leases, and those of a fleet of KCL 3. Each action of a statement is taken out alone, in
    the situation that asks for it.

    One is left to the unit tests, since it is asked for minutes later: DeleteItem of a lease whose shard is read
    (LeaseKeeperTest.FinishedRowsGoOnceTheirChildrenAreRead)."""

    LEASES = "arn:aws:dynamodb:us-east-1:000000000000:table/workers"

    def setUp(self):
        super().setUp()
        self.aws = self.simulator("--table", "orders:pk:sk", "--limits", "off")
        for number in range(40):
            self.aws.put(number, table="orders")
        self.targets = itertools.count()
        self.policy = json.loads(self.run_ctk("check", *self.words(), "--policy")[0])

    def words(self, *more):
        options = "&positions=dynamodb&lease-table=workers&snapshot=initial&segments=4&idle-poll=200ms&failover-time=3s"
        target = SqliteTarget(self.home, f"{next(self.targets)}.db").url("orders")
        return self.source(self.aws, name="orders", options=options), target, *more

    def allow(self, resource="", action=""):
        """The policy, less an action on a resource."""
        statements = []
        for statement in self.policy["Statement"]:
            short = statement["Resource"].rpartition("/")[2] == resource
            actions = [each for each in statement["Action"] if not (short and each == f"dynamodb:{action}")]
            statements.append(statement | {"Action": actions})
        left = sum(len(statement["Action"]) for statement in statements)
        self.assertEqual(left, len(actions_of(self.policy)) - (1 if action else 0), f"{action} on {resource} is not in the policy")
        self.aws.happen("set-policy", policy=self.policy | {"Statement": [each for each in statements if each["Action"]]})

    def everybody(self):
        """The test itself may do everything."""
        self.aws.happen("set-policy", policy={"Version": "2012-10-17", "Statement": [EVERYTHING]})

    def forget(self):
        self.everybody()
        for name in self.aws.dynamodb("ListTables")["TableNames"]:
            if name.startswith("workers"):
                self.aws.dynamodb("DeleteTable", TableName=name)

    def start_worker(self, name, *words):
        """The process, and what it has said so far."""
        path = self.home / f"{name}-{next(self.targets)}.log"
        with path.open("wb") as log:
            process = subprocess.Popen([PROGRAM, "load", *words, f"--worker-id={name}"], env=clean_environment(), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, path.read_text

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)

    def holders(self, table):
        items = self.aws.dynamodb("Scan", TableName=table)["Items"]
        return {row["leaseOwner"]["S"] for row in items if "leaseOwner" in row and row["checkpoint"]["S"] != "SHARD_END"}

    def test_one_that_starts(self):
        """And begins the tables, the load and the leases."""
        starts = [("orders", "DescribeTable"), ("orders", "Scan"), ("*", "DescribeStream"), ("*", "GetShardIterator"), ("*", "GetRecords")]
        starts += [(table, action) for table in ("workers", "workers-load")
                   for action in ("DescribeTable", "CreateTable", "Scan", "PutItem", "UpdateItem")]
        self.run_ctk("load", *self.words("--once=true"))
        for resource, action in starts:
            with self.subTest(resource=resource, action=action):
                self.forget()
                self.allow(resource, action)
                worker, said = self.start_worker("ours", *self.words("--once=true", "--log-level=debug"))
                refused = f"is not authorized to perform: dynamodb:{action} on resource: \\S+/{re.escape(resource.strip('*'))}"
                wait_until(f"it says why not; it said {said()}", lambda: re.search(refused, said()), 30)
                worker.kill()

    def test_one_that_comes_to_another(self):
        """It asks for a lease, and looks whether it was given."""
        self.aws.happen("split-shard", table="orders", all=True)
        for denied in ("", "workers"):
            with self.subTest(denied=denied):
                self.forget()
                words = self.words()
                self.run_ctk("load", *words, "--once=true")
                self.allow(denied, "GetItem" if denied else "")
                first, _ = self.start_worker("first", *words)
                wait_until("one has the leases", lambda: self.holders("workers") == {"first"}, 30, first)
                second, said = self.start_worker("second", *words)
                refused = "is not authorized to perform: dynamodb:GetItem on resource: \\S+/workers"
                wait_until("it has what it asks for, or says why not",
                           lambda: re.search(refused, said()) if denied else "second" in self.holders("workers"), 30, second)
                self.assertEqual(bool(re.search("is not authorized", said())), bool(denied))
                for process in (second, first):
                    self.stop(process)

    def fleet(self, leader, reports):
        """The tables of a fleet of KCL 3.1, which tells of itself by its leader's row, or by a worker's report."""
        for table, key in (("workers-CoordinatorState", "key"), ("workers-WorkerMetricStats", "wid")):
            self.aws.dynamodb("CreateTable", TableName=table, BillingMode="PAY_PER_REQUEST",
                              AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                              KeySchema=[{"AttributeName": key, "KeyType": "HASH"}])
        if leader:
            self.aws.dynamodb("PutItem", TableName="workers-CoordinatorState", Item={
                "key": {"S": "Leader"}, "ownerName": {"S": "java-1"}, "leaseDuration": {"S": "120000"},
                "recordVersionNumber": {"S": "6155aeb5-ae74-4409-989f-dbf886ca1734"}})
        if reports:
            self.aws.dynamodb("PutItem", TableName="workers-WorkerMetricStats",
                              Item={"wid": {"S": "java-1"}, "lut": {"N": str(int(time.time()))}})

    def reported(self):
        return {row["wid"]["S"] for row in self.aws.dynamodb("Scan", TableName="workers-WorkerMetricStats")["Items"]}

    def test_one_beside_a_fleet_of_kcl_3(self):
        coordinator, reports = "workers-CoordinatorState", "workers-WorkerMetricStats"
        for resource, action, leader in (("", "", True), ("", "", False), (coordinator, "GetItem", True), (reports, "Scan", False)):
            with self.subTest(action=action, leader=leader):
                self.forget()
                words = self.words()
                self.run_ctk("load", *words, "--once=true")
                self.fleet(leader, not leader)
                self.allow(resource, action)
                worker, said = self.start_worker("ours", *words)
                unseen = f"cannot be seen.*is not authorized to perform: dynamodb:{action} on resource: \\S+/{resource}"
                wait_until("it sees the fleet, or says why not",
                           lambda: re.search(unseen if action else "workers of KCL 3 are at work", said()), 30, worker)
                if not action:
                    wait_until("it reports", lambda: "ours" in self.reported(), 30, worker)
                self.stop(worker)
                self.everybody()
                self.assertNotIn("ours", self.reported())

    def test_its_report_to_a_fleet_of_kcl_3(self):
        for action, code in (("UpdateItem", 1), ("DeleteItem", 0)):
            with self.subTest(action):
                self.forget()
                words = self.words()
                self.run_ctk("load", *words, "--once=true")
                self.fleet(True, False)
                self.allow("workers-WorkerMetricStats", action)
                worker, said = self.start_worker("ours", *words)
                if code == 0:
                    wait_until("it reports and follows", lambda: "ours" in self.reported() and "msg=reading" in said(), 30, worker)
                    worker.send_signal(signal.SIGTERM)
                self.assertEqual(worker.wait(30), code, said())
                self.assertRegex(said(), f"is not authorized to perform: dynamodb:{action} on resource: \\S+/workers-WorkerMetricStats")

    def test_a_table_that_is_loaded_again(self):
        """Its segments take the place of the older load's, whose rows go."""
        for action in ("", "DeleteItem"):
            with self.subTest(action):
                self.forget()
                words = self.words()
                self.run_ctk("load", *words, "--once=true")
                self.aws.dynamodb("DeleteTable", TableName="workers")
                with sqlite3.connect(words[1].removeprefix("sqlite:///").partition("?")[0]) as target:
                    target.execute("DROP VIEW orders_live")
                    target.execute("DROP TABLE orders")
                self.run_ctk("positions", "reset", "dynamodb:orders@orders", words[1], "--yes")
                self.allow("workers-load" if action else "", action)
                worker, said = self.start_worker("ours", *words, "--log-level=debug")
                refused = "is not authorized to perform: dynamodb:DeleteItem on resource: \\S+/workers-load"
                wait_until("it removes them, or says why not",
                           lambda: re.search(refused, said()) if action else "load:00001" not in self.keys("workers-load"), 30, worker)
                worker.kill()

    def keys(self, table):
        return " ".join(row["leaseKey"]["S"] for row in self.aws.dynamodb("Scan", TableName=table)["Items"])


if __name__ == "__main__":
    unittest.main()
