"""The library with the DynamoDB Streams Kinesis Adapter, and ours, after each other on one lease table: on DynamoDB Local's
stream, and on our simulator's, whose shards roll and split."""
import collections
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from java_library import Library  # noqa: E402
from lease_world import LeaseWorld, TheirWorker  # noqa: E402
from simulator import Simulator  # noqa: E402
from servers import wait_until  # noqa: E402
import aws  # noqa: E402

ADAPTER = Library("com.amazonaws", "dynamodb-streams-kinesis-adapter", "2.0.1")
OLD_ADAPTER = Library("com.amazonaws", "dynamodb-streams-kinesis-adapter", "1.6.1", common=("Recorder.java",))


class AfterEachOther(LeaseWorld):
    def begin(self, url):
        self.url = url
        self.streams, self.items = aws.Client.streams(url, key="k", secret="s"), aws.Client.dynamodb(url, key="k", secret="s")

    def make_table(self):
        self.addCleanup(self.items, "DeleteTable", TableName="demo")  # all tests have one DynamoDB Local
        self.items("CreateTable", TableName="demo", BillingMode="PAY_PER_REQUEST",
                   AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                   KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                   StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})

    def find_stream(self):
        self.arn = wait_until("the table has its stream", lambda: self.items(
            "DescribeTable", TableName="demo")["Table"].get("LatestStreamArn"))

    def source(self):
        return f"dynamodb+cdc://k:s@{self.url.removeprefix('http://')}/demo?region=us-east-1"

    def their_worker(self, library, name):
        program = "OldStreamsWorker" if library is OLD_ADAPTER else "StreamsWorker"
        return TheirWorker(self, library, name, program, self.url, self.arn)

    def put(self, keys):
        for key in keys:
            self.items("PutItem", TableName="demo", Item={"pk": {"S": key}, "v": {"S": "x"}})

    def shards(self):
        found, after = [], {}
        while True:
            page = self.streams("DescribeStream", StreamArn=self.arn, **after)["StreamDescription"]
            found += page["Shards"]
            if not page.get("LastEvaluatedShardId"):
                return [shard["ShardId"] for shard in found]
            after = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}

    def newest(self):
        newest = collections.Counter()
        for shard in self.shards():
            iterator = self.streams("GetShardIterator", StreamArn=self.arn, ShardId=shard,
                                    ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            while iterator:
                page = self.streams("GetRecords", ShardIterator=iterator)
                if not page["Records"]:
                    break
                newest[shard] = int(page["Records"][-1]["dynamodb"]["SequenceNumber"])
                iterator = page.get("NextShardIterator")
        return newest

    def on_dynamodb_local(self, library):
        self.begin(self.dynamodb.url)
        self.make_table()
        self.find_stream()
        self.go_to_and_fro(library, len(self.shards()))

    def on_the_simulator(self, library):
        simulator = Simulator(self, "--table", "demo:pk", "--limits", "off")
        self.begin(simulator.url)
        self.find_stream()

        def between(number):
            simulator.happen("split-shard" if number < 3 else "roll-shard", table="demo", all=True)
        self.go_to_and_fro(library, 4, between)

    def test_on_dynamodb_local(self):
        self.on_dynamodb_local(ADAPTER)

    def test_on_the_simulator(self):
        self.on_the_simulator(ADAPTER)

    def test_version_1_on_dynamodb_local(self):
        self.on_dynamodb_local(OLD_ADAPTER)

    def test_version_1_on_the_simulator(self):
        self.on_the_simulator(OLD_ADAPTER)


if __name__ == "__main__":
    unittest.main()
