"""`ctk verify`: a simulated DynamoDB beside SQLite, PostgreSQL and the (fake) CrateDB, at rest and in use."""
import itertools
import json
import sqlite3
import threading
import unittest
import urllib.request
import uuid

from harness import Case, CrateTarget, MariadbTarget, MysqlTarget, PostgresTarget, SqliteTarget, crate_address
from odbc import MariadbByOdbc, PostgresByOdbc, SqliteByOdbc
from servers import FakeCrateDb, Mariadb, Mysql, Postgres, wait_until
from simulator import Simulator
from terminal import Terminal

ITEMS = 120


class Editable:
    """A target whose rows a test changes by hand. Keys are pk and sk, texts both."""

    def key(self, pk, sk):
        return f"pk = '{pk}' AND sk = '{sk}'"

    def lose(self, *key):
        self.edit(f"DELETE FROM {self.table()} WHERE {self.key(*key)}")

    def bury(self, *key):
        self.edit(f"UPDATE {self.table()} SET cdc_deleted = {self.true}, data = NULL, aux = NULL WHERE {self.key(*key)}")

    def invent(self, *key):
        self.edit(f"INSERT INTO {self.table()} (pk, sk, data) VALUES ('{key[0]}', '{key[1]}', '{{}}')")


class Sqlite(Editable, SqliteTarget):
    true = "1"

    def table(self):
        return "demo"

    def edit(self, sql):
        with sqlite3.connect(self.path, timeout=20) as connection:
            connection.execute(sql)
        connection.close()

    def change(self, *key):
        self.edit(f"UPDATE demo SET data = replace(data, '00000001', '00000002') WHERE {self.key(*key)}")


class PostgreSql(Editable, PostgresTarget):
    true = "true"

    def table(self):
        return f'"{self.schema}"."demo"'

    def edit(self, sql):
        self.server.sql(sql)

    def change(self, *key):
        self.edit(f"UPDATE {self.table()} SET data = jsonb_set(data, '{{big}}', "
                  f"((data->>'big')::numeric + 1)::text::jsonb) WHERE {self.key(*key)}")


class MariaDb(Editable, MariadbTarget):
    true = "true"

    def table(self):
        return f"`{self.database}`.demo"

    def edit(self, sql):
        self.server.sql(sql)

    def change(self, *key):
        self.edit(f"UPDATE {self.table()} SET data = replace(data, '00000001', '00000002') WHERE {self.key(*key)}")


class MySql(MariaDb, MysqlTarget):
    def change(self, *key):
        self.edit(f"UPDATE {self.table()} SET data = JSON_SET(data, '$.v', 4711) WHERE {self.key(*key)}")


class OdbcSqlite(SqliteByOdbc, Sqlite):
    pass


class OdbcPostgreSql(PostgresByOdbc, PostgreSql):
    pass


class OdbcMariaDb(MariadbByOdbc, MariaDb):
    pass


class Crate(Editable, CrateTarget):
    true = "true"

    def table(self):
        return f'"{self.schema}"."demo"'

    def key(self, pk, sk):
        return f"pk['pk'] = '{pk}' AND pk['sk'] = '{sk}'"

    def edit(self, sql, *arguments):
        body = json.dumps({"stmt": sql, "args": arguments}).encode()
        request = urllib.request.Request(self.http + "/_sql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
        self.sql(f"REFRESH TABLE {self.table()}")

    def write(self, key, data, aux, deleted=False):
        self.lose(*key)
        self.edit(f"INSERT INTO {self.table()} (pk, data, aux, cdc_version, cdc_deleted) VALUES (?, ?, ?, ?, ?)",
                  {"pk": key[0], "sk": key[1]}, data, aux, "00000001.1.by hand", deleted)

    def change(self, *key):
        (data, aux), = self.sql(f"SELECT data, aux FROM {self.table()} WHERE {self.key(*key)}")
        exact = lambda value: json.loads(json.dumps(value, default=float))
        self.write(key, exact(data) | {"v": 4711.0}, exact(aux))

    def bury(self, *key):
        self.write(key, None, None, True)

    def invent(self, *key):
        self.write(key, {}, None)


class Verify(Case):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk:sk", "--limits", "off")

    def source(self, scheme="dynamodb", **options):
        query = "".join(f"&{name}={value}" for name, value in options.items())
        return f"{scheme}://k:s@127.0.0.1:{self.simulator.port}/demo?region=us-east-1{query}"

    def fill(self, count=ITEMS):
        for number in range(count):
            self.simulator.put(number, big={"N": f"{number}.00000000000001000000"}, tiny={"N": "1E-100"},
                               m={"M": {"l": {"L": [{"N": "1"}, {"S": "ä"}, {"NULL": True}]}, "a.b": {"SS": ["x", "y"]}}},
                               b={"B": "AP8="})

    def verify(self, target, *more, expect=0, source=None, **options):
        """(differences, totals)"""
        out, _ = self.run_ctk("verify", source or self.source(), target, "--format", "json", *more, expect=expect)
        *lines, totals = (json.loads(line) for line in out.splitlines())
        return lines, totals

    def check_planted(self, target, changed, **options):
        """What is planted is found, and nothing else."""
        self.fill()
        url = target.url(**options)
        self.run_ctk("load", self.source(), url)
        whole = {"items": ITEMS, "rows": ITEMS, "equal": ITEMS, "missing": 0, "extra": 0, "different": 0, "settled": 0,
                 "repaired": 0}
        self.assertEqual(self.verify(url), ([], whole))
        target.lose("item-1", "1")
        target.change("item-2", "2")
        target.bury("item-3", "3")
        target.invent("item-1", "nobody")
        found, totals = self.verify(url, "--settle", "200ms", expect=5)
        key = lambda number, sk=None: {"pk": {"S": f"item-{number}"}, "sk": {"S": sk or str(number)}}
        by_key = {(each["key"]["pk"]["S"], each["key"]["sk"]["S"]): each for each in found}
        self.assertEqual(len(found), 4, found)
        self.assertEqual(by_key["item-1", "1"], {"key": key(1), "difference": "missing", "paths": []})
        self.assertEqual(by_key["item-1", "nobody"], {"key": key(1, "nobody"), "difference": "extra", "paths": []})
        self.assertEqual(by_key["item-2", "2"], {"key": key(2), "difference": "different", "paths": [changed]})
        self.assertEqual(by_key["item-3", "3"]["difference"], "different")
        self.assertEqual(set(by_key["item-3", "3"]["paths"]) >= {"b", "big", "m", "tiny", "v"}, True)
        broken = whole | {"rows": ITEMS - 1, "equal": ITEMS - 3, "missing": 1, "extra": 1, "different": 2}
        self.assertEqual(totals, broken)
        self.assertEqual(self.verify(url, "--settle", "200ms", "--repair")[1], broken | {"repaired": 4})
        self.assertEqual(self.verify(url), ([], whole))

    def test_sqlite(self):
        self.check_planted(Sqlite(self.home), "big")

    def test_sqlite_by_odbc(self):
        self.check_planted(OdbcSqlite(self.home), "big")

    def test_sqlite_as_documents(self):
        self.fill()
        target = Sqlite(self.home)
        url = target.url(layout="document", encoding="dynamodb")
        self.run_ctk("load", self.source(), url)
        self.assertEqual(self.verify(url)[1]["equal"], ITEMS)
        target.edit("""UPDATE demo SET id = '{"pk":"item-1","sk":"other"}' WHERE id = '{"pk":"item-1","sk":"1"}'""")
        target.edit("""UPDATE demo SET data = replace(data, '"SS"', '"L"') WHERE id = '{"pk":"item-2","sk":"2"}'""")
        found, _ = self.verify(url, "--settle", "0", expect=5)
        self.assertEqual(sorted((each["key"]["sk"]["S"], each["difference"], tuple(each["paths"])) for each in found),
                         [("1", "missing", ()), ("2", "different", ('m."a.b"',)), ("other", "extra", ())])
        _, error = self.run_ctk("verify", self.source(), target.url(), expect=1)
        self.assertIn("layout=document&encoding=dynamodb", error)

    def test_postgresql(self):
        server = Postgres()
        self.addCleanup(server.stop)
        self.check_planted(PostgreSql(server, "verify"), "big")

    def test_postgresql_by_odbc(self):
        server = Postgres()
        self.addCleanup(server.stop)
        self.check_planted(OdbcPostgreSql(server, "verify"), "big")

    def test_mariadb(self):
        server = Mariadb()
        self.addCleanup(server.stop)
        self.check_planted(MariaDb(server, "verify"), "big")

    @unittest.skipUnless(Mysql.HOME, Mysql.MISSING)
    def test_mysql(self):
        server = Mysql()
        self.addCleanup(server.stop)
        self.check_planted(MySql(server, "verify"), "v")

    def test_mariadb_by_odbc(self):
        server = Mariadb()
        self.addCleanup(server.stop)
        self.check_planted(OdbcMariaDb(server, "verify"), "big")

    def crate(self):
        """A real CrateDB where CTK_TEST_CRATEDB_URL names one, else the fake."""
        address = crate_address()
        if not address:
            fake = FakeCrateDb()
            self.addCleanup(fake.stop)
            address = fake.url
        target = Crate(address, f"ctk_test_{uuid.uuid4().hex[:8]}")
        self.addCleanup(target.drop)
        return target

    def test_cratedb(self):
        self.check_planted(self.crate(), "v")

    def test_rows_that_cratedb_has_yet_to_sweep(self):
        """A load is over, and what it has not met stays until the floor has passed: known, and nobody's to repair."""
        target = self.crate()
        self.fill(20)
        self.run_ctk("load", self.source(), target.url())
        self.simulator.dynamodb("DeleteItem", TableName="demo", Key={"pk": {"S": "item-3"}, "sk": {"S": "3"}})
        self.run_ctk("load", self.source(), target.url(), "--reset")
        record = f'"{target.schema}".ctk_tables'
        target.sql(f"REFRESH TABLE {record}")
        self.assertEqual(target.sql(f"SELECT epoch, load FROM {record}"), [[2, "loaded"]])
        whole = {"items": 19, "rows": 20, "equal": 19, "missing": 0, "extra": 0, "different": 0, "settled": 0, "repaired": 0}
        out, error = self.run_ctk("verify", self.source(), target.url(), "--settle", "0", "--repair", "--format", "json")
        self.assertEqual([json.loads(line) for line in out.splitlines()], [whole])
        self.assertIn("yet to be swept", error)
        target.invent("item-4", "nobody")
        target.edit(f"UPDATE {target.table()} SET cdc_version = '00000002.1.by hand' WHERE {target.key('item-4', 'nobody')}")
        found, totals = self.verify(target.url(), "--settle", "0", expect=5)
        self.assertEqual([(each["key"]["sk"]["S"], each["difference"]) for each in found], [("nobody", "extra")])
        self.assertEqual(totals, whole | {"rows": 21, "extra": 1})

    def test_selections_and_samples(self):
        self.fill()
        target = Sqlite(self.home)
        selection = dict(include="v,m.l,tiny", exclude="tiny", rename="v:value")
        self.run_ctk("load", self.source(**selection), target.url())
        self.assertEqual(self.verify(target.url(), source=self.source(**selection))[1]["equal"], ITEMS)
        target.edit("UPDATE demo SET data = json_set(data, '$.value', 4711)")
        found, totals = self.verify(target.url(), "--settle", "0", "--show", "3", source=self.source(**selection), expect=5)
        self.assertEqual([each["paths"] for each in found], [["v"]] * 3)
        self.assertEqual(totals["different"], ITEMS)
        _, totals = self.verify(target.url(), "--settle", "0", "--sample", "20%", source=self.source(**selection), expect=5)
        self.assertEqual(totals["different"], totals["items"])
        self.assertTrue(5 < totals["items"] < 60, totals)

    def test_the_totals_stand_on_standard_error(self):
        self.fill(3)
        target = Sqlite(self.home)
        self.run_ctk("load", self.source(), target.url())
        out, error = self.run_ctk("verify", self.source(), target.url())
        self.assertEqual(out, "")
        self.assertEqual(error.splitlines()[-1], "items 3, rows 3, equal 3, missing 0, extra 0, different 0, settled 0")
        out, error = self.run_ctk("verify", self.source("dynamodb+cdc", snapshot="initial"), target.url(), "--quiet")
        self.assertEqual((out, error), ("", ""))

    def test_on_a_terminal_one_line_says_how_far_it_is(self):
        """Differences stand on lines of their own, and the line is gone at the end."""
        self.fill()
        target = Sqlite(self.home)
        self.run_ctk("load", self.source(), target.url())
        target.lose("item-1", "1")
        terminal = Terminal("verify", self.source(), target.url(), "--settle", "3s")
        self.addCleanup(terminal.close)
        terminal.expect(rf"compared {ITEMS} items  \d+/s  {ITEMS - 1} equal  {ITEMS - 1} rows  1 to be looked at again\r")
        shown = terminal.expect(r"items \d+, rows \d+, equal \d+, missing 1, .*\n")
        self.assertRegex(shown, r"\r\{\"key\".*\"missing\"")
        self.assertNotIn("level=info", shown)
        self.assertEqual(terminal.code(), 5)

    def test_what_cannot_be_compared(self):
        _, error = self.run_ctk("verify", self.source(), "ndjson:-", expect=2)
        self.assertIn("ndjson target holds no rows", error)
        _, error = self.run_ctk("verify", "file+dynamodb+cdc:x.json", "sqlite:///x.db", expect=2)
        self.assertIn("a file has no table", error)
        self.assertNotIn("snapshot", error)  # which nobody gave
        _, error = self.run_ctk("verify", "sqlite:///x.db", self.source(), expect=2)
        self.assertIn("source and target are swapped", error)
        stream = f"kinesis+dynamodb+cdc://k:s@127.0.0.1:{self.simulator.port}/cdc?region=us-east-1"
        _, error = self.run_ctk("verify", stream, "sqlite:///x.db", expect=2)
        self.assertIn("source-table", error)
        _, error = self.run_ctk("verify", self.source(), f"sqlite:///{self.home}/none.db", expect=1)
        self.assertIn("none.db", error)
        target = Sqlite(self.home)
        self.run_ctk("load", self.source(), target.url())
        _, error = self.run_ctk("verify", self.source(), target.url("other"), expect=1)
        self.assertIn("there is no table other", error)
        _, error = self.run_ctk("verify", self.source().replace("/demo?", "/nowhere?"), target.url(), expect=1)
        self.assertIn("nowhere", error)

    def test_a_table_in_use_has_no_false_alarm(self):
        target = Sqlite(self.home)
        relay = self.start_ctk("load", self.source("dynamodb+cdc", snapshot="initial", **{"idle-poll": "200ms"}),
                               target.url())
        stop, written = threading.Event(), []

        def write():
            for number in itertools.count(1):
                if stop.is_set():
                    return
                written.append(number)
                if number % 7 == 6:
                    self.simulator.dynamodb("DeleteItem", TableName="demo", Key={
                        "pk": {"S": f"item-{(number - 3) % 7}"}, "sk": {"S": str(number - 3)}})
                else:
                    self.simulator.put(number % 1000)

        self.fill(1000)
        writer = threading.Thread(target=write)
        writer.start()
        try:
            wait_until("there is something to relay", lambda: len(written) > 300)
            for _ in range(3):
                found, totals = self.verify(target.url(), "--settle", "5s", source=self.source("dynamodb+cdc"))
                self.assertEqual(found, [])
        finally:
            stop.set()
            writer.join()
        self.stop_ctk(relay)
