"""A table's items by parallel Scan, alone and before its stream, from DynamoDB Local, which is AWS's own code."""
import base64
import json
import random
import unittest
import uuid

from events import plain
from harness import Case, CrateTarget, PostgresTarget, SqliteTarget, crate_address, from_json, overlay
from servers import DynamoDbLocal, FakeCrateDb, Postgres, wait_until
from test_streams import VIEW, Writer, Table

KEYS = {"S": lambda i: f"k{i:05}", "N": lambda i: str(i) if i % 2 else f"{i}.5",
        "B": lambda i: base64.b64encode(i.to_bytes(3, "big")).decode()}


class Columns:
    """Layout `columns` with the key `pk`, asked by query(sql)."""

    def held(self, table):
        return {pk: from_json(data) for pk, data in self.query(f'SELECT pk, data FROM "{table}_live"')}

    def count(self, table):
        return self.query(f'SELECT count(*) FROM "{table}"')[0][0]

    def loads(self):
        return self.query("SELECT epoch, load FROM ctk_tables")


class SqliteTables(Columns, SqliteTarget):
    pass


class PostgresTables(Columns, PostgresTarget):
    """PostgreSQL asked as SQLite is: rows as tuples, JSON as text."""

    def query(self, sql):
        found = self.server.sql(f"SET search_path TO \"{self.schema}\"; "
                                f"SELECT coalesce(json_agg(row_to_json(q)), '[]') FROM ({sql}) q")
        rows = json.loads(found[found.index("["):])
        return [tuple(json.dumps(cell) if isinstance(cell, dict) else cell for cell in row.values()) for row in rows]


class CrateTables(CrateTarget):
    """Layout `ctk` with the key `pk`. Writes are not fenced here: what a load has not seen is swept `delete-floor` later."""

    def url(self, table="demo", **options):
        return super().url(table, **{"delete-floor": "0s"} | options)

    def held(self, table):
        name = f'"{self.schema}"."{table}"'
        self.sql(f"REFRESH TABLE {name}")
        found = self.sql(f"SELECT pk['pk'], data, aux FROM {name} WHERE NOT coalesce(cdc_deleted, false) LIMIT 100000")
        return {pk: overlay(data, aux) for pk, data, aux in found}

    def count(self, table):
        self.sql(f'REFRESH TABLE "{self.schema}"."{table}"')
        return self.sql(f'SELECT count(*) FROM "{self.schema}"."{table}"')[0][0]

    def loads(self):
        self.sql(f'REFRESH TABLE "{self.schema}"."ctk_tables"')
        return [tuple(row) for row in self.sql(f'SELECT epoch, load FROM "{self.schema}"."ctk_tables"')]


def load(table, **options):
    return table.source(**options).replace("dynamodb+cdc://", "dynamodb://")


class Loading(Case):
    @classmethod
    def setUpClass(cls):
        cls.server = DynamoDbLocal()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def items(self, table):
        """pk → the item's other attributes, plain, as the table holds them now."""
        held, start = {}, {}
        while True:
            page = table.client("Scan", TableName=table.name, ConsistentRead=True, **start)
            for item in page["Items"]:
                held[item["pk"]["S"]] = {name: plain(value) for name, value in item.items() if name != "pk"}
            if "LastEvaluatedKey" not in page:
                return held
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def assert_equal(self, target, table):
        self.assertEqual(target.held(table.name), self.items(table))

    def fill(self, table, count, size=50, first=0):
        for start in range(first, first + count, 25):
            table.client("BatchWriteItem", RequestItems={table.name: [
                {"PutRequest": {"Item": {"pk": {"S": f"item-{i}"}, "v": {"N": str(i)}, "t": {"S": "x" * size}}}}
                for i in range(start, min(start + 25, first + count))]})

    def test_an_empty_table(self):
        table, target = Table(self.server, "empty"), SqliteTables(self.home)
        summary = self.run_json("load", load(table), target.url("empty"))
        self.assertEqual((summary["read"], summary["applied"]), (0, 0))
        self.assertEqual(target.held("empty"), {})
        self.assertEqual(target.loads(), [(1, "complete")])

    def test_items_as_large_as_they_may_be(self):
        table, target = Table(self.server, "large"), SqliteTables(self.home)
        for i in range(12):
            table.put(f"large-{i}", v={"S": chr(ord("a") + i) * 400_000})
        self.run_ctk("load", load(table, max_memory="4MB"), target.url("large"))
        self.assert_equal(target, table)

    def test_whole_pages_and_again(self):
        """A table whose size is a multiple of the page; and what a second load does not see goes."""
        table, target = Table(self.server, "pages"), SqliteTables(self.home)
        self.fill(table, 400)
        for segments in (1, 7):
            self.run_json("load", load(table, segments=segments), target.url("pages"))
            self.assert_equal(target, table)
            for i in range(segments * 10, segments * 10 + 5):
                table.delete(f"item-{i}")
        self.assertEqual(target.loads(), [(2, "complete")])
        summary = self.run_json("load", load(table), target.url("pages"))
        self.assertEqual(summary["read"], 390)
        self.assert_equal(target, table)

    def test_every_type_of_key(self):
        for kind, key in KEYS.items():
            for sort_kind, sort in KEYS.items():
                name = f"keys{kind}{sort_kind}"
                self.server.client(
                    "CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
                    KeySchema=[{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
                    AttributeDefinitions=[{"AttributeName": "h", "AttributeType": kind}, {"AttributeName": "r", "AttributeType": sort_kind}])
                for i in range(20):
                    self.server.client("PutItem", TableName=name,
                                       Item={"h": {kind: key(i // 4)}, "r": {sort_kind: sort(i)}, "v": {"N": str(i)}})
                table = Table.__new__(Table)
                table.server, table.name, table.client = self.server, name, self.server.client
                target = SqliteTables(self.home)
                self.run_ctk("load", load(table), target.url(name))
                held = sorted(from_json(data)["v"] for data, in target.query(f'SELECT data FROM "{name}_live"'))
                self.assertEqual(held, list(range(20)), name)

    def test_what_was_refused_can_be_played_again(self):
        """A dead letter of an item holds an event, which a file takes."""
        name, target = "numbers", SqliteTables(self.home)
        self.server.client("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
                           KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                           AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "N"}])
        for key in ("1", "2.5"):
            self.server.client("PutItem", TableName=name, Item={"pk": {"N": key}, "v": {"SS": ["b", "a"]}})
        table = Table.__new__(Table)
        table.server, table.name, table.client = self.server, name, self.server.client
        self.run_ctk("load", load(table), target.url(name, **{"key-type.pk": "bigint"}), expect=4)
        letter, = self.run_json("dead-letters", "list", target.url(name))
        path = self.home / "again.ndjson"
        path.write_text(letter["change"])
        self.run_ctk("load", f"file+dynamodb+cdc:{path}", target.url("again"))
        self.assertEqual(target.held("again"), {2.5: {"v": ["a", "b"]}})

    def test_a_table_that_is_not_there(self):
        table = Table.__new__(Table)
        table.server, table.name, table.client = self.server, "nowhere", self.server.client
        _, err = self.run_ctk("load", load(table), SqliteTables(self.home).url("nowhere"), expect=1)
        self.assertIn("'nowhere'", err)
        self.assertIn("-sharedDb", err, "somebody else's key is the usual reason")

    def test_stopped_before_its_end_it_says_so(self):
        table, target = Table(self.server, "stopped"), SqliteTables(self.home)
        self.fill(table, 400, size=1000)
        process = self.start_ctk("load", load(table, read_capacity=5), target.url("stopped"))
        wait_until("something was read", lambda: self.rows_of(target, "stopped") > 0, process=process)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 1, err)
        self.assertIn("goes on where it was", err)
        self.run_ctk("load", load(table), target.url("stopped"))
        self.assert_equal(target, table)
        self.assertEqual(target.loads(), [(1, "complete")])

    def rows_of(self, target, name):
        try:
            return target.count(name)
        except Exception:  # noqa: BLE001 - whatever a database says while there is no table yet
            return 0

    def converge(self, name, target):
        """A writer that does not stop, a load beside the stream, a relay that is killed at random moments."""
        table, chance = Table(self.server, name, StreamSpecification=VIEW), random.Random(4)
        self.fill(table, 2000, size=300)
        writer = Writer(table, 5)
        writer.start()
        self.addCleanup(writer.stop)
        source = table.source(snapshot="initial", read_capacity=200)
        for _ in range(5):
            process = self.start_ctk("load", source, target.url(name))
            try:
                process.wait(0.3 + chance.random() * 1.2)
                self.fail(f"the relay ended: {process.communicate()}")
            except Exception as error:  # noqa: BLE001
                if isinstance(error, AssertionError):
                    raise
            process.kill()
            process.communicate()
        process = self.start_ctk("load", source, target.url(name))
        wait_until("the load is complete", lambda: "complete" in dict(target.loads()).values(),
                   process=process)
        writer.stop()
        process.kill()
        process.communicate()
        self.run_ctk("load", table.source(snapshot="initial", once="true"), target.url(name))
        self.assert_equal(target, table)
        self.assertEqual(target.loads(), [(1, "complete")])

    def test_a_writer_that_does_not_stop_and_kills(self):
        self.converge("live", SqliteTables(self.home))

    def test_the_same_to_postgresql(self):
        server = Postgres()
        self.addCleanup(server.stop)
        self.converge("livepg", PostgresTables(server, "loads"))

    def crate(self):
        """A real CrateDB where CTK_TEST_CRATEDB_URL names one, else the fake."""
        address = crate_address()
        if not address:
            fake = FakeCrateDb()
            self.addCleanup(fake.stop)
            address = fake.url
        target = CrateTables(address, f"ctk_test_{uuid.uuid4().hex[:8]}")
        self.addCleanup(target.drop)
        return target

    def test_the_same_to_cratedb(self):
        self.converge("livecrate", self.crate())

    def test_again_to_cratedb(self):
        table, target = Table(self.server, "again"), self.crate()
        self.fill(table, 300)
        self.run_json("load", load(table), target.url("again"))
        self.assert_equal(target, table)
        for i in range(10):
            table.delete(f"item-{i}")
        self.run_json("load", load(table), target.url("again", **{"delete-floor": "1h"}))
        self.assertEqual((target.loads(), target.count("again")), ([(2, "loaded")], 300), "an older write may be under way")
        self.run_json("load", load(table), target.url("again"))
        self.assert_equal(target, table)
        self.assertEqual(target.loads(), [(3, "complete")])


if __name__ == "__main__":
    unittest.main()
