"""The calls by which workers share leases, as our own tests keep them, played to DynamoDB services."""
import json
import unittest

import aws
from harness import Case
from servers import TESTS, DynamoDbLocal, SimulatedKinesis

SCRIPT = json.loads((TESTS.parent / "src/coordination/testdata/lease-writes.json").read_text())
KEY = {"leaseKey": {"S": "shardId-000000000001"}}


class LeaseCalls(Case):
    def play(self, client):
        """Every call is understood, and is done exactly where it is meant to be; what others have put there survives."""
        client("CreateTable", TableName="leases", BillingMode="PAY_PER_REQUEST",
               AttributeDefinitions=[{"AttributeName": "leaseKey", "AttributeType": "S"}],
               KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}])
        rows = {}
        for step in SCRIPT:
            with self.subTest(step["what"]):
                try:
                    answer, applied = client(step["action"], **step["request"]), True
                except aws.AwsError as error:
                    self.assertEqual(error.code, "ConditionalCheckFailedException", str(error))
                    answer, applied = error.answer, False
                self.assertEqual(applied, step["applied"])
                row = client("GetItem", TableName="leases", Key=KEY, ConsistentRead=True).get("Item")
                if step["action"] == "UpdateItem" and applied:
                    self.assertEqual(answer["Attributes"], row)
                if not applied:
                    self.assertEqual(answer["Item"], row)
                rows[step["what"]] = row
                if step["what"] == "make the row":
                    client("UpdateItem", TableName="leases", Key=KEY,
                           UpdateExpression="SET future = :f, pendingCheckpoint = :p, pendingCheckpointState = :s",
                           ExpressionAttributeValues={":f": {"L": [{"S": "x"}]}, ":p": {"S": "7"}, ":s": {"B": "AQI="}})
        return rows

    def check(self, rows):
        self.assertEqual(rows["renew it"]["pendingCheckpoint"], {"S": "7"})
        stored = rows["store progress"]
        self.assertNotIn("pendingCheckpoint", stored)
        self.assertNotIn("pendingCheckpointState", stored)
        asked = rows["ask for it"]
        self.assertEqual((asked["leaseOwner"], asked["checkpointOwner"]), ({"S": "b"}, {"S": "a"}))
        self.assertEqual(asked["leaseCounter"], stored["leaseCounter"])
        handed = rows["hand it over"]
        self.assertNotIn("checkpointOwner", handed)
        self.assertEqual((handed["leaseOwner"], handed["ownerSwitchesSinceCheckpoint"]), ({"S": "b"}, {"N": "1"}))
        ended = rows["store the end"]
        self.assertEqual(ended["checkpoint"], {"S": "SHARD_END"})
        self.assertEqual(sorted(ended["childShardIds"]["SS"]), ["shardId-000000000002", "shardId-000000000003"])
        self.assertNotIn("leaseOwner", rows["release it"])
        last = rows["remove a row that has changed"]
        self.assertEqual(last["future"], {"L": [{"S": "x"}]})
        self.assertEqual((last["leaseOwner"], last["leaseCounter"]), ({"S": "a"}, {"N": "10"}))
        self.assertIsNone(rows["remove the row"])

    def test_dynamodb_local(self):
        with DynamoDbLocal() as server:
            self.check(self.play(server.client))

    def test_the_simulator(self):
        with SimulatedKinesis() as server:
            self.check(self.play(aws.Client.dynamodb(server.url)))


if __name__ == "__main__":
    unittest.main()
