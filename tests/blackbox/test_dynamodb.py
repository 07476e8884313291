"""AWS's own DynamoDB code writes the records: DynamoDB Local's stream, carried into Kinesis, must give its table back."""
import unittest

from events import plain, put_into
from harness import Case, SqliteTarget, from_json
from servers import DynamoDbLocal, SimulatedKinesis, wait_until


class Bridge(Case):
    def setUp(self):
        super().setUp()
        self.dynamodb, self.kinesis = DynamoDbLocal(), SimulatedKinesis()
        self.addCleanup(self.dynamodb.stop)
        self.addCleanup(self.kinesis.stop)
        self.dynamodb.client(
            "CreateTable", TableName="demo", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        self.kinesis.create("cdc", 1)

    def records(self):
        """The table's whole stream, as DynamoDB Streams writes it."""
        arn = self.dynamodb.client("DescribeTable", TableName="demo")["Table"]["LatestStreamArn"]
        shards = self.dynamodb.streams("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]
        out = []
        for shard in shards:
            iterator = self.dynamodb.streams("GetShardIterator", StreamArn=arn, ShardId=shard["ShardId"],
                                             ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            while iterator:
                page = self.dynamodb.streams("GetRecords", ShardIterator=iterator)
                out += page["Records"]
                iterator = page.get("NextShardIterator") if page["Records"] else None
        return out

    def test_the_table_comes_back(self):
        put = lambda pk, sk, **item: self.dynamodb.client(  # noqa: E731
            "PutItem", TableName="demo", Item={"pk": {"S": pk}, "sk": {"N": sk}} | item)
        put("a", "1", n={"N": "12345678901234567890123456789012345678"}, s={"S": ""}, l={"L": []}, m={"M": {}})
        put("a", "2.5", b={"B": "AAH/"}, ss={"SS": ["y", "x"]}, ns={"NS": ["10", "9", "2.50"]}, bs={"BS": ["/g==", "YQ=="]})
        put("b", "-3E-10", deep={"M": {"list": {"L": [{"N": "1"}, {"M": {"z": {"NULL": True}}}]}}}, flag={"BOOL": False})
        put("gone", "0", x={"S": "grün \U0001f600"})
        self.dynamodb.client("DeleteItem", TableName="demo", Key={"pk": {"S": "gone"}, "sk": {"N": "0"}})
        self.dynamodb.client("UpdateItem", TableName="demo", Key={"pk": {"S": "a"}, "sk": {"N": "1"}},
                             UpdateExpression="SET s = :s REMOVE l", ExpressionAttributeValues={":s": {"S": "later"}})
        records = wait_until("the stream has 6 records", lambda: (r := self.records()) and len(r) >= 6 and r)
        put_into(self.kinesis.client, "cdc", records)
        target = SqliteTarget(self.home)
        self.run_ctk("load", f"kinesis+dynamodb+cdc://k:s@127.0.0.1:{self.kinesis.port}/cdc?region=us-east-1&once=true",
                     target.url())
        held = {(pk, str(sk)): from_json(data) for pk, sk, data in target.query("SELECT pk, sk, data FROM demo_live")}
        items = self.dynamodb.client("Scan", TableName="demo")["Items"]
        self.assertEqual(len(held), len(items))
        by_data = sorted(map(repr, held.values()))
        wanted = [{name: plain(value) for name, value in item.items() if name not in ("pk", "sk")} for item in items]
        for item in wanted:
            self.assertIn(item, list(held.values()), by_data)


if __name__ == "__main__":
    unittest.main()
