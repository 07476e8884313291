"""A table's items by parallel Scan, alone and before its stream, from DynamoDB Local, which is AWS's own code."""
import base64
import json
import random
import unittest

from events import plain
from harness import Case, PostgresTarget, SqliteTarget, from_json
from servers import DynamoDbLocal, Postgres, wait_until
from test_streams import VIEW, Writer, Table

KEYS = {"S": lambda i: f"k{i:05}", "N": lambda i: str(i) if i % 2 else f"{i}.5",
        "B": lambda i: base64.b64encode(i.to_bytes(3, "big")).decode()}


class PostgresTables(PostgresTarget):
    """PostgreSQL asked as SQLite is: rows as tuples, JSON as text."""

    def query(self, sql):
        found = self.server.sql(f"SET search_path TO \"{self.schema}\"; "
                                f"SELECT coalesce(json_agg(row_to_json(q)), '[]') FROM ({sql}) q")
        rows = json.loads(found[found.index("["):])
        return [tuple(json.dumps(cell) if isinstance(cell, dict) else cell for cell in row.values()) for row in rows]


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

    def held(self, target, table):
        return {pk: from_json(data) for pk, data in target.query(f'SELECT pk, data FROM "{table.name}_live"')}

    def fill(self, table, count, size=50, first=0):
        for start in range(first, first + count, 25):
            table.client("BatchWriteItem", RequestItems={table.name: [
                {"PutRequest": {"Item": {"pk": {"S": f"item-{i}"}, "v": {"N": str(i)}, "t": {"S": "x" * size}}}}
                for i in range(start, min(start + 25, first + count))]})

    def test_an_empty_table(self):
        table, target = Table(self.server, "empty"), SqliteTarget(self.home)
        summary = self.run_json("load", load(table), target.url("empty"))
        self.assertEqual((summary["read"], summary["applied"]), (0, 0))
        self.assertEqual(self.held(target, table), {})
        self.assertEqual(target.query("SELECT load FROM ctk_tables"), [("complete",)])

    def test_items_as_large_as_they_may_be(self):
        table, target = Table(self.server, "large"), SqliteTarget(self.home)
        for i in range(12):
            table.put(f"large-{i}", v={"S": chr(ord("a") + i) * 400_000})
        self.run_ctk("load", load(table, max_memory="4MB"), target.url("large"))
        self.assertEqual(self.held(target, table), self.items(table))

    def test_whole_pages_and_again(self):
        """A table whose size is a multiple of the page; and what a second load does not see goes."""
        table, target = Table(self.server, "pages"), SqliteTarget(self.home)
        self.fill(table, 400)
        for segments in (1, 7):
            self.run_json("load", load(table, segments=segments), target.url("pages"))
            self.assertEqual(self.held(target, table), self.items(table))
            for i in range(segments * 10, segments * 10 + 5):
                table.delete(f"item-{i}")
        self.assertEqual(target.query("SELECT epoch, load FROM ctk_tables"), [(2, "complete")])
        summary = self.run_json("load", load(table), target.url("pages"))
        self.assertEqual(summary["read"], 390)
        self.assertEqual(self.held(target, table), self.items(table))

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
                target = SqliteTarget(self.home)
                self.run_ctk("load", load(table), target.url(name))
                held = sorted(from_json(data)["v"] for data, in target.query(f'SELECT data FROM "{name}_live"'))
                self.assertEqual(held, list(range(20)), name)

    def test_a_table_that_is_not_there(self):
        table = Table.__new__(Table)
        table.server, table.name, table.client = self.server, "nowhere", self.server.client
        _, err = self.run_ctk("load", load(table), SqliteTarget(self.home).url("nowhere"), expect=1)
        self.assertIn("'nowhere'", err)

    def test_stopped_before_its_end_it_says_so(self):
        table, target = Table(self.server, "stopped"), SqliteTarget(self.home)
        self.fill(table, 400, size=1000)
        process = self.start_ctk("load", load(table, read_capacity=5), target.url("stopped"))
        wait_until("something was read", lambda: self.rows_of(target, "stopped") > 0, process=process)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 1, err)
        self.assertIn("goes on where it was", err)
        self.run_ctk("load", load(table), target.url("stopped"))
        self.assertEqual(self.held(target, table), self.items(table))
        self.assertEqual(target.query("SELECT epoch FROM ctk_tables"), [(1,)])

    def rows_of(self, target, name):
        try:
            return target.query(f'SELECT count(*) FROM "{name}"')[0][0]
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
        wait_until("the load is complete", lambda: target.query("SELECT load FROM ctk_tables")[0][0] == "complete",
                   process=process)
        writer.stop()
        process.kill()
        process.communicate()
        self.run_ctk("load", table.source(snapshot="initial", once="true"), target.url(name))
        self.assertEqual(self.held(target, table), self.items(table))
        self.assertEqual(target.query("SELECT epoch, load FROM ctk_tables"), [(1, "complete")])

    def test_a_writer_that_does_not_stop_and_kills(self):
        self.converge("live", SqliteTarget(self.home))

    def test_the_same_to_postgresql(self):
        server = Postgres()
        self.addCleanup(server.stop)
        self.converge("livepg", PostgresTables(server, "loads"))


if __name__ == "__main__":
    unittest.main()
