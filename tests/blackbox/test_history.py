"""history=TABLE: each change a row, whatever way it came; the documentation's example, as typed."""
import datetime
import json
import random
import re
import shlex
import subprocess
import unittest
import uuid

from events import Model, plain, put_into, to_lines
from harness import (PROGRAM, Case, CrateTarget, MariadbTarget, PostgresTarget, SqliteTarget, clean_environment, crate_address,
                     from_json, overlay)
from relaying import Relaying
from servers import TESTS, FakeCrateDb, Mariadb, Postgres, SimulatedKinesis

SERVERS = {}
PAGE = TESTS.parent / "docs/history.md"


def setUpModule():
    SERVERS.update(postgres=Postgres(), mariadb=Mariadb())
    for server in SERVERS.values():
        unittest.addModuleCleanup(server.stop)


def micros(text):
    """Of a time as one of the databases prints it."""
    if text in (None, "", "NULL"):
        return None
    text = text.replace("Z", "+00:00")
    time = datetime.datetime.fromisoformat(text)
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def expected(model):
    """(pk, sk, op, from, to, ttl, item) of every change, by key and time."""
    by_key = {}
    for event in model.events:
        change = event["dynamodb"]
        key = (change["Keys"]["pk"]["S"], int(change["Keys"]["sk"]["N"]))
        by_key.setdefault(key, {})[change["ApproximateCreationDateTime"]] = event
    rows = []
    for key in sorted(by_key):
        times = sorted(by_key[key])
        for time, end in zip(times, [*times[1:], None]):
            event = by_key[key][time]
            image = event["dynamodb"].get("NewImage")
            item = image and {name: plain(value) for name, value in image.items() if name not in ("pk", "sk")}
            rows.append((*key, event["eventName"].lower(), time, end, bool(event["userIdentity"]), item))
    return rows


class Histories:
    """Mixed into a Relaying whose target has kept(): the rows of demo_history as lists of texts, in `expected`'s columns."""

    @classmethod
    def setUpClass(cls):
        """Streams are called after their cases, whatever the target."""
        cls.kinesis = SimulatedKinesis()
        cls.addClassCleanup(cls.kinesis.stop)

    def start_relay(self, *more, **options):
        return super().start_relay("--history=demo_history", *more, **options)

    def load_once(self, *more, expect=0, **options):
        return super().load_once("--history=demo_history", *more, expect=expect, **options)

    def rows(self):
        return sorted(((pk, int(float(sk)), op, micros(start), micros(end), ttl in (True, 1, "1", "t", "true"),
                        data and data != "NULL" and from_json(data) or None)
                       for pk, sk, op, start, end, ttl, data in self.kept()), key=lambda row: (row[0], row[1], row[3]))

    def assert_kept(self):
        self.assertEqual(self.rows(), expected(self.model))

    def expire(self, count):
        """Items go as DynamoDB's time to live removes them."""
        for pk, sk in list(self.model.items)[:count]:
            self.model.remove(pk, sk)["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
        put_into(self.kinesis.client, self.stream, self.model.events[-count:])

    def test_every_change_is_kept(self):
        self.write(400)
        self.expire(5)
        self.load_once()
        self.assert_kept()
        self.assert_holds(self.target, self.model)

    def test_killed_and_replayed(self):
        """kill -9, eight times; then everything once more, and some of it in another order besides."""
        moments = random.Random(11)
        self.write(800)
        for _ in range(8):
            process = self.start_relay(once="true")
            try:
                process.wait(moments.uniform(0.05, 0.6))
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
            self.write(30)
        self.load_once()
        self.assert_kept()
        late = self.model.events[:200]
        moments.shuffle(late)
        put_into(self.kinesis.client, self.stream, late)
        self.load_once()
        self.assert_kept()
        self.load_once("--reset")
        self.assert_kept()
        self.assert_holds(self.target, self.model)


class InSqlite(Histories, Relaying):
    def make_target(self):
        return SqliteTarget(self.home)

    def kept(self):
        return self.target.query("SELECT pk, sk, op, valid_from, valid_to, ttl, data FROM demo_history")


class InPostgres(Histories, Relaying):
    def make_target(self):
        return PostgresTarget(SERVERS["postgres"], self.stream)

    def kept(self):
        return json.loads(self.target.server.sql(
            "SELECT json_agg(json_build_array(pk, sk::text, op, to_char(valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), "
            "to_char(valid_to AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), ttl, data::text)) "
            f'FROM "{self.stream}".demo_history'))


class InMariadb(Histories, Relaying):
    make = MariadbTarget

    def make_target(self):
        return self.make(SERVERS["mariadb"], self.stream)

    def kept(self):
        found = self.target.server.sql("SELECT CONVERT(pk USING utf8mb4), sk, op, valid_from, valid_to, ttl, data "
                                       f"FROM `{self.stream}`.demo_history")
        return [line.split("\t", 6) for line in found.split("\n")]


class InCrateDb(Histories, Relaying):
    """A real one where CTK_TEST_CRATEDB_URL names one, else the fake. Its times have milliseconds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.address = crate_address()
        if not cls.address:
            fake = FakeCrateDb()
            cls.addClassCleanup(fake.stop)
            cls.address = fake.url

    def make_target(self):
        target = CrateTarget(self.address, f"ctk_test_{uuid.uuid4().hex[:8]}")
        self.addCleanup(target.drop)
        return target

    def kept(self):
        name = f'"{self.target.schema}".demo_history'
        self.target.sql(f"REFRESH TABLE {name}")
        return self.target.sql(f"SELECT pk['pk'], pk['sk'], op, valid_from, valid_to, ttl, data, aux FROM {name} LIMIT 100000")

    def rows(self):
        micros = lambda time: None if time is None else int(time) * 1000
        return sorted(((pk, int(sk), op, micros(start), micros(end), ttl, None if op == "remove" else overlay(data, aux))
                       for pk, sk, op, start, end, ttl, data, aux in self.kept()), key=lambda row: (row[0], row[1], row[3]))

    def assert_kept(self):
        millis = lambda time: None if time is None else time // 1000 * 1000
        wanted = [(pk, sk, op, millis(start), millis(end), ttl, item)
                  for pk, sk, op, start, end, ttl, item in expected(self.model)]
        by_time = lambda row: json.dumps(row, default=str)
        self.assertEqual(sorted(self.rows(), key=by_time), sorted(wanted, key=by_time))


class Options(Case):
    def refused(self, *words, url="sqlite:///x.db?table=demo", source="kinesis+dynamodb+cdc://127.0.0.1:1/s?region=r"):
        _, err = self.run_ctk("load", source, url, *words, expect=2, cwd=self.home)
        return err

    def test_not_with_positions_in_memory(self):
        self.assertIn("history", self.refused("--history=h", "--positions=memory"))
        self.assertIn("history", self.refused("--history=h", "--checkpointer=memory"))

    def test_not_where_there_are_no_tables(self):
        self.assertIn("history", self.refused("--history=h", url="ndjson:-"))

    def test_letters_of_old_changes_are_kept_once_replayed(self):
        """A letter that is not newer than its row is in the history all the same."""
        def event(second, **attributes):
            key = {"pk": {"S": "k"}}
            return {"eventName": "MODIFY", "tableName": "demo",
                    "dynamodb": {"ApproximateCreationDateTime": 1_700_000_000 + second, "Keys": key, "NewImage": key | attributes}}
        (self.home / "f").write_text(to_lines([event(1, a={"S": "1"}), event(2, a={"S": "1"}, b={"S": "2"}), event(3, b={"S": "3"})]))
        url = f"sqlite:///{self.home}/t.db?table=demo&history=h"
        self.run_ctk("load", f"file+dynamodb+cdc:{self.home}/f", url, "--rename", "a:b", expect=4)
        target = SqliteTarget(self.home, "t.db")
        story = "SELECT substr(valid_from, 18, 2), substr(valid_to, 18, 2), data FROM h ORDER BY cdc_version"
        self.assertEqual(target.query(story), [("21", "23", '{"b":"1"}'), ("23", None, '{"b":"3"}')])
        out, _ = self.run_ctk("dead-letters", "replay", "--all", url)
        self.assertEqual(out, "replayed 0, stale 1, refused 0\n")
        self.assertEqual(target.query(story)[1], ("22", "23", '{"a":"1","b":"2"}'))
        self.assertEqual(target.query("SELECT data FROM demo"), [('{"b":"3"}',)])

    def test_a_run_that_leaves_it_out_says_so(self):
        (self.home / "f").write_text(to_lines([Model().put("a", 1)]))
        load = ("load", f"file+dynamodb+cdc:{self.home}/f", f"sqlite:///{self.home}/t.db?table=demo")
        _, err = self.run_ctk(*load, "--history=h")
        self.assertNotIn("add history=h", err)
        for command in load, ("dead-letters", "replay", "--all", load[2]):
            _, err = self.run_ctk(*command)
            self.assertEqual(err.count("add history=h"), command is load, err)

    def test_a_dry_run_shows_it(self):
        (self.home / "f").write_text(to_lines([Model().put("a", 1)]))
        out, _ = self.run_ctk("load", f"file+dynamodb+cdc:{self.home}/f", "sqlite:///x.db?table=demo&history=h", "--dry-run", cwd=self.home)
        self.assertIn('CREATE TABLE IF NOT EXISTS "h"', out)
        self.assertIn('INSERT INTO "h"', out)


class Documentation(Case):
    """docs/history.md: its file, its command, its questions and their answers."""
    blocks = re.findall(r"```(\w+) ?([^\n]*)\n(.*?)```", PAGE.read_text(), re.DOTALL)

    def of_kind(self, kind, about=""):
        return [text for language, detail, text in self.blocks if (language, detail) == (kind, about)]

    def run_command(self, replaced=""):
        (self.home / "orders.ndjson").write_text(*self.of_kind("json", "orders.ndjson"))
        command = shlex.split(*self.of_kind("shell"))
        self.assertEqual(command[0], "ctk")
        if replaced:
            command[-1] = replaced
        subprocess.run([PROGRAM, *command[1:]], cwd=self.home, env=clean_environment(), check=True, capture_output=True, timeout=60)

    def test_the_example(self):
        self.run_command()
        answers = self.of_kind("text")
        questions = self.of_kind("sql", "sqlite")
        self.assertEqual(len(questions), len(answers))
        for question, answer in zip(questions, answers):
            out, _ = self.run_ctk("shell", "-c", question, "sqlite:///shop.db", cwd=self.home)
            self.assertEqual([line.rstrip() for line in out.rstrip().splitlines()],
                             [line.rstrip() for line in answer.splitlines()])

    def test_the_example_on_postgresql(self):
        url = SERVERS["postgres"].url(table="orders", history="orders_history")
        self.run_command(url)
        tuesday, ends = self.of_kind("sql", "postgresql")
        self.assertEqual(json.loads(SERVERS["postgres"].sql(f"SELECT json_agg(x) FROM ({tuesday.rstrip().rstrip(';')}) x")),
                         [{"op": "insert", "data": {"state": "open", "total": 10}}])
        self.assertEqual(json.loads(SERVERS["postgres"].sql(f"SELECT json_agg(x.open) FROM ({ends.rstrip().rstrip(';')}) x")),
                         [1, 2, 1, 0])

    def test_the_example_on_mariadb(self):
        SERVERS["mariadb"].sql("CREATE DATABASE shop")
        self.run_command(SERVERS["mariadb"].url("shop", table="orders", history="orders_history"))
        tuesday, ends = (SERVERS["mariadb"].sql(f"USE shop; {question}") for question in self.of_kind("sql", "mariadb"))
        self.assertEqual(tuesday, 'insert\t{"state":"open","total":10}')
        self.assertEqual(ends.split("\n"), ["2026-11-23\t1", "2026-11-24\t2", "2026-11-25\t1", "2026-11-26\t0"])


if __name__ == "__main__":
    unittest.main()
