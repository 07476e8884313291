"""DynamoDB Streams itself: DynamoDB Local, which is AWS's own code, and a writer that does not stop for anybody."""
import random
import sqlite3
import threading
import time
import unittest

from events import plain
from harness import Case, SqliteTarget, from_json
from servers import DynamoDbLocal, wait_until

VIEW = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


class Writer(threading.Thread):
    """Puts and deletes items until it is told to stop."""

    def __init__(self, table, seed):
        super().__init__(daemon=True)
        self.table, self.random, self.stopped, self.writes = table, random.Random(seed), threading.Event(), 0

    def run(self):
        while not self.stopped.is_set():
            self.table.write_anything(self.random)
            self.writes += 1
            time.sleep(0.002)

    def stop(self):
        self.stopped.set()
        self.join()


class Table:
    """A table of DynamoDB Local: its calls, and what it holds."""

    def __init__(self, server, name, **options):
        self.server, self.name, self.client = server, name, server.client
        self.client("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
                    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}], **options)

    def source(self, **options):
        query = "".join(f"&{name.replace('_', '-')}={value}" for name, value in options.items())
        return f"{self.server.url.replace('http', 'dynamodb+cdc').replace('//', f'//{self.client.key}:{self.client.secret}@')}/{self.name}?region=us-east-1{query}"

    def put(self, pk, **attributes):
        self.client("PutItem", TableName=self.name, Item={"pk": {"S": pk}} | attributes)

    def delete(self, pk):
        self.client("DeleteItem", TableName=self.name, Key={"pk": {"S": pk}})

    def write_anything(self, chance):
        pk = f"item-{chance.randrange(40)}"
        if chance.random() < 0.3:
            self.delete(pk)
        else:
            self.put(pk, n={"N": str(chance.randrange(10**30))}, m={"M": {}}, l={"L": [{"S": "x"}, {"M": {}}]})

    def stream(self):
        return self.client("DescribeTable", TableName=self.name)["Table"]["LatestStreamArn"]

    def switch(self, on):
        self.client("UpdateTable", TableName=self.name, StreamSpecification=VIEW if on else {"StreamEnabled": False})

    def items(self):
        items = self.client("Scan", TableName=self.name, ConsistentRead=True)["Items"]
        return {item["pk"]["S"]: {name: plain(value) for name, value in item.items() if name != "pk"} for item in items}


class Streams(Case):
    @classmethod
    def setUpClass(cls):
        cls.server = DynamoDbLocal()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        super().setUp()
        self.name = self.id().rpartition(".")[2][:100]
        self.target = SqliteTarget(self.home)

    def make_table(self, **options):
        return Table(self.server, self.name, **({"StreamSpecification": VIEW} | options))

    def held(self):
        """Key → attributes of the living items; nothing while there is no table."""
        try:
            rows = self.target.query(f'SELECT pk, data FROM "{self.name}_live"')
        except sqlite3.OperationalError:
            return None
        return {pk: from_json(data) for pk, data in rows}

    def equal(self, table):
        return self.held() == table.items()

    def assert_equal(self, table):
        self.assertEqual(self.held(), table.items())

    def load(self, source, *more, **options):
        return self.run_json("load", source, self.target.url(self.name), *more, **options)

    def test_once_and_again(self):
        table = self.make_table()
        chance = random.Random(1)
        for _ in range(300):
            table.write_anything(chance)
        counts = self.load(table.source(once="true"))
        self.assertEqual((counts["dead_letters"], counts["gaps"]), (0, 0))
        self.assertGreater(counts["read"], 100)
        self.assert_equal(table)
        self.assertEqual(self.load(table.source(once="true"))["read"], 0)
        table.put("one more")
        self.assertEqual(self.load(table.source(once="true"))["read"], 1)
        self.assert_equal(table)

    def test_killed_at_random_moments_while_a_writer_writes(self):
        table, moments = self.make_table(), random.Random(7)
        writer = Writer(table, 7)
        writer.start()
        self.addCleanup(writer.stop)
        for _ in range(8):
            process = self.start_ctk("load", table.source(), self.target.url(self.name))
            time.sleep(moments.uniform(0.05, 1.2))
            process.kill()
            process.communicate()
        process = self.start_ctk("load", table.source(), self.target.url(self.name))
        before = writer.writes
        wait_until("there is more to relay", lambda: writer.writes > before + 30, process=process)
        writer.stop()
        wait_until("the target equals the table", lambda: self.equal(table), process=process)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.load(table.source(once="true"))["read"], 0, "everything was stored")

    def test_a_bounded_run_ends_while_a_writer_writes(self):
        table = self.make_table()
        writer = Writer(table, 3)
        writer.start()
        self.addCleanup(writer.stop)
        wait_until("there is something to relay", lambda: writer.writes > 30)
        self.load(table.source(once="true"))
        writer.stop()
        self.load(table.source(once="true"))
        self.assert_equal(table)

    def test_marks_of_deleted_items_are_swept(self):
        table = self.make_table()
        table.put("a")
        table.delete("a")
        table.put("b")
        time.sleep(2.1)
        table.put("c")  # the shard was read past the delete's own second
        counts = self.load(table.source(once="true"))
        self.assertEqual((counts["deleted"], counts["marked"]), (1, 0))
        self.assert_equal(table)

    def test_a_table_without_a_stream_and_enable_stream(self):
        table = self.make_table(StreamSpecification={"StreamEnabled": False})
        _, err = self.run_ctk("load", table.source(once="true"), self.target.url(self.name), expect=1)
        self.assertRegex(err, f"table '{self.name}' has no stream")
        self.assertRegex(err, f"aws dynamodb update-table --table-name {self.name} ")
        self.load(table.source(once="true", enable_stream="true"))
        table.put("a", x={"S": "y"})
        self.load(table.source(once="true", enable_stream="true"))
        self.assert_equal(table)

    def test_streams_without_new_images_are_refused(self):
        table = self.make_table(StreamSpecification=VIEW | {"StreamViewType": "KEYS_ONLY"})
        _, err = self.run_ctk("load", table.source(once="true"), self.target.url(self.name), expect=1)
        self.assertRegex(err, "(?s)KEYS_ONLY.*StreamEnabled=false")

    def test_a_stream_of_new_images_suffices(self):
        table = self.make_table(StreamSpecification=VIEW | {"StreamViewType": "NEW_IMAGE"})
        table.put("a", x={"S": "y"})
        table.put("b")
        table.delete("b")
        self.load(table.source(once="true"))
        self.assert_equal(table)

    def test_latest_is_a_stored_position(self):
        """DynamoDB Local dates its records by the minute, so what is older than that only is left out."""
        table = self.make_table()
        self.assertEqual(self.load(table.source(once="true", start="latest"))["read"], 0)
        table.put("after")
        self.assertEqual(self.load(table.source(once="true", start="latest"))["read"], 1)
        self.assert_equal(table)

    def test_a_stream_that_was_switched_off(self):
        table = self.make_table()
        table.put("a")
        old = table.stream()
        process = self.start_ctk("load", table.source(), self.target.url(self.name))
        wait_until("the first item arrives", lambda: self.equal(table), process=process)
        process.kill()
        process.communicate()
        table.put("b")
        table.switch(False)
        _, err = self.run_ctk("load", table.source(once="true"), self.target.url(self.name))
        self.assertIn("was switched off and is read to its end", err)
        self.assert_equal(table)

        time.sleep(1.1)  # the label of a stream is its time
        table.switch(True)
        wait_until("there is a new stream", lambda: table.stream() != old)
        _, err = self.run_ctk("load", table.source(once="true"), self.target.url(self.name), expect=3)
        self.assertIn(old, err)
        self.assertIn(table.stream(), err)
        self.assertIn("--reset", err)
        # By its ARN the old one can still be read; it has nothing new.
        by_arn = table.source(once="true").replace(f"/{self.name}?", f"/{old}?")
        self.assertEqual(self.load(by_arn)["read"], 0)
        table.put("c")
        self.load(table.source(once="true"), "--reset")
        self.assertIn("c", self.held())

    def test_a_table_that_is_not_there(self):
        missing = Table.__new__(Table)
        missing.server, missing.client, missing.name = self.server, self.server.client, "no-such-table"
        _, err = self.run_ctk("load", missing.source(once="true"), self.target.url(self.name), expect=1)
        self.assertRegex(err, "there is no table 'no-such-table' in region us-east-1 at http")


if __name__ == "__main__":
    unittest.main()
