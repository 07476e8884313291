"""What tables and their keys are called in the target, and in which order the key stands."""
import json
import sqlite3
import unittest

from harness import Case
from test_simulator import Simulator


def event(table, key, value, sequence):
    return {"eventName": "INSERT", "tableName": table, "dynamodb": {
        "Keys": key, "NewImage": key | {"v": {"S": value}}, "ApproximateCreationDateTime": 1700000000 + sequence}}


class NamesAndKeys(Case):
    def key_of(self, table, file="target.db"):
        with sqlite3.connect(self.home / file) as connection:
            found = connection.execute(f'SELECT name FROM pragma_table_info("{table}") WHERE pk > 0 ORDER BY pk').fetchall()
        return [name for name, in found]

    def url(self, table=""):
        return f"sqlite:///{self.home}/target.db" + (f"?table={table}" if table else "")

    def simulated(self):
        simulator = Simulator(self, "--table", "events:zid:at")
        for i in range(3):
            simulator.dynamodb("PutItem", TableName="events", Item={"zid": {"S": "z"}, "at": {"S": str(i)}, "v": {"N": "1"}})
        return simulator

    def test_a_load_makes_the_key_as_the_table_has_it(self):
        simulator = self.simulated()
        source = f"dynamodb://k:s@127.0.0.1:{simulator.port}/events?region=us-east-1"
        self.run_ctk("load", source, self.url("loaded"))
        self.assertEqual(self.key_of("loaded"), ["zid", "at"])
        self.run_ctk("load", source, self.url("loaded"))
        shown = self.run_json("show", "table", "loaded", self.url())
        self.assertEqual((shown["key"], shown["living"]), (["zid", "at"], 3))

    def test_so_does_a_stream_of_the_tables_own(self):
        simulator = self.simulated()
        source = f"dynamodb+cdc://k:s@127.0.0.1:{simulator.port}/events?region=us-east-1&once=true"
        self.run_ctk("load", source, self.url("streamed"))
        self.assertEqual(self.key_of("streamed"), ["zid", "at"])
        simulator.dynamodb("PutItem", TableName="events", Item={"zid": {"S": "z"}, "at": {"S": "9"}})
        counts = self.run_json("load", source + "&snapshot=initial", self.url("streamed"))
        self.assertEqual(counts["dead_letters"], 0)
        self.assertEqual(self.run_json("show", "table", "streamed", self.url())["living"], 4)

    def test_a_table_that_is_there_keeps_its_order(self):
        simulator = self.simulated()
        with sqlite3.connect(self.home / "target.db") as connection:
            connection.execute("CREATE TABLE kept (at TEXT NOT NULL, zid TEXT NOT NULL, data TEXT, PRIMARY KEY (at, zid))")
        source = f"dynamodb://k:s@127.0.0.1:{simulator.port}/events?region=us-east-1"
        self.run_ctk("load", source, self.url("kept"))
        self.assertEqual(self.key_of("kept"), ["at", "zid"])
        self.assertEqual(self.run_json("show", "table", "kept", self.url())["living"], 3)

    def test_tables_that_differ_in_case_only(self):
        path = self.home / "events.ndjson"
        for order in (["Orders", "orders"], ["orders", "Orders"]):
            changes = [event(table, {"pk": {"S": "1"}}, table, i) for i, table in enumerate(order)]
            path.write_text("".join(json.dumps(change) + "\n" for change in changes))
            counts = self.run_json("load", f"file+dynamodb+cdc:{path}", self.url())
            self.assertEqual((counts["applied"], counts["dead_letters"]), (2, 0))
            with sqlite3.connect(self.home / "target.db") as connection:
                tables = dict(connection.execute("SELECT source_table, \"table\" FROM ctk_tables").fetchall())
                self.assertEqual(tables["Orders"], "Orders", "a table keeps the name that it had first")
                for source, table in tables.items():
                    (data,), = connection.execute(f'SELECT data FROM "{table}"').fetchall()
                    self.assertEqual(json.loads(data)["v"], source)

    def test_the_type_of_a_numeric_key_has_a_name(self):
        path = self.home / "events.ndjson"
        path.write_text(json.dumps(event("demo", {"pk": {"N": "1"}}, "x", 1)) + "\n")
        self.run_ctk("load", f"file+dynamodb+cdc:{path}", self.url())
        shown = self.run_json("show", "table", "demo", self.url())
        self.assertEqual(shown["columns"][0], {"name": "pk", "type": "INTEGER, REAL or TEXT"})


if __name__ == "__main__":
    unittest.main()
