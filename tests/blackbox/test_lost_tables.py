"""A target table that is dropped, emptied or put back to an older state is not taken for whole, on each kind of database."""
import json
import os
import pathlib
import shutil
import sqlite3
import unittest

from harness import Case, CrateTarget, PostgresTarget, SqliteTarget, finish
from servers import FakeCrateDb, Postgres, wait_until
from test_simulator import Simulator

RESET = "--reset"


class Sqlite(SqliteTarget):
    def execute(self, *statements):
        with sqlite3.connect(self.path, timeout=20) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def drop_table(self):
        self.execute("DROP TABLE demo")

    def forget_record(self):
        self.execute("DELETE FROM ctk_tables")

    def empty_table(self):
        self.execute("DELETE FROM demo")

    def count(self):
        return self.query("SELECT count(*) FROM demo")[0][0]

    def has_table(self):
        return self.query("SELECT count(*) FROM sqlite_master WHERE name = 'demo'")[0][0] == 1


class Postgresql(PostgresTarget):
    def execute(self, *statements):
        for statement in statements:
            self.server.sql(f'SET search_path TO "{self.schema}"; {statement}')

    def drop_table(self):
        self.execute("DROP TABLE demo CASCADE")

    def forget_record(self):
        self.execute("DELETE FROM ctk_tables")

    def empty_table(self):
        self.execute("TRUNCATE demo")

    def count(self):
        return int(self.server.sql(f'SELECT count(*) FROM "{self.schema}".demo'))

    def has_table(self):
        return self.server.sql(f"SELECT count(*) FROM pg_tables WHERE schemaname = '{self.schema}' AND tablename = 'demo'") == "1"


class Crate(CrateTarget):
    def url(self, table="demo", **options):
        return super().url(table, **{"delete-floor": "0s"} | options)

    def drop_table(self):
        self.sql(f'DROP TABLE "{self.schema}".demo')

    def forget_record(self):
        self.sql(f'REFRESH TABLE "{self.schema}".ctk_tables')
        self.sql(f'DELETE FROM "{self.schema}".ctk_tables')
        self.sql(f'REFRESH TABLE "{self.schema}".ctk_tables')

    def empty_table(self):
        self.sql(f'DELETE FROM "{self.schema}".demo')
        self.sql(f'REFRESH TABLE "{self.schema}".demo')

    def count(self):
        self.sql(f'REFRESH TABLE "{self.schema}".demo')
        return self.sql(f'SELECT count(*) FROM "{self.schema}".demo')[0][0]

    def has_table(self):
        return self.sql("SELECT count(*) FROM information_schema.tables WHERE table_name = 'demo' AND "
                        f"table_schema = '{self.schema}'")[0][0] == 1


class LostTables:
    """Subclasses give make_target()."""

    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk:sk", "--stream", "cdc:2", "--seed", "1")
        self.simulator.dynamodb("EnableKinesisStreamingDestination", TableName="demo",
                                StreamArn=self.simulator.kinesis("DescribeStreamSummary", StreamName="cdc")
                                ["StreamDescriptionSummary"]["StreamARN"])
        for number in range(20):
            self.simulator.put(number)
        self.target = self.make_target()

    def kinesis(self, **options):
        query = "".join(f"&{name.replace('_', '-')}={value}" for name, value in options.items())
        return f"kinesis+dynamodb+cdc://k:s@127.0.0.1:{self.simulator.port}/cdc?region=us-east-1{query}"

    def dynamodb(self, **options):
        return self.kinesis(**options).replace("kinesis+", "").replace("/cdc?", "/demo?")

    def test_positions_of_a_table_that_was_dropped(self):
        self.run_json("load", self.kinesis(once="true"), self.target.url())
        self.assertEqual(self.target.count(), 20)
        self.target.drop_table()
        self.simulator.put(20)
        _, said = self.run_ctk("load", self.kinesis(once="true"), self.target.url(), expect=3)
        self.assertIn("was dropped", said)
        self.assertIn(RESET, said)
        self.assertFalse(self.target.has_table(), "nothing is made")
        self.run_json("load", self.kinesis(once="true"), self.target.url(), RESET)
        self.assertEqual(self.target.count(), 21)
        self.run_json("load", self.kinesis(once="true"), self.target.url())

    def test_positions_of_a_table_that_was_emptied(self):
        self.run_json("load", self.kinesis(once="true"), self.target.url())
        self.target.empty_table()
        self.simulator.put(20)
        _, said = self.run_ctk("load", self.kinesis(once="true"), self.target.url(), expect=3)
        self.assertIn("does not hold the rows", said)
        self.assertIn(RESET, said)

    def test_positions_of_a_table_that_is_lost_with_its_record(self):
        self.run_json("load", self.kinesis(once="true"), self.target.url())
        self.target.drop_table()
        self.target.forget_record()
        for number in range(2):
            _, said = self.run_ctk("load", self.kinesis(once="true"), self.target.url(), expect=3)
            self.assertIn("nothing is on record of table", said)
            self.assertIn(RESET, said)
            self.assertFalse(self.target.has_table(), "nothing is made")
            self.simulator.put(20 + number)
        self.run_json("load", self.kinesis(once="true"), self.target.url(), RESET)
        self.assertEqual(self.target.count(), 22)

    def test_positions_of_a_relay_that_saw_only_other_tables(self):
        for number, source_table in enumerate(("later", "later", "demo")):
            self.run_json("load", self.kinesis(once="true", source_table=source_table), self.target.url(),
                          "--positions-name", "one")
            self.simulator.put(20 + number)
        self.assertTrue(self.target.has_table(), "no table of it was lost")

    def test_a_load_is_done_again(self):
        follow = self.dynamodb(snapshot="initial", once="true")
        self.run_json("load", follow, self.target.url())
        self.assertEqual(self.target.count(), 20)
        self.target.drop_table()
        _, said = self.run_ctk("load", self.dynamodb(once="true"), self.target.url(), expect=3)
        self.assertIn(RESET, said)
        _, said = self.run_ctk("load", follow, self.target.url())
        self.assertIn("loaded again", said)
        self.assertEqual(self.target.count(), 20)
        self.target.empty_table()
        self.run_json("load", follow, self.target.url())
        self.assertEqual(self.target.count(), 20)
        self.simulator.put(20)
        self.run_json("load", follow, self.target.url())
        self.assertEqual(self.target.count(), 21)

    def test_a_load_whose_table_is_lost_with_its_record_is_done_again(self):
        follow = self.dynamodb(snapshot="initial", once="true")
        self.run_json("load", follow, self.target.url())
        self.target.drop_table()
        self.target.forget_record()
        self.run_json("load", follow, self.target.url())
        self.assertEqual(self.target.count(), 20)
        self.run_json("load", follow, self.target.url())
        self.assertEqual(self.target.count(), 20)

    def test_items_that_were_all_deleted(self):
        self.run_json("load", self.kinesis(once="true"), self.target.url(), "--delete-grace", "0s")
        for item in self.simulator.dynamodb("Scan", TableName="demo")["Items"]:
            self.simulator.dynamodb("DeleteItem", TableName="demo", Key={name: item[name] for name in ("pk", "sk")})
        again = lambda: self.run_json("load", self.kinesis(once="true"), self.target.url(), "--delete-grace", "0s")
        wait_until("all marks are swept", lambda: again()["marked"] == 0)
        self.assertEqual(self.target.count(), 0)
        self.assertEqual(again()["read"], 0)

    def test_files_make_their_table_again(self):
        file = self.home / "changes.ndjson"
        file.write_text("".join(json.dumps(
            {"eventName": "INSERT", "tableName": "demo",
             "dynamodb": {"ApproximateCreationDateTime": 1700000000000 + number, "Keys": {"pk": {"S": str(number)}, "sk": {"S": "1"}},
                          "NewImage": {"pk": {"S": str(number)}, "sk": {"S": "1"}}}}) + "\n" for number in range(5)))
        for _ in range(2):
            self.run_json("load", f"file+dynamodb+cdc://{file}", self.target.url())
            self.assertEqual(self.target.count(), 5)
            self.target.drop_table()

    def test_changes_only_since_is_a_warning_once_and_says_since_when(self):
        begun = self.run_ctk("load", self.kinesis(once="true"), self.target.url())[1]
        self.assertRegex(begun, r"(?m)^.*warn.*changes only since \d{4}-")
        again = self.run_ctk("load", self.kinesis(once="true"), self.target.url())[1]
        self.assertNotRegex(again, r"(?m)^.*warn.*changes only")
        since = lambda text: [line.split("changes only since ")[1][:27] for line in text.splitlines() if "changes only since" in line]
        self.assertEqual(set(since(again)), set(since(begun)))

    def test_a_file_without_one_change_says_so_at_once(self):
        letters = set()
        for name in ("first", "second"):
            file = self.home / f"{name}.json"
            file.write_text("no change\n")
            counts, said = self.run_ctk("load", f"file+dynamodb+cdc://{file}", self.target.url(), "--format", "json",
                                        expect=4)
            self.assertEqual(json.loads(counts)["dead_letters"], 1)
            self.assertRegex(said, "1 dead letter: .*; list them with: ctk dead-letters list ")
            listed = json.loads(self.run_ctk("dead-letters", "list", self.target.url(), "--format", "json")[0])
            letters |= {letter["id"] for letter in listed}
        self.assertEqual(len(letters), 2, "the same line of two files")
        self.run_ctk("load", f"file+dynamodb+cdc:{os.path.relpath(file)}", self.target.url(), expect=4)
        listed = json.loads(self.run_ctk("dead-letters", "list", self.target.url(), "--format", "json")[0])
        self.assertEqual(len(listed), 2, "a file that is played again")

    def test_a_file_without_one_change_where_no_table_may_be_made(self):
        file = self.home / "file.json"
        file.write_text("no change\n")
        _, said = self.run_ctk("load", f"file+dynamodb+cdc://{file}", self.target.url(), "--create-table=false",
                               expect=1)
        self.assertIn("create-table=false", said)


class InSqlite(LostTables, Case):
    def make_target(self):
        return Sqlite(self.home)

    def test_a_table_from_an_older_backup(self):
        self.run_json("load", self.kinesis(once="true"), self.target.url())
        rows = self.target.query("SELECT * FROM demo")
        for number in range(20):
            self.simulator.put(number, more={"S": "x"})
        self.run_json("load", self.kinesis(once="true"), self.target.url())
        self.target.execute("DELETE FROM demo")
        with sqlite3.connect(self.target.path) as connection:
            connection.executemany(f"INSERT INTO demo VALUES ({','.join('?' * len(rows[0]))})", rows)
        connection.close()
        _, said = self.run_ctk("load", self.kinesis(once="true"), self.target.url(), expect=3)
        self.assertIn("older backup", said)

    def test_everything_from_a_backup(self):
        self.run_json("load", self.kinesis(once="true"), self.target.url())
        backup = pathlib.Path(self.home, "backup.db")
        self.target.execute(f"VACUUM INTO '{backup}'")
        self.simulator.put(20)
        self.run_json("load", self.kinesis(once="true"), self.target.url())
        for tail in ("-wal", "-shm"):
            pathlib.Path(f"{self.target.path}{tail}").unlink(missing_ok=True)
        shutil.copy(backup, self.target.path)
        self.run_json("load", self.kinesis(once="true"), self.target.url())
        self.assertEqual(self.target.count(), 21)

    def test_a_file_that_is_replaced_under_a_running_relay(self):
        relay = self.start_ctk("load", self.kinesis(idle_poll="200ms"), self.target.url())
        wait_until("all is there", lambda: self.target.path.exists() and self.holds(20), 30, relay)
        backup, old = pathlib.Path(self.home, "backup.db"), pathlib.Path(self.home, "old")
        self.target.execute(f"VACUUM INTO '{backup}'")
        self.simulator.put(20)
        wait_until("one more is there", lambda: self.holds(21), 30, relay)
        old.mkdir()
        for path in self.home.glob(f"{self.target.path.name}*"):
            path.rename(old / path.name)
        backup.rename(self.target.path)
        self.simulator.put(21)
        _, said = relay.communicate(timeout=60)
        self.assertEqual(relay.returncode, 1, said)
        self.assertIn(b"start the relay again", said)
        self.run_json("load", self.kinesis(once="true"), self.target.url())
        self.assertTrue(self.holds(22), "what was written to the other file, too")

    def holds(self, count):
        rows = self.target.rows("demo")
        return rows is not None and len(rows) == count


class InPostgresql(LostTables, Case):
    @classmethod
    def setUpClass(cls):
        cls.server = Postgres()
        cls.addClassCleanup(cls.server.stop)

    def make_target(self):
        return Postgresql(self.server, self.id().rpartition(".")[2][:40])

    def test_a_table_that_is_emptied_under_a_running_relay(self):
        process = self.start_ctk("load", self.kinesis(), self.target.url())
        wait_until("the rows are there", lambda: self.target.has_table() and self.target.count() == 20, process=process)
        self.target.empty_table()
        code, _, said = finish(process)
        self.assertEqual(code, 3, said)
        self.assertIn(RESET, said)

    def test_a_table_that_is_written_anew_by_the_server_is_the_same(self):
        self.run_json("load", self.kinesis(once="true"), self.target.url())
        self.server.sql(f'VACUUM FULL "{self.target.schema}".demo')
        self.target.execute("CREATE TABLE copied (LIKE demo INCLUDING ALL)", "INSERT INTO copied SELECT * FROM demo",
                            "DROP TABLE demo CASCADE", "ALTER TABLE copied RENAME TO demo")
        self.run_json("load", self.kinesis(once="true"), self.target.url())


class InCrateDb(LostTables, Case):
    @classmethod
    def setUpClass(cls):
        cls.server = FakeCrateDb()
        cls.addClassCleanup(cls.server.stop)

    def make_target(self):
        return Crate(self.server.url, self.id().rpartition(".")[2][:40])


if __name__ == "__main__":
    unittest.main()
