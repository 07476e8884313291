"""Dead letters that are applied again: after their cause went by an option, by the user's DDL, or not at all."""
import json
import pathlib
import re
import sqlite3
import subprocess
import time
import unittest
import uuid

from harness import (PROGRAM, Case, CrateTarget, MariadbTarget, PostgresTarget, SqliteTarget, clean_environment, crate_address,
                     finish, start)
from odbc import OdbcMariadbTarget, OdbcPostgresTarget, OdbcSqliteTarget
from servers import FakeCrateDb, Mariadb, Postgres, wait_until
from simulator import Simulator

SERVERS = {}


def setUpModule():
    SERVERS.update(postgres=Postgres(), mariadb=Mariadb())
    for server in list(SERVERS.values()):
        unittest.addModuleCleanup(server.stop)
    SERVERS["crate"] = crate_address()
    if not SERVERS["crate"]:
        fake = FakeCrateDb()
        unittest.addModuleCleanup(fake.stop)
        SERVERS["crate"] = fake.url


def event(key, second, table="demo", name="MODIFY", **attributes):
    change = {"ApproximateCreationDateTime": 1_700_000_000 + second, "Keys": key}
    if name != "REMOVE":
        change["NewImage"] = key | attributes
    return {"eventName": name, "eventSource": "aws:dynamodb", "tableName": table, "dynamodb": change}


def text(value):
    return {"pk": {"S": value}}


def number(value):
    return {"n": {"N": value}}


class Replay(Case):
    def setUp(self):
        super().setUp()
        self.target = self.make_target()

    def file(self, *events):
        path = self.home / f"{uuid.uuid4().hex}.ndjson"
        path.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in events))
        return f"file+dynamodb+cdc:{path}"

    def load(self, source, *options, expect=0, **url_options):
        return self.run_ctk("load", source, self.target.url(**url_options), *options, expect=expect)

    def letters(self):
        return self.run_json("dead-letters", "list", self.target.url())

    def replay(self, *words, expect=0):
        out, _ = self.run_ctk("dead-letters", "replay", *words, self.target.url(), expect=expect)
        return out

    def assert_replayed(self, replayed, stale, refused, *words):
        out = self.replay(*(words or ("--all",)), expect=4 if refused else 0)
        self.assertEqual(out, f"replayed {replayed}, stale {stale}, refused {refused}\n")

    def refresh(self):
        pass

    def living(self):
        """Key → v, by what the shell shows of the living rows."""
        self.refresh()
        out, _ = self.run_ctk("shell", "--format", "json", "-c",
                              f"SELECT {self.select} FROM {self.name('demo_live')} ORDER BY 1;", self.target.url())
        rows = {}
        for row in json.loads(out):
            data = row["data"] if isinstance(row["data"], dict) else json.loads(row["data"])
            rows[row["k"]] = data.get("v")
        return rows


def keys_of(typed):
    """Of items, whose keys are typed JSON."""
    return {json.loads(key)["pk"]["S"] for key in typed}


class ToAny:
    """What holds for every target."""
    transactions = True

    def test_by_an_option(self):
        both = event(text("both"), 1, a={"S": "1"}, b={"S": "2"}, v={"S": "x"})
        self.load(self.file(both, event(text("fine"), 2, v={"S": "y"})), "--rename", "a:b", expect=4)
        self.assertEqual(set(self.living()), {"fine"})
        self.assert_replayed(0, 0, 1, "--all", "--rename", "a:b")
        (letter,) = self.letters()
        self.assert_replayed(1, 0, 0, letter["id"], "--rename", "a:c")
        self.assertEqual(self.living(), {"both": "x", "fine": "y"})
        self.assertEqual(self.letters(), [])
        self.assert_replayed(0, 0, 0)

    def test_never_over_a_newer_change(self):
        both = event(text("k"), 1, a={"S": "1"}, b={"S": "2"}, v={"S": "old"})
        gone = event(text("gone"), 2, a={"S": "1"}, b={"S": "2"}, v={"S": "old"})
        self.load(self.file(both, gone), "--rename", "a:b", expect=4)
        self.load(self.file(event(text("k"), 3, v={"S": "new"}), event(text("gone"), 4, name="REMOVE")))
        self.assert_replayed(0, 2, 0, "--all", "--rename", "a:b")
        self.assertEqual(self.living(), {"k": "new"})
        self.assertEqual(self.letters(), [])

    def test_several_of_one_item(self):
        story = [event(text("k"), second, a={"S": "1"}, b={"S": "2"}, v={"S": str(second)}) for second in (1, 2, 3)]
        self.load(self.file(*story), "--rename", "a:b", expect=4)
        self.assertGreaterEqual(len(self.letters()), 1)
        self.replay("--all")
        self.assertEqual(self.living(), {"k": "3"})
        self.assertEqual(self.letters(), [])

    def test_the_type_of_a_key(self):
        self.load(self.file(event(number("7"), 1, v={"S": "whole"}), event(number("1.5"), 2, v={"S": "half"})),
                  "--key-type.n=bigint", expect=4)
        self.assert_replayed(0, 0, 1, "--all", "--key-type.n=bigint")
        self.assert_replayed(0, 0, 1)
        self.assertIn("key-type.n=text", self.letters()[0]["reason"])
        out, err = self.run_ctk("dead-letters", "replay", "--all", self.target.url(), "--key-type.n=text", expect=1)
        self.assertIn("ALTER", out)
        self.assertIn("nothing was changed", err)
        self.assertEqual(len(self.letters()), 1)
        if not self.alters:
            return
        self.run_ctk("shell", self.target.url(), stdin=out.encode())
        self.assert_replayed(1, 0, 0, "--all", "--key-type.n=text")
        self.load(self.file(event(number("7"), 5, v={"S": "newer"})), "--key-type.n=text")
        self.assertEqual(self.living_numbers(), {"1.5": "half", "7": "newer"})

    def test_what_is_no_change_stays_with_its_reason(self):
        broken = event(text("k"), 2)
        del broken["dynamodb"]["NewImage"]
        self.load(self.file("no JSON {", event(text("a"), 1, v={"S": "1"}), broken), expect=4)
        before = {letter["id"]: letter["reason"] for letter in self.letters()}
        self.assertEqual(len(before), 2)
        self.assert_replayed(0, 0, 2)
        self.assertEqual({letter["id"]: letter["reason"] for letter in self.letters()}, before)

    def test_a_table_that_is_gone(self):
        both = event(text("both"), 1, a={"S": "1"}, b={"S": "2"})
        self.load(self.file(both, event(text("fine"), 2)), "--rename", "a:b", expect=4)
        self.drop_table()
        self.assert_replayed(0, 0, 1)
        (letter,) = self.letters()
        self.assertIn("is not there", letter["reason"])
        self.load(self.file(event(text("fine"), 2, v={"S": "y"})))
        self.assert_replayed(1, 0, 0)
        self.assertEqual(set(self.living()), {"both", "fine"})

    def test_killed_in_the_middle(self):
        many = 1500
        bad = [event(text(f"k{i}"), i, a={"S": "1"}, b={"S": "2"}, v={"S": str(i)}) for i in range(many)]
        self.load(self.file(event(text("fine"), 1), *bad), "--rename", "a:b", expect=4)
        kept = self.kept()
        self.assertEqual(len(kept), many)
        for _ in range(3):
            process = subprocess.Popen([PROGRAM, "dead-letters", "replay", "--all", self.target.url()],
                                       env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            before = len(kept)
            wait_until("some letters are gone", lambda: len(self.kept()) < before or process.poll() is not None)
            process.kill()
            process.wait()
            rows, kept = self.stored() - {"fine"}, self.kept()
            self.assertEqual(len(rows | kept), many, "nothing is lost")
            if self.transactions:
                self.assertFalse(rows & kept, "a letter goes with its row")
        counts = self.run_json("dead-letters", "replay", "--all", self.target.url())
        self.assertEqual(counts["refused"], 0)
        if self.transactions:
            self.assertEqual(counts["stale"], 0)
        self.assertEqual(self.letters(), [])
        self.assertEqual(len(self.stored()), many + 1)

    def test_what_is_asked_wrongly(self):
        self.load(self.file(event(text("a"), 1)))
        _, err = self.run_ctk("dead-letters", "replay", self.target.url(), expect=2)
        self.assertIn("needs the ids of dead letters, or --all", err)
        _, err = self.run_ctk("dead-letters", "replay", "nobody", self.target.url(), expect=1)
        self.assertIn('there is no dead letter "nobody"', err)

    def test_a_dry_run(self):
        both = event(text("both"), 1, a={"S": "1"}, b={"S": "2"}, v={"S": "x"})
        self.load(self.file(both, event(text("fine"), 2)), "--rename", "a:b", expect=4)
        (letter,) = self.letters()
        out, _ = self.run_ctk("dead-letters", "replay", "--all", "--dry-run", self.target.url())
        self.assertIn("INSERT INTO", out)
        self.assertIn("DELETE FROM", out)
        self.assertIn(letter["id"], out)
        self.assertNotIn("CREATE", out)
        self.assertEqual(self.letters(), [letter])
        self.assertEqual(set(self.living()), {"fine"})
        self.assertEqual(self.run_json("dead-letters", "replay", "--all", self.target.url()),
                         {"replayed": 1, "stale": 0, "refused": 0})


class ToSql(ToAny):
    """Where a user can forbid rows."""
    alters = True

    def test_by_the_users_ddl(self):
        self.load(self.file(event(text("first"), 1)))
        self.forbid()
        self.load(self.file(event(text("bad"), 2, v={"S": "x"}), event(text("good"), 3)), expect=4)
        self.assert_replayed(0, 0, 1)
        self.allow()
        self.assert_replayed(1, 0, 0)
        self.assertEqual(self.living()["bad"], "x")

    def test_of_a_load_and_of_its_stream(self):
        simulator = Simulator(self, "--table", "demo:pk")
        simulator.dynamodb("PutItem", TableName="demo", Item=text("first"))
        source = f"dynamodb+cdc://k:s@127.0.0.1:{simulator.port}/demo?region=us-east-1&snapshot=initial&once=true"
        self.load(source)
        self.forbid()
        simulator.dynamodb("PutItem", TableName="demo", Item=text("bad") | {"v": {"S": "streamed"}})
        self.load(source, expect=4)
        self.assert_replayed(0, 0, 1)
        self.allow()
        self.assert_replayed(1, 0, 0)
        self.assertEqual(self.living()["bad"], "streamed")
        self.load(source)
        self.assertEqual(self.living()["bad"], "streamed")

    def test_of_a_load(self):
        simulator = Simulator(self, "--table", "demo:pk")
        simulator.dynamodb("PutItem", TableName="demo", Item=text("first"))
        source = f"dynamodb://k:s@127.0.0.1:{simulator.port}/demo?region=us-east-1"
        self.load(source)
        self.forbid()
        simulator.dynamodb("PutItem", TableName="demo", Item=text("bad") | {"v": {"S": "loaded"}})
        self.load(source, expect=4)
        (letter,) = self.letters()
        self.assertIn(".0.", letter["version"])
        self.allow()
        self.assert_replayed(1, 0, 0)
        self.assertEqual(self.living()["bad"], "loaded")
        self.load(source)
        self.assertEqual(self.living(), {"first": None, "bad": "loaded"})


class ToSqlite(ToSql, Replay):
    select = "pk AS k, data"

    def make_target(self):
        return SqliteTarget(self.home)

    def url_of_all(self):
        """Without a table."""
        return f"sqlite:///{self.target.path}", "?"

    def name(self, table):
        return table

    def run_sql(self, sql):
        with sqlite3.connect(self.target.path) as connection:
            connection.execute(sql)

    def forbid(self):
        self.run_sql("CREATE TRIGGER no_bad BEFORE INSERT ON demo WHEN new.pk = 'bad' BEGIN SELECT RAISE(ABORT, 'not that'); END")

    def allow(self):
        self.run_sql("DROP TRIGGER no_bad")

    def drop_table(self):
        self.run_sql("DROP TABLE demo")

    def living_numbers(self):
        found = self.target.query("SELECT n, json_extract(data, '$.v') FROM demo_live")
        return dict(found)

    def kept(self):
        return keys_of(key for key, in self.target.query('SELECT "key" FROM ctk_dead_letters'))

    def stored(self):
        return {key for key, in self.target.query("SELECT pk FROM demo")}

    def test_more_letters_than_fit_into_memory(self):
        self.load(self.file(event(text("k"), 1, a={"S": "1"}, b={"S": "2"}), event(text("fine"), 2)), "--rename", "a:b", expect=4)
        with sqlite3.connect(self.target.path) as connection:
            letter, = connection.execute("SELECT * FROM ctk_dead_letters").fetchall()
            # The first are no changes, the last is one.
            no_change = letter[:6] + ("", "", "undecodable", "it is no change", "x" * 100_000)
            connection.executemany(f"INSERT INTO ctk_dead_letters VALUES (?{', ?' * 10})",
                                   ((f"{number:032x}",) + no_change[1:] for number in range(2000)))
            connection.execute("UPDATE ctk_dead_letters SET id = ? WHERE id = ?", ("f" * 32, letter[0]))
        connection.close()
        process = start("dead-letters", "replay", "--all", self.target.url())
        peak = 0
        while process.poll() is None:
            held = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())
            peak = max(peak, int(held.group(1)) // 1024 if held else 0)
            time.sleep(0.01)
        code, out, err = finish(process)
        self.assertEqual((code, out), (4, "replayed 1, stale 0, refused 2000\n"), err)
        self.assertLess(peak, 100, "MB of letters that hold 200")
        self.assertEqual(set(self.living()), {"k", "fine"})

    def test_of_one_table_or_of_all(self):
        url, more = self.url_of_all()
        for table in ("one", "two"):
            bad = event(text("k"), 1, table=table, a={"S": "1"}, b={"S": "2"})
            self.run_ctk("load", self.file(bad, event(text("fine"), 2, table=table)), url, "--rename", "a:b", expect=4)
        out, _ = self.run_ctk("dead-letters", "replay", "--all", f"{url}{more}table=two")
        self.assertEqual(out, "replayed 1, stale 0, refused 0\n")
        out, _ = self.run_ctk("dead-letters", "replay", "--all", url)
        self.assertEqual(out, "replayed 1, stale 0, refused 0\n")
        self.assertEqual(self.run_json("show", "table", "one", url)["living"], 2)


class ToPostgres(ToSql, Replay):
    select = "pk AS k, data"

    def make_target(self):
        return PostgresTarget(SERVERS["postgres"], f"s{uuid.uuid4().hex[:8]}")

    def name(self, table):
        return f'"{self.target.schema}".{table}'

    def forbid(self):
        self.target.server.sql(f"ALTER TABLE {self.name('demo')} ADD CONSTRAINT no_bad CHECK (pk <> 'bad')")

    def allow(self):
        self.target.server.sql(f"ALTER TABLE {self.name('demo')} DROP CONSTRAINT no_bad")

    def drop_table(self):
        self.target.server.sql(f"DROP TABLE {self.name('demo')} CASCADE")

    def kept(self):
        return keys_of(json.loads(self.target.server.sql(
            f"""SELECT coalesce(json_agg("key"), '[]') FROM {self.name('ctk_dead_letters')}""")))

    def stored(self):
        return set(json.loads(self.target.server.sql(f"SELECT coalesce(json_agg(pk), '[]') FROM {self.name('demo')}")))

    def living_numbers(self):
        found = self.target.server.sql(f"SELECT json_object_agg(n, data->>'v') FROM {self.name('demo_live')}")
        return json.loads(found)


class ToMariadb(ToSql, Replay):
    select = "CONVERT(pk USING utf8mb4) AS k, data"

    make = MariadbTarget

    def make_target(self):
        return self.make(SERVERS["mariadb"], f"d{uuid.uuid4().hex[:8]}")

    def name(self, table):
        return f"`{self.target.database}`.{table}"

    def forbid(self):
        self.target.server.sql(f"ALTER TABLE {self.name('demo')} ADD CONSTRAINT no_bad CHECK (pk <> 'bad')")

    def allow(self):
        self.target.server.sql(f"ALTER TABLE {self.name('demo')} DROP CONSTRAINT no_bad")

    def drop_table(self):
        self.target.server.sql(f"DROP TABLE {self.name('demo')}")

    def kept(self):
        return keys_of(line for line in self.target.server.sql(
            f"SELECT `key` FROM {self.name('ctk_dead_letters')}").split("\n") if line)

    def stored(self):
        return {line for line in self.target.server.sql(
            f"SELECT CONVERT(pk USING utf8mb4) FROM {self.name('demo')}").split("\n") if line}

    def living_numbers(self):
        found = self.target.server.sql("SELECT CONVERT(n USING utf8mb4), JSON_UNQUOTE(JSON_EXTRACT(data, '$.v')) "
                                       f"FROM {self.name('demo_live')}")
        return dict(line.split("\t") for line in found.split("\n") if line)


class OdbcToSqlite(ToSqlite):
    def make_target(self):
        return OdbcSqliteTarget(self.home)

    def url_of_all(self):
        return self.target.url("").replace("&table=", ""), "&"


class OdbcToPostgres(ToPostgres):
    def make_target(self):
        return OdbcPostgresTarget(SERVERS["postgres"], f"s{uuid.uuid4().hex[:8]}")


class OdbcToMariadb(ToMariadb):
    make = OdbcMariadbTarget


class ToCrateDb(ToAny, Replay):
    alters = False  # the fake has no ALTER CLUSTER
    transactions = False
    select = "pk['pk'] AS k, data"

    def make_target(self):
        target = CrateTarget(SERVERS["crate"], f"ctk_test_{uuid.uuid4().hex[:8]}")
        self.addCleanup(target.drop)
        return target

    def refresh(self):
        self.target.sql(f"REFRESH TABLE {self.name('demo')}")

    def name(self, table):
        return f'"{self.target.schema}".{table}'

    def drop_table(self):
        self.target.sql(f"DROP TABLE {self.name('demo')}")

    def kept(self):
        self.target.sql(f"REFRESH TABLE {self.name('ctk_dead_letters')}")
        return keys_of(key for key, in self.target.sql(f'SELECT "key" FROM {self.name("ctk_dead_letters")} LIMIT 100000'))

    def stored(self):
        self.refresh()
        return {key for key, in self.target.sql(f"SELECT pk['pk'] FROM {self.name('demo')} LIMIT 100000")}


if __name__ == "__main__":
    unittest.main()
