"""`ctk check`: what would keep a load from running is found, with a hint that mends it. Its policies: test_policies.py."""
import hashlib
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
import unittest
import uuid

from harness import PROGRAM, Case, CrateTarget, SqliteTarget, crate_address, ctk, finish, start
from servers import TESTS, DynamoDbLocal, FakeCrateDb, Mariadb, Mysql, Postgres
from simulator import Refusals, Simulator

SEED = {"Sid": "Seed", "Effect": "Allow", "Resource": "*",
        "Action": ["dynamodb:PutItem", "dynamodb:EnableKinesisStreamingDestination"]}
# At once, where a call is refused for good.
BOUNDED = "&once=true&start-timeout=1s&give-up=1s"


def actions_of(policy):
    return [action for statement in policy["Statement"] for action in statement["Action"]]


def without(policy, action):
    """The policy less one of its actions."""
    statements = [statement | {"Action": [each for each in statement["Action"] if each != action]}
                  for statement in policy["Statement"]]
    return policy | {"Statement": [statement for statement in statements if statement["Action"]] + [SEED]}


class Checked(Case):
    def simulator(self, *options):
        simulator = Simulator(self, "--table", "demo:pk:sk", "--stream", "cdc:1", *options)
        return simulator

    def source(self, simulator, scheme="dynamodb+cdc", name="demo", options="", port=None):
        return f"{scheme}://AKID:secret@127.0.0.1:{port or simulator.port}/{name}?region=us-east-1{options}"

    def findings(self, *arguments, expect=0, **options):
        return {each["check"]: each for each in self.run_json("check", *arguments, expect=expect, **options)}

    def assert_failed(self, name, says, *arguments, **options):
        """One check fails, and says so; its hint."""
        found = self.findings(*arguments, expect=5, **options)
        failed = [check for check, finding in found.items() if finding["result"] == "fail"]
        self.assertEqual(failed, [name], found)
        self.assertRegex(found[name]["says"], says)
        return found[name]["hint"]


class Broken(Checked):
    """One thing at a time; the hint, done as it says, mends it."""

    def setUp(self):
        super().setUp()
        self.target = SqliteTarget(self.home)

    def test_all_is_well(self):
        simulator = self.simulator()
        stream = simulator.kinesis("DescribeStreamSummary", StreamName="cdc")["StreamDescriptionSummary"]["StreamARN"]
        simulator.dynamodb("EnableKinesisStreamingDestination", TableName="demo", StreamArn=stream)
        simulator.put(1)
        for source in (self.source(simulator), self.source(simulator, options="&snapshot=initial"),
                       self.source(simulator, "dynamodb"), self.source(simulator, "kinesis+dynamodb+cdc", "cdc"),
                       self.source(simulator, "kinesis+dynamodb+cdc", "cdc", "&snapshot=initial&source-table=demo")):
            out, _ = self.run_ctk("check", source, self.target.url())
            for line in out.splitlines():
                self.assertRegex(line, r"^ok [^:]+(:\w+)?: .+")
            self.assertIn("ok credentials: from source URL: arn:aws:iam::000000000000:user/AKID", out)
            self.assertIn("ok target: SQLite 3.", out)
            self.assertFalse(self.target.path.exists(), "a check makes nothing")
        found = self.findings(self.source(simulator, "kinesis+dynamodb+cdc", "cdc", "&source-table=demo"), self.target.url())
        self.assertEqual(found["kinesis times"]["says"], "microseconds")

    def test_every_right(self):
        simulator = self.simulator()
        stream = simulator.kinesis("DescribeStreamSummary", StreamName="cdc")["StreamDescriptionSummary"]["StreamARN"]
        simulator.dynamodb("EnableKinesisStreamingDestination", TableName="demo", StreamArn=stream)
        simulator.put(1)
        kinesis = "kinesis+dynamodb+cdc"
        for source, tried in ((self.source(simulator, options="&snapshot=initial"), 5), (self.source(simulator, "dynamodb"), 2),
                              (self.source(simulator, kinesis, "cdc", "&source-table=demo&snapshot=initial"), 6),
                              (self.source(simulator, kinesis, "cdc", "&fan-out=me"), 4),
                              (self.source(simulator, options="&positions=dynamodb&lease-table=workers"), 7),
                              (self.source(simulator, kinesis, "cdc", "&positions=dynamodb&lease-table=workers"), 7)):
            with self.subTest(source):
                self.assertEqual(self.each_right(simulator, source), tried)

    # What these do cannot be undone, or is another's; tables of other libraries are looked at where there are any.
    UNTRIED = ("UpdateTable", "CreateTable", "PutItem", "UpdateItem", "DeleteItem", "RegisterStreamConsumer", "SubscribeToShard")
    OF_OTHERS = ("-CoordinatorState", "-WorkerMetricStats")

    def each_right(self, simulator, source):
        """Without each of the policy's rights one check fails, and its hint, done literally, mends it. How many were tried."""
        policy, tried = json.loads(self.run_ctk("check", source, "--policy")[0]), 0
        for number, statement in enumerate(policy["Statement"]):
            for action in statement["Action"]:
                if action.partition(":")[2] in self.UNTRIED or statement["Resource"].endswith(self.OF_OTHERS):
                    continue
                less = without(policy, None)
                less["Statement"][number] = statement | {"Action": [each for each in statement["Action"] if each != action] or ["sts:None"]}
                simulator.happen("set-policy", policy=less)
                found = self.findings(source, self.target.url(), expect=5)
                failed = {check: finding for check, finding in found.items() if finding["result"] == "fail"}
                of_leases = " on workers" if statement["Resource"].endswith("table/workers") else ""
                self.assertEqual(list(failed), [f"permission {action}{of_leases}"], found)
                allowed, resource = re.fullmatch(r"allow (\S+) on (\S+)", failed[f"permission {action}{of_leases}"]["hint"]).groups()
                less["Statement"].append({"Effect": "Allow", "Action": allowed, "Resource": resource})
                simulator.happen("set-policy", policy=less)
                self.findings(source, self.target.url())
                tried += 1
        simulator.happen("set-policy")
        return tried

    def test_a_table_of_something_else_is_no_lease_table(self):
        simulator = self.simulator()
        source = self.source(simulator, options="&positions=dynamodb&lease-table=")
        hint = self.assert_failed("lease table", "'demo' is no lease table", source + "demo", self.target.url())
        self.assertEqual(hint, "name another one with lease-table=NAME")
        found = self.findings(source + "workers", self.target.url())
        self.assertEqual(found["permission dynamodb:CreateTable on workers"]["says"], "not tried: it would make the table")

    def test_a_wrong_key(self):
        simulator = self.simulator()
        proxy = Refusals(self, simulator)
        proxy.refuse_signer = lambda key, token: (key == "AKID") and (
            "UnrecognizedClientException", "The security token included in the request is invalid.")
        hint = self.assert_failed("credentials", "UnrecognizedClientException", self.source(simulator),
                                  self.target.url(), env={"AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{proxy.port}"})
        self.assertIn("other keys", hint)
        good = self.source(simulator, port=proxy.port).replace("AKID", "OTHER")
        self.findings(good, self.target.url())

    def test_nobody_there(self):
        closed = self.source(None, port=1)
        found = self.findings(closed, self.target.url(), expect=5)
        self.assertEqual(found["source"]["result"], "fail")
        simulator = self.simulator()
        found = self.findings(self.source(simulator), self.target.url(), env={"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"})
        self.assertEqual(found["credentials"]["result"], "warn")
        self.assert_failed("target", "127.0.0.1", self.source(simulator),
                           "postgresql://nobody@127.0.0.1:1/db?table=public.demo")
        self.assert_failed("source", "no table 'nothing'", self.source(simulator, name="nothing"), self.target.url())
        self.assert_failed("source", "not there", "file+dynamodb+cdc:/nowhere/events.ndjson", self.target.url())

    def test_no_room(self):
        """A file system of a megabyte, which only root may make."""
        small = self.home / "small"
        small.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small], capture_output=True).returncode:
            self.skipTest("this user may not mount a file system")
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        source = self.source(self.simulator())
        for place in (f"sqlite:///{small}/rows.db?table=demo", f"ndjson://{small}/lines"):
            hint = self.assert_failed("target room", r"^(\d+ KB|1 MB) free$", source, place)
            self.assertEqual(hint, "make room, or name a place that has some")
            self.findings(source, place.replace(f"{small}/", f"{self.home}/"))
        subprocess.run(["mount", "-o", "remount,size=100m", small], check=True)
        self.findings(source, f"sqlite:///{small}/rows.db?table=demo")

    def test_a_stream_that_is_off_or_holds_too_little(self):
        simulator = self.simulator()
        off = {"StreamEnabled": False}
        simulator.dynamodb("UpdateTable", TableName="demo", StreamSpecification=off)
        hint = self.assert_failed("stream", "switched off", self.source(simulator), self.target.url())
        self.do(simulator, hint)
        self.findings(self.source(simulator), self.target.url())
        simulator.dynamodb("UpdateTable", TableName="demo", StreamSpecification=off)
        keys = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        simulator.dynamodb("UpdateTable", TableName="demo", StreamSpecification=keys)
        hint = self.assert_failed("stream", "KEYS_ONLY", self.source(simulator), self.target.url())
        self.assertIn("StreamEnabled=false", hint)
        simulator.dynamodb("UpdateTable", TableName="demo", StreamSpecification=off)
        self.do(simulator, self.assert_failed("stream", "switched off", self.source(simulator), self.target.url()))
        self.findings(self.source(simulator), self.target.url())

    def do(self, simulator, hint):
        """Runs the AWS command of a hint."""
        table, settings = re.search(r"aws dynamodb update-table --table-name (\S+) --stream-specification (\S+)", hint).groups()
        given = dict(setting.split("=") for setting in settings.split(","))
        simulator.dynamodb("UpdateTable", TableName=table,
                           StreamSpecification=given | {"StreamEnabled": given["StreamEnabled"] == "true"})

    def test_a_table_that_does_not_feed_the_stream(self):
        simulator = self.simulator()
        source = self.source(simulator, "kinesis+dynamodb+cdc", "cdc", "&source-table=demo")
        hint = self.assert_failed("kinesis times", "do not go to this stream", source, self.target.url())
        table, stream = re.search(r"aws dynamodb enable-kinesis-streaming-destination --table-name (\S+) --stream-arn (\S+)",
                                  hint).groups()
        simulator.dynamodb("EnableKinesisStreamingDestination", TableName=table, StreamArn=stream)
        self.findings(source, self.target.url())

    def test_records_that_are_gone_unread(self):
        simulator = self.simulator()
        stream = simulator.kinesis("DescribeStreamSummary", StreamName="cdc")["StreamDescriptionSummary"]["StreamARN"]
        simulator.dynamodb("EnableKinesisStreamingDestination", TableName="demo", StreamArn=stream)
        simulator.put(1)
        for source in (self.source(simulator, options="&once=true"),
                       self.source(simulator, "kinesis+dynamodb+cdc", "cdc", "&once=true&source-table=demo")):
            with self.subTest(source):
                self.unread(source)
                self.target.path.unlink()

    def unread(self, source):
        # Both clocks are as far on: the simulator's, and that of the stored positions is set back.
        self.run_ctk("load", source, self.target.url())
        self.findings(source, self.target.url())
        connection = sqlite3.connect(self.target.path)
        with connection:
            changed = connection.execute(
                "UPDATE ctk_positions SET read_to = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-26 hours')").rowcount
        if source.startswith("dynamodb"):  # a shard's name says since when there was anything to be read in it
            self.assertEqual(self.findings(source, self.target.url())["retention"]["result"], "ok")
            with connection:
                connection.execute("UPDATE ctk_positions SET shard = printf('shardId-%020d-0a1b2c3d', strftime('%s', 'now', '-30 hours') * 1000)")
        connection.close()
        self.assertEqual(changed, 1)
        hint = self.assert_failed("retention", "up to 1d2h ago", source, self.target.url())
        command = re.search(r"ctk load .* --reset", hint)[0]
        self.assertNotIn("secret", command)
        self.assertIn("forgotten", self.findings(source, self.target.url(), "--reset")["retention"]["says"])
        self.run_ctk("load", source, self.target.url(), "--reset")
        self.findings(source, self.target.url())

    def test_a_start_that_counts_for_nothing(self):
        simulator = self.simulator()
        source = self.source(simulator, options="&once=true&start=latest")
        found = self.findings(source, self.target.url())["start"]
        self.assertEqual(found["result"], "warn")
        self.assertIn("nothing is read", found["says"])
        self.run_ctk("load", source, self.target.url())
        simulator.put(1)
        found = self.findings(source, self.target.url())["start"]
        self.assertIn("start is ignored", found["says"])
        self.assertNotIn("start", self.findings(source, self.target.url(), "--reset", "--start", "earliest"))
        self.assertNotIn("start", self.findings(self.source(simulator, options="&once=true"), self.target.url()))

    def test_a_stream_that_a_run_makes(self):
        simulator = self.simulator()
        source = self.source(simulator, "kinesis+dynamodb+cdc", "made", "&create=true&once=true")
        found = self.findings(source, self.target.url())
        self.assertIn("create=true makes it", found["source"]["says"])
        self.assert_failed("source", "made", source.replace("create=true", "create=false"), self.target.url())
        self.assertEqual(self.run_json("plan", source + "&create-shards=3", self.target.url())["shards"], 3)
        with self.assertRaisesRegex(Exception, "ResourceNotFound"):
            simulator.kinesis("DescribeStreamSummary", StreamName="made")
        self.run_ctk("load", source, self.target.url())
        self.assertIn("stream/made at", self.findings(source, self.target.url())["source"]["says"])

    def test_whoever_does_not_answer_is_waited_for_once(self):
        deaf = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        for each in deaf:
            self.addCleanup(each.close)
        source, sts, target = (each.getsockname()[1] for each in deaf)
        begun = time.monotonic()
        found = self.findings(self.source(None, port=source), f"postgresql://u:p@127.0.0.1:{target}/db?table=public.demo",
                              env={"AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{sts}"}, expect=5)
        self.assertLess(time.monotonic() - begun, 20, "each alone takes ten seconds")
        self.assertIn("no answer within 10s", found["source"]["says"])
        self.assertEqual({check: found[check]["result"] for check in ("credentials", "source", "target")},
                         {"credentials": "warn", "source": "fail", "target": "fail"})

    def test_a_clock_that_is_off(self):
        simulator = self.simulator()
        simulator.happen("advance-clock", seconds=3600)
        hint = self.assert_failed("clock", "(1h|59m).* behind the service's", self.source(simulator), self.target.url())
        self.assertIn("timedatectl", hint)

    def test_a_target_of_another_shape(self):
        simulator = self.simulator()
        connection = sqlite3.connect(self.target.path)
        connection.execute("CREATE TABLE demo (pk BIGINT PRIMARY KEY, data TEXT)")
        connection.close()
        hint = self.assert_failed("target table", "cannot be used", self.source(simulator), self.target.url())
        self.assertIn("another table", hint)
        self.findings(self.source(simulator), self.target.url("demo2"))
        self.assert_failed("target table", "create-table=false", self.source(simulator),
                           self.target.url("demo3", **{"create-table": "false"}))

    def test_a_place_that_is_not_there(self):
        simulator = self.simulator()
        hint = self.assert_failed("target", "folder|directory|opened", self.source(simulator),
                                  f"sqlite:///{self.home}/no/where.db?table=demo")
        self.assertTrue(hint)
        hint = self.assert_failed("target writes", "no folder", self.source(simulator), f"ndjson://{self.home}/no/lines")
        self.assertEqual(hint, f"mkdir -p {self.home}/no")
        (self.home / "no").mkdir()
        self.findings(self.source(simulator), f"ndjson://{self.home}/no/lines")

    def test_without_a_target_the_source_is_looked_at(self):
        found = self.findings(self.source(self.simulator()))
        self.assertEqual(found["target"]["result"], "warn")


class SqliteFiles(Checked):
    """Files that a run could not write, or could not for long."""

    def setUp(self):
        super().setUp()
        self.folder = self.home / "db"
        self.folder.mkdir()
        self.target = SqliteTarget(self.folder)
        self.load = self.source(self.simulator(), options="&once=true")
        self.run_ctk("load", self.load, self.target.url())

    def restrained(self):
        """The findings of somebody whom modes hold back, as they do not hold back root."""
        command = [PROGRAM, "check", self.load, self.target.url(), "--format", "json"]
        if os.geteuid() == 0:
            command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", *command]
        _, out, err = finish(start(*command[1:], program=command[0]))
        self.assertTrue(out, err)
        return {each["check"]: each for each in json.loads(out)}

    def assert_mended(self, says):
        """What is in the way is found, and its hint, run by a shell, mends it."""
        (found,) = [each for each in self.restrained().values() if each["result"] == "fail"]
        self.assertRegex(found["says"] + found["hint"], says)
        subprocess.run(re.search("chmod .*", found["hint"])[0], shell=True, check=True)
        self.assertEqual(self.restrained()["target writes"]["result"], "ok")

    def crashed_writer(self):
        """Leaves a log that was not copied back."""
        left = "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('CREATE TABLE left (a)'); c.commit(); os._exit(0)"
        subprocess.run([sys.executable, "-c", left, self.target.path], check=True)

    def test_a_folder_that_may_not_be_written(self):
        self.folder.chmod(0o555)
        self.addCleanup(self.folder.chmod, 0o755)
        self.assert_mended("may not be written.*chmod u.w .*/db$")

    def test_a_log_that_may_not_be_written(self):
        self.crashed_writer()
        for ending in ("-wal", "-shm"):
            (self.folder / f"target.db{ending}").chmod(0o444)
            self.assert_mended(f"target.db{ending} may not be written")

    def test_a_log_is_left_as_it_was(self):
        self.crashed_writer()
        files = [self.target.path, self.folder / "target.db-wal"]
        before = [hashlib.sha256(each.read_bytes()).hexdigest() for each in files]
        self.findings(self.load, self.target.url())
        self.assertEqual([hashlib.sha256(each.read_bytes()).hexdigest() for each in files], before)
        self.run_ctk("load", self.load, self.target.url())
        self.assertEqual(self.target.query("SELECT count(*) FROM left"), [(0,)])

    def test_a_log_that_somebody_who_reads_keeps(self):
        reader, writer = sqlite3.connect(self.target.path), sqlite3.connect(self.target.path)
        self.addCleanup(reader.close)
        self.addCleanup(writer.close)
        writer.execute("CREATE TABLE filler (a)")
        writer.commit()
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM filler").fetchall()
        for _ in range(7):
            writer.execute("INSERT INTO filler VALUES (zeroblob(10 << 20))")
            writer.commit()
        found = self.findings(self.load, self.target.url())["target log"]
        self.assertEqual(found["result"], "warn")
        self.assertRegex(found["says"], r"target.db-wal has \d+ MB")
        path, pragma = re.search(r"sqlite3 (\S+) '(.+)'", found["hint"]).groups()
        reader.close()
        sqlite3.connect(path).execute(pragma)
        self.assertNotIn("target log", self.findings(self.load, self.target.url()))


class OnDynamoDbLocal(Checked):
    def test_its_tables_are_seen_by_the_key_that_made_them_only(self):
        server = DynamoDbLocal()
        self.addCleanup(server.stop)
        key = {"AttributeName": "pk", "KeyType": "HASH"}
        server.client("CreateTable", TableName="demo", KeySchema=[key], BillingMode="PAY_PER_REQUEST",
                      AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "N"}],
                      StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
        address = server.url.removeprefix("http://")
        source = f"dynamodb+cdc://{{}}:secret@{address}/demo?region={server.client.region}&snapshot=initial"
        target = SqliteTarget(self.home).url()
        found = self.findings(source.format(server.client.key), target)
        self.assertEqual({check for check, finding in found.items() if finding["result"] == "warn"}, {"credentials"}, found)
        hint = self.assert_failed("source", "no table 'demo'", source.format("other"), target)
        self.assertIn("access keys", hint)
        plan = self.run_json("plan", source.format(server.client.key), target)
        self.assertEqual((plan["items"], plan["shards"]), (0, 1))


class Databases(Checked):
    """Servers, as somebody who may too little."""

    def filled(self):
        simulator = self.simulator()
        simulator.put(1)
        return simulator

    def assert_other_shape(self, source, url, table):
        """A table with another key is found, and the hint, another table, mends it."""
        hint = self.assert_failed("target table", "cannot be used|is not as this relay needs it", source, re.sub(r"(\w+\.)?demo\b", table, url))
        self.assertIn("another table", hint)

    def test_postgresql(self):
        server = Postgres()
        self.addCleanup(server.stop)
        for sql in ("CREATE ROLE writer LOGIN PASSWORD 'secret'", "CREATE SCHEMA loads", "REVOKE ALL ON SCHEMA public FROM PUBLIC"):
            server.sql(sql)
        source = self.source(self.filled())
        url = server.url(table="loads.demo").replace("//ctk:", "//writer:")
        hint = self.assert_failed("target rights", "USAGE.* on SCHEMA loads", source, url)
        self.assertEqual(hint, "GRANT USAGE, CREATE ON SCHEMA loads TO writer")
        server.sql(hint)
        found = self.findings(source, url)
        self.assertRegex(found["target"]["says"], r"^PostgreSQL \d+")
        self.assertIn("writer:***@", found["target"]["says"])
        server.sql("ALTER ROLE writer SET default_transaction_read_only = on")
        hint = self.assert_failed("target writes", "read_only is on for the user writer", source, url)
        server.sql(hint)
        self.run_ctk("load", source + "&once=true", url)
        self.assertIn("as it should be", self.findings(source, url)["target table"]["says"])
        server.sql("ALTER TABLE loads.demo OWNER TO ctk")
        server.sql("REVOKE ALL ON loads.demo FROM writer; GRANT SELECT, INSERT, DELETE ON loads.demo TO writer")
        hint = self.assert_failed("target rights", "UPDATE on loads.demo", source, url)
        server.sql(hint)
        self.findings(source, url)
        server.sql("REVOKE CREATE ON SCHEMA loads FROM writer")
        self.findings(source, url)  # all is there
        hint = self.assert_failed("target rights", "CREATE on SCHEMA loads", source, url + "&history=kept")
        server.sql(hint)
        self.run_ctk("load", source + "&once=true", url + "&history=kept")
        self.findings(source, url + "&history=kept")
        server.sql("ALTER TABLE loads.kept OWNER TO ctk; REVOKE ALL ON loads.kept FROM writer;"
                   "GRANT SELECT, INSERT ON loads.kept TO writer")
        hint = self.assert_failed("target rights", "DELETE, UPDATE on loads.kept", source, url + "&history=kept")
        self.findings(source, url)
        server.sql(hint)
        self.findings(source, url + "&history=kept")
        server.sql("REVOKE CREATE ON SCHEMA loads FROM writer")
        server.sql("DROP VIEW loads.demo_live")
        hint = self.assert_failed("target rights", "CREATE on SCHEMA loads", source, url)
        self.findings(source, url + "&live-view=false")
        server.sql(hint)
        self.findings(source, url)
        server.sql("CREATE TABLE loads.theirs (pk text COLLATE \"C\", sk text COLLATE \"C\", data jsonb, PRIMARY KEY (pk, sk));"
                   "GRANT SELECT, INSERT, UPDATE, DELETE ON loads.theirs TO writer")
        theirs = url.replace("loads.demo", "loads.theirs")
        hint = self.assert_failed("target rights", "lacks columns of ours, and only its owner ctk may add them", source, theirs)
        server.sql(re.fullmatch("run as ctk: (.*)", hint)[1])
        self.assertIn("as it should be", self.findings(source, theirs)["target table"]["says"])
        self.run_ctk("load", source + "&once=true", theirs)
        server.sql("CREATE TABLE loads.shape (pk bigint PRIMARY KEY, data text);"
                   "GRANT SELECT, INSERT, UPDATE, DELETE ON loads.shape TO writer")
        self.assert_other_shape(source, url, "loads.shape")
        self.assert_failed("target", "password", source, url.replace(":secret@", ":wrong@"))
        self.assert_failed("target", "nothing", source, url.replace("/ctk?", "/nothing?"))

    def test_mariadb(self):
        self.check_rights_in(Mariadb(), r"^MariaDB \d+")

    @unittest.skipUnless(Mysql.HOME, Mysql.MISSING)
    def test_mysql(self):
        server = Mysql()
        source = self.check_rights_in(server, r"^MySQL \d+")
        server.sql("SET GLOBAL super_read_only = ON")
        hint = self.assert_failed("target writes", "super_read_only is on", source, server.url(table="demo"))
        server.sql(hint.split(",")[0])
        self.findings(source, server.url(table="demo"))

    def check_rights_in(self, server, version):
        self.addCleanup(server.stop)
        server.sql("CREATE USER writer@'%' IDENTIFIED BY 'secret'; GRANT SELECT, INSERT ON ctk.* TO writer@'%'")
        source = self.source(self.filled())
        url = server.url(table="demo").replace("//ctk:", "//writer:")
        hint = self.assert_failed("target rights", "UPDATE, DELETE, CREATE, CREATE VIEW, INDEX on `ctk`", source, url)
        server.sql(hint)
        self.assertRegex(self.findings(source, url)["target"]["says"], version)
        server.sql("SET GLOBAL read_only = ON")
        hint = self.assert_failed("target writes", "read_only is on", source, url)
        self.assertEqual(self.findings(source, server.url(table="demo"))["target writes"]["result"], "ok")
        server.sql(hint.split(",")[0])
        self.run_ctk("load", source + "&once=true", url)
        self.assertIn("as it should be", self.findings(source, url)["target table"]["says"])
        server.sql("REVOKE CREATE, CREATE VIEW, INDEX ON ctk.* FROM writer@'%'")
        self.findings(source, url)  # all is there
        server.sql("DROP VIEW ctk.demo_live")
        hint = self.assert_failed("target rights", "CREATE VIEW on `ctk`", source, url)
        self.findings(source, url + "&live-view=false")
        server.sql(hint)
        self.findings(source, url)
        server.sql("CREATE USER narrow@'%' IDENTIFIED BY 'secret'; " + "".join(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ctk.{table} TO narrow@'%'; "
            for table in ("demo", "ctk_tables", "ctk_positions", "ctk_dead_letters")))
        narrow = url.replace("//writer:", "//narrow:") + "&live-view=false"
        self.findings(source, narrow)
        hint = self.assert_failed("target rights", "CREATE.* on `ctk`", source, narrow + "&history=kept")
        server.sql(hint)
        self.findings(source, narrow + "&history=kept")
        server.sql("CREATE TABLE ctk.theirs LIKE ctk.demo; ALTER TABLE ctk.theirs DROP COLUMN cdc_time, DROP COLUMN aux")
        theirs = url.replace("table=demo", "table=theirs")
        hint = self.assert_failed("target rights", "INDEX, ALTER on `ctk`", source, theirs)
        server.sql(hint)
        self.findings(source, theirs)
        self.run_ctk("load", source + "&once=true", theirs)
        server.sql("CREATE TABLE ctk.shape (pk BIGINT PRIMARY KEY, data TEXT)")
        self.assert_other_shape(source, url, "shape")
        return source

    def test_what_a_database_library_says_stands_on_one_line(self):
        self.assert_failed("target", r"Connection refused; Is the server running", self.source(self.filled()),
                           "postgresql://ctk@127.0.0.1:1/ctk?table=demo")

    def test_cratedb(self):
        server = FakeCrateDb()
        self.addCleanup(server.stop)
        self.check_cratedb(CrateTarget(server.url, "checked"))

    @unittest.skipUnless(crate_address(), "CTK_TEST_CRATEDB_URL names no server")
    def test_a_real_cratedb(self):
        target = CrateTarget(crate_address(), f"checked_{uuid.uuid4().hex[:8]}")
        self.addCleanup(target.drop)
        self.check_cratedb(target)

    def check_cratedb(self, target):
        source = self.source(self.filled())
        url = target.url()
        found = self.findings(source, url)
        self.assertRegex(found["target"]["says"], r"^CrateDB \d+")
        self.assertIn("a run makes it", found["target table"]["says"])
        self.assertEqual(found["target rights"]["says"], "all that a run needs")
        self.run_ctk("load", source + "&snapshot=only", url)
        self.assertIn("as it should be", self.findings(source, url)["target table"]["says"])
        for table, block, says in (("demo", "write", "blocks.write is set"), ("demo", "read_only_allow_delete", "a disk is full"),
                                   ("ctk_tables", "read_only", "blocks.read_only is set")):
            target.sql(f'ALTER TABLE "{target.schema}"."{table}" SET ("blocks.{block}" = true)')
            hint = self.assert_failed("target writes", rf"^table {target.schema}\.{table}: .*{says}", source, url)
            target.sql(re.search("ALTER TABLE .*", hint)[0])
            self.assertEqual(self.findings(source, url)["target writes"]["says"], "no table is closed or blocked")
        target.sql(f'ALTER TABLE "{target.schema}"."demo" CLOSE')
        found = self.findings(source, url, expect=5)
        self.assertIn("it is closed", found["target writes"]["says"])
        target.sql(re.search("ALTER TABLE .*", found["target writes"]["hint"])[0])
        self.findings(source, url)
        target.sql(f'CREATE TABLE "{target.schema}"."shape" (pk BIGINT PRIMARY KEY, data TEXT)')
        self.assert_other_shape(source, url, "shape")
        self.assert_failed("target", "127.0.0.1:1", source, "crate://crate@127.0.0.1:1/checked/demo")


if __name__ == "__main__":
    unittest.main()
