"""The same cases by boto3 on our simulator and on DynamoDB Local, which is AWS's own code: their answers must be alike."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))

import boto3  # noqa: E402
import botocore.exceptions  # noqa: E402

from harness import PROGRAM  # noqa: E402
from servers import DynamoDbLocal  # noqa: E402

VIEW = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
SIMPLE = dict(KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
              AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
BOTH = dict(KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"},
                                  {"AttributeName": "sk", "AttributeType": "N"}])
# What each endpoint makes up, and what says nothing of how a service behaves.
MADE_UP = {"ResponseMetadata", "TableId", "CreationDateTime", "CreationRequestDateTime", "TableArn", "LatestStreamArn",
           "StreamArn", "LatestStreamLabel", "StreamLabel", "DeletionProtectionEnabled", "LastUpdateToPayPerRequestDateTime",
           "NumberOfDecreasesToday", "LastDecreaseDateTime", "LastIncreaseDateTime", "ShardId", "eventID", "awsRegion",
           "SequenceNumber", "StartingSequenceNumber", "EndingSequenceNumber", "ShardIterator", "NextShardIterator",
           "ApproximateCreationDateTime", "WarmThroughput", "TableThroughputModeSummary"}


class Endpoint:
    def __init__(self, url):
        options = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s",
                       config=boto3.session.Config(retries={"max_attempts": 1}))
        self.dynamodb, self.streams = boto3.client("dynamodb", **options), boto3.client("dynamodbstreams", **options)
        self.tables = 0

    def table(self, schema=None, **more):
        self.tables += 1
        name = f"table-{self.tables}"
        self.dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **(schema or SIMPLE), **more)
        return name

    def arn(self, table):
        return self.dynamodb.describe_table(TableName=table)["Table"]["LatestStreamArn"]

    def iterator(self, arn, kind="TRIM_HORIZON", **more):
        shard = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        return self.streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType=kind, **more)["ShardIterator"]

    def records(self, arn):
        return self.streams.get_records(ShardIterator=self.iterator(arn))["Records"]


def comparable(value):
    if isinstance(value, dict):
        return {name: comparable(member) for name, member in value.items() if name not in MADE_UP}
    if isinstance(value, list):
        return [comparable(member) for member in value]
    return value


def outcome(case, endpoint, words):
    """What came of it: the answer, or the error's code (and its words)."""
    try:
        return comparable(case(endpoint))
    except botocore.exceptions.ClientError as refused:
        error = refused.response["Error"]
        text = re.sub(r"arn:\S+", "ARN", error["Message"]) if words else ""
        return "refused", error["Code"], text


class Alike(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.local = DynamoDbLocal()
        cls.addClassCleanup(cls.local.stop)
        cls.process = subprocess.Popen([os.environ.get("CTK_PROGRAM", PROGRAM), "simulator"], stdout=subprocess.PIPE)
        cls.addClassCleanup(cls.end)
        url = cls.process.stdout.readline().decode().strip().removeprefix("listening on ")
        cls.theirs, cls.ours = Endpoint(cls.local.url), Endpoint(url)

    @classmethod
    def end(cls):
        cls.process.terminate()
        cls.process.wait()
        cls.process.stdout.close()

    def alike(self, case, words=True):
        # Names of tables are counted: both see the same ones.
        theirs, ours = outcome(case, self.theirs, words), outcome(case, self.ours, words)
        self.theirs.tables = self.ours.tables = max(self.theirs.tables, self.ours.tables)
        self.assertEqual(ours, theirs)
        return ours

    def test_tables(self):
        def describe(e):
            return e.dynamodb.describe_table(TableName=e.table(BOTH, StreamSpecification=VIEW))
        self.alike(describe)
        self.alike(lambda e: e.dynamodb.describe_table(TableName="none"), words=False)
        self.alike(lambda e: [e.table(), e.dynamodb.create_table(TableName="table-1", BillingMode="PAY_PER_REQUEST", **SIMPLE)],
                   words=False)
        self.alike(lambda e: e.dynamodb.delete_table(TableName="none"), words=False)

    def test_items(self):
        key = {"pk": {"S": "a"}, "sk": {"N": "1"}}

        def write(e):
            table = e.table(BOTH)
            return [
                e.dynamodb.put_item(TableName=table, Item=key | {"n": {"N": "+01.50"}, "ns": {"NS": ["1"]}}, ReturnValues="ALL_OLD"),
                e.dynamodb.put_item(TableName=table, Item=key | {"n": {"N": "1E3"}}, ReturnValues="ALL_OLD",
                                    ReturnConsumedCapacity="TOTAL"),
                e.dynamodb.update_item(TableName=table, Key=key, UpdateExpression="SET #s = :s ADD n :one REMOVE x",
                                       ExpressionAttributeNames={"#s": "s"},
                                       ExpressionAttributeValues={":s": {"S": "t"}, ":one": {"N": "1"}}, ReturnValues="ALL_NEW"),
                e.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True, ReturnConsumedCapacity="TOTAL"),
                e.dynamodb.delete_item(TableName=table, Key=key, ReturnValues="ALL_OLD"),
                e.dynamodb.get_item(TableName=table, Key=key),
                e.dynamodb.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": key}}]}),
            ]
        self.alike(write)

    def test_refusals_of_items(self):
        for item in ({"pk": {"S": "a"}}, {"pk": {"S": "a"}, "sk": {"S": "b"}}, {"pk": {"S": ""}, "sk": {"N": "1"}},
                     {"pk": {"S": "a"}, "sk": {"N": "1"}, "x": {"N": "abc"}},
                     {"pk": {"S": "a"}, "sk": {"N": "1"}, "x": {"SS": []}},
                     {"pk": {"S": "a"}, "sk": {"N": "1"}, "x": {"S": "x" * 410_000}}):
            with self.subTest(item=str(item)[:80]):
                # The service in the cloud says more than DynamoDB Local does: only the code is compared.
                self.alike(lambda e, item=item: e.dynamodb.put_item(TableName=e.table(BOTH), Item=item), words=False)
        self.alike(lambda e: e.dynamodb.delete_item(TableName=e.table(BOTH), Key={"pk": {"S": "a"}}), words=False)
        self.alike(lambda e: e.dynamodb.put_item(TableName=e.table(), Item={"pk": {"S": "a"}},
                                                 ConditionExpression="attribute_exists(pk)"))

    def scan_all(self, e, table, **options):
        pages, key = [], {}
        while True:
            page = e.dynamodb.scan(TableName=table, **options, **key)
            pages.append(page)
            if "LastEvaluatedKey" not in page:
                return pages
            key = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def test_scans_in_pages(self):
        def pages(e):
            table = e.table(BOTH)
            for number in range(30):
                e.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "sk": {"N": str(number)}, "x": {"S": "x" * 100_000}})
            counts = [page["Count"] for page in self.scan_all(e, table)]
            costs = [page["ConsumedCapacity"]["CapacityUnits"] for page in
                     self.scan_all(e, table, ConsistentRead=True, ReturnConsumedCapacity="TOTAL")]
            limited = [(page["Count"], "LastEvaluatedKey" in page) for page in self.scan_all(e, table, Limit=10)]
            return [counts, costs, limited]
        self.alike(pages)

    def test_scans_of_an_empty_table_and_of_segments(self):
        # In the cloud a read of nothing costs too, on DynamoDB Local it does not: its capacity is not compared.
        self.alike(lambda e: e.dynamodb.scan(TableName=e.table()))

        def segments(e):
            table = e.table()
            for number in range(50):
                e.dynamodb.put_item(TableName=table, Item={"pk": {"S": str(number)}})
            found = [item["pk"]["S"] for segment in range(4)
                     for page in self.scan_all(e, table, Segment=segment, TotalSegments=4, Limit=5) for item in page["Items"]]
            return sorted(found)
        self.alike(segments)
        self.alike(lambda e: e.dynamodb.scan(TableName=e.table(), Segment=4, TotalSegments=4), words=False)
        self.alike(lambda e: e.dynamodb.scan(TableName=e.table(), TotalSegments=4), words=False)
        self.alike(lambda e: e.dynamodb.scan(TableName=e.table(), ExclusiveStartKey={"x": {"S": "y"}}), words=False)

    def test_streams(self):
        def live(e):
            table = e.table(BOTH, StreamSpecification=VIEW)
            key = {"pk": {"S": "a"}, "sk": {"N": "1"}}
            e.dynamodb.put_item(TableName=table, Item=key | {"b": {"B": b"\0\1"}, "l": {"L": [{"NULL": True}]}})
            e.dynamodb.put_item(TableName=table, Item=key | {"b": {"B": b"\0\1"}, "l": {"L": [{"NULL": True}]}})
            e.dynamodb.put_item(TableName=table, Item=key | {"n": {"N": "1.0"}})
            e.dynamodb.delete_item(TableName=table, Key=key)
            e.dynamodb.delete_item(TableName=table, Key=key)
            return [e.streams.describe_stream(StreamArn=e.arn(table)), e.records(e.arn(table))]
        self.alike(live)

    def test_views_of_streams(self):
        for view in ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE"):
            def live(e, view=view):
                table = e.table(StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
                e.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "v": {"N": "1"}})
                e.dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}, "v": {"N": "2"}})
                return e.records(e.arn(table))
            self.alike(live)

    def test_switching_streams(self):
        def switch(e):
            table = e.table(StreamSpecification=VIEW)
            first = e.arn(table)
            e.dynamodb.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
            off = e.streams.describe_stream(StreamArn=first)["StreamDescription"]["StreamStatus"]
            e.dynamodb.update_table(TableName=table, StreamSpecification=VIEW)
            return [off, e.arn(table) == first, len(e.streams.list_streams(TableName=table)["Streams"])]
        self.alike(switch)
        self.alike(lambda e: e.dynamodb.update_table(TableName=e.table(StreamSpecification=VIEW), StreamSpecification=VIEW),
                   words=False)
        self.alike(lambda e: e.dynamodb.update_table(TableName=e.table(), StreamSpecification={"StreamEnabled": False}),
                   words=False)

    def test_refusals_of_streams(self):
        unknown = "arn:aws:dynamodb:us-east-1:000000000000:table/x/stream/2026-01-01T00:00:00.000"
        self.alike(lambda e: e.streams.describe_stream(StreamArn=unknown), words=False)

        def with_table(call):
            def case(e):
                return call(e, e.arn(e.table(StreamSpecification=VIEW)))
            return case
        self.alike(with_table(lambda e, arn: e.streams.get_shard_iterator(
            StreamArn=arn, ShardId="shardId-00000000000000000000-00000000", ShardIteratorType="LATEST")), words=False)
        self.alike(with_table(lambda e, arn: e.iterator(arn, "AFTER_SEQUENCE_NUMBER", SequenceNumber="0" * 20 + "1")), words=False)
        self.alike(with_table(lambda e, arn: e.streams.get_records(ShardIterator=e.iterator(arn), Limit=1001)), words=False)
        self.alike(with_table(lambda e, arn: e.streams.get_records(ShardIterator="nonsense")), words=False)


if __name__ == "__main__":
    unittest.main()
