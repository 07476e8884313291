"""A table with its Kinesis streaming destination, and one with a stream of its own, on emulators of other people's making:
written by boto3, relayed by ctk."""
import base64
import decimal
import os
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import boto3  # noqa: E402
from boto3.dynamodb.types import Binary  # noqa: E402

from emulators import LocalStack, Ministack  # noqa: E402
from events import plain  # noqa: E402
from harness import Case, CrateTarget, PostgresTarget, SqliteTarget, crate_address  # noqa: E402
from servers import Postgres, wait_until  # noqa: E402

REGION = "eu-central-1"
D = decimal.Decimal
decimal.getcontext().prec = 60  # DynamoDB has 38 digits


class Writer:
    """The table `demo` (keys pk S, sk N), its stream `cdc-stream`, and what is written."""

    def __init__(self, server):
        options = dict(endpoint_url=server.url, region_name=REGION, aws_access_key_id="LSIAQAAAAAAVNCBMPNSG",
                       aws_secret_access_key="dummy")
        self.kinesis = boto3.client("kinesis", **options)
        self.dynamodb = boto3.client("dynamodb", **options)
        self.kinesis.create_stream(StreamName="cdc-stream", ShardCount=2)
        self.kinesis.get_waiter("stream_exists").wait(StreamName="cdc-stream", WaiterConfig={"Delay": 1})
        stream = self.kinesis.describe_stream_summary(StreamName="cdc-stream")["StreamDescriptionSummary"]
        self.dynamodb.create_table(
            TableName="demo", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}])
        self.dynamodb.get_waiter("table_exists").wait(TableName="demo", WaiterConfig={"Delay": 1})
        self.dynamodb.enable_kinesis_streaming_destination(TableName="demo", StreamArn=stream["StreamARN"])
        wait_until("the destination is active", self.destination_is_active)
        self.table = boto3.resource("dynamodb", **options).Table("demo")
        self.writes = 0

    def destination_is_active(self):
        found = self.dynamodb.describe_kinesis_streaming_destination(TableName="demo")
        return all(d["DestinationStatus"] == "ACTIVE" for d in found["KinesisDataStreamDestinations"])

    def write(self):
        """Both emulators stamp whole seconds and scatter an item's records, so writes to one item are kept apart."""
        put = self.table.put_item
        put(Item={"pk": "a", "sk": 1, "n": D("12345678901234567890123456789012345678"), "b": Binary(b"\x00\x01\xff"),
                  "ss": {"x", "y"}, "ns": {D(1), D("2.5")}, "l": ["x", D(1), {"q": None}], "m": {}, "u": "grüß \U0001f600"})
        put(Item={"pk": "b", "sk": D("2.5"), "flag": False, "e": "", "el": []})
        put(Item={"pk": "gone", "sk": 0, "x": "y"})
        for number in range(10):
            put(Item={"pk": "many", "sk": number, "v": number})
        time.sleep(2.1)
        self.table.update_item(Key={"pk": "a", "sk": 1}, UpdateExpression="SET #n = :v REMOVE u",
                               ExpressionAttributeNames={"#n": "n"}, ExpressionAttributeValues={":v": D("1.5")})
        self.table.delete_item(Key={"pk": "gone", "sk": 0})
        put(Item={"pk": "b", "sk": D("2.5"), "flag": True})
        self.writes = 16

    def rows(self):
        items = self.dynamodb.scan(TableName="demo", ConsistentRead=True)["Items"]
        return sorted(repr(normal({name: plain_boto(value) for name, value in item.items() if name not in ("pk", "sk")}))
                      for item in items)

    def arrived(self):
        """Whether all records can be read from the stream."""
        total = 0
        for shard in self.kinesis.list_shards(StreamName="cdc-stream")["Shards"]:
            iterator = self.kinesis.get_shard_iterator(StreamName="cdc-stream", ShardId=shard["ShardId"],
                                                       ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            total += len(self.kinesis.get_records(ShardIterator=iterator)["Records"])
        return total >= self.writes


def plain_boto(value):
    """As events.plain, for boto3's low-level form, whose binaries are bytes."""
    (tag, content), = value.items()
    if tag == "B":
        return base64.b64encode(content).decode()
    if tag == "BS":
        return [base64.b64encode(b).decode() for b in sorted(content)]
    if tag == "M":
        return {name: plain_boto(child) for name, child in content.items()}
    if tag == "L":
        return [plain_boto(child) for child in content]
    return plain(value)


def normal(value):
    """A form in which equal values look equal."""
    if isinstance(value, dict):
        return {name: normal(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [normal(child) for child in value]
    return str(value.normalize()) if isinstance(value, decimal.Decimal) else value


class StreamWriter(Writer):
    """The table `demo` with a stream of its own, and what is written."""

    def __init__(self, server):
        options = dict(endpoint_url=server.url, region_name=REGION, aws_access_key_id="LSIAQAAAAAAVNCBMPNSG",
                       aws_secret_access_key="dummy")
        self.streams = boto3.client("dynamodbstreams", **options)
        self.dynamodb = boto3.client("dynamodb", **options)
        self.dynamodb.create_table(
            TableName="demo", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        self.dynamodb.get_waiter("table_exists").wait(TableName="demo", WaiterConfig={"Delay": 1})
        self.table = boto3.resource("dynamodb", **options).Table("demo")
        self.arn = self.table.latest_stream_arn
        wait_until("the stream has a shard", self.shards)
        self.writes = 0

    def shards(self):
        description = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]
        return description["StreamStatus"] == "ENABLED" and description["Shards"]

    def arrived(self):
        total = 0
        for shard in self.shards():
            iterator = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard["ShardId"],
                                                       ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            total += len(self.streams.get_records(ShardIterator=iterator)["Records"])
        return total >= self.writes


class Relay:
    """The same case for every emulator and target; mixed into a Case."""
    Emulator = None
    Writer = Writer

    @classmethod
    def setUpClass(cls):
        cls.server = cls.Emulator()
        cls.addClassCleanup(cls.server.stop)
        cls.writer = cls.Writer(cls.server)
        cls.writer.write()
        wait_until("all records are in the stream", cls.writer.arrived)

    def source(self):
        """As people type it."""
        return (f"kinesis+dynamodb+cdc://LSIAQAAAAAAVNCBMPNSG:dummy@localhost:{self.server.port}/cdc-stream"
                f"?region={REGION}&once=true")

    def check(self, target):
        self.assertEqual(sorted(repr(normal(data)) for data in target.contents("demo")), self.writer.rows())

    def test_to_sqlite(self):
        target = Sqlite(self.home)
        self.run_ctk("load", "table", self.source(), target.url())
        self.check(target)
        self.run_ctk("load", "table", self.source(), target.url(), "--reset")
        self.check(target)

    def test_to_postgresql(self):
        server = Postgres()
        self.addCleanup(server.stop)
        target = PostgreSql(server, "interop")
        self.run_ctk("load", "table", self.source(), target.url())
        self.check(target)

    @unittest.skipUnless(os.environ.get("CTK_TEST_CRATEDB_URL"), "CTK_TEST_CRATEDB_URL names no CrateDB")
    def test_to_cratedb(self):
        target = Crate(crate_address(), f"ctk_interop_{os.getpid()}_{self.Emulator.__name__.lower()}")
        self.addCleanup(target.drop)
        # CrateDB has no column that holds every number of DynamoDB: the key 2.5 wants text.
        url = target.url(**{"key-type.sk": "text"})
        self.run_ctk("load", "table", self.source(), env={"CRATEDB_SQLALCHEMY_URL": url})
        self.check(target)


class Contents:
    def contents(self, table):
        return list(self.rows(table).values())


class Sqlite(Contents, SqliteTarget):
    key = staticmethod(str)


class PostgreSql(Contents, PostgresTarget):
    key = staticmethod(str)


class Crate(Contents, CrateTarget):
    key = staticmethod(str)


class StreamRelay(Relay):
    """The table's own stream."""
    Writer = StreamWriter

    def source(self):
        return (f"dynamodb+cdc://LSIAQAAAAAAVNCBMPNSG:dummy@localhost:{self.server.port}/demo"
                f"?region={REGION}&once=true")


class OnMinistack(Relay, Case):
    Emulator = Ministack


class OnLocalStack(Relay, Case):
    Emulator = LocalStack


class StreamOnMinistack(StreamRelay, Case):
    Emulator = Ministack


class StreamOnLocalStack(StreamRelay, Case):
    Emulator = LocalStack


if __name__ == "__main__":
    unittest.main()
