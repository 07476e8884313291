"""`ctk simulator`: DynamoDB, its streams and Kinesis on one port, for any client; and the relay of the same program on it."""
import datetime
import http.client
import re
import socket
import unittest

import aws
from harness import Case, SqliteTarget, from_json
from servers import wait_until
from simulator import Simulator


class Serves(Case):
    def test_a_table_and_its_stream_through_rolls_and_splits(self):
        simulator = Simulator(self, "--table", "demo:pk:sk", "--seed", "1")
        for number in range(30):
            simulator.put(number)
            if number == 10:
                self.assertEqual(simulator.happen("roll-shard", table="demo"), {"shards": 1})
            if number == 20:
                simulator.happen("split-shard", table="demo", all=True)
        arn = simulator.stream_arn()
        self.assertEqual(len(simulator.shards(arn)), 4)
        first = simulator.shards(arn)[0]["ShardId"]
        children = simulator.shards(arn, ShardFilter={"Type": "CHILD_SHARDS", "ShardId": first})
        self.assertEqual([child["ParentShardId"] for child in children], [first])
        records, ended = simulator.read(arn)
        self.assertEqual(sorted(int(r["dynamodb"]["NewImage"]["v"]["N"]) for r in records), list(range(30)))
        self.assertEqual(len(ended), 2)
        items, key = [], {}
        for segment in range(3):
            key = {}
            while True:
                page = simulator.dynamodb("Scan", TableName="demo", Segment=segment, TotalSegments=3, Limit=4, **key)
                items += page["Items"]
                if "LastEvaluatedKey" not in page:
                    break
                key = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        self.assertEqual(sorted(int(item["v"]["N"]) for item in items), list(range(30)))

    def test_time_passes_when_told_to(self):
        simulator = Simulator(self, "--table", "demo:pk:sk")
        arn = simulator.stream_arn()
        simulator.put(1)
        shard = simulator.shards(arn)[0]["ShardId"]
        iterator = simulator.streams("GetShardIterator", StreamArn=arn, ShardId=shard,
                                     ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        simulator.happen("advance-clock", seconds=16 * 60)
        with self.assertRaisesRegex(aws.AwsError, "ExpiredIteratorException"):
            simulator.streams("GetRecords", ShardIterator=iterator)
        record, = simulator.read(arn)[0]
        simulator.happen("advance-clock", seconds=24 * 3600 - 17 * 60 + 2 * 3600)
        self.assertGreater(len(simulator.shards(arn)), 5)
        with self.assertRaisesRegex(aws.AwsError, "TrimmedDataAccessException"):
            simulator.streams("GetShardIterator", StreamArn=arn, ShardId=shard, ShardIteratorType="AFTER_SEQUENCE_NUMBER",
                              SequenceNumber=record["dynamodb"]["SequenceNumber"])

    def test_everything_that_can_happen(self):
        simulator = Simulator(self, "--table", "demo:pk", "--stream", "cdc:2")
        shards = [s["ShardId"] for s in simulator.kinesis("ListShards", StreamName="cdc")["Shards"]]
        simulator.happen("merge-shards", stream="cdc", shard=shards[0], adjacent=shards[1])
        simulator.happen("split-shard", stream="cdc", shard="shardId-000000000002")
        self.assertEqual(len(simulator.kinesis("ListShards", StreamName="cdc")["Shards"]), 5)
        simulator.happen("trim", stream="cdc")
        simulator.happen("trim", table="demo", seconds=60)
        simulator.happen("expire-iterators")
        simulator.happen("throttle", table="demo", seconds=3600)
        with self.assertRaisesRegex(aws.AwsError, "ThrottlingException"):
            simulator.dynamodb("Scan", TableName="demo")
        simulator.happen("advance-clock", seconds=3601)
        simulator.dynamodb("Scan", TableName="demo")
        simulator.happen("kill-connections")
        with self.assertRaisesRegex(aws.AwsError, "No action"):
            simulator.happen("dance")
        with self.assertRaisesRegex(aws.AwsError, "400"):
            simulator.happen("trim", stream="cdc", seconds="x")

    def test_the_relay_follows_a_table_with_a_kinesis_stream(self):
        simulator = Simulator(self, "--table", "demo:pk:sk", "--stream", "cdc:2")
        stream = simulator.kinesis("DescribeStreamSummary", StreamName="cdc")["StreamDescriptionSummary"]["StreamARN"]
        simulator.dynamodb("EnableKinesisStreamingDestination", TableName="demo", StreamArn=stream)
        for number in range(20):
            simulator.put(number)
        simulator.dynamodb("DeleteItem", TableName="demo", Key={"pk": {"S": "item-0"}, "sk": {"S": "0"}})
        target = SqliteTarget(self.home)
        self.run_ctk("load", f"kinesis+dynamodb+cdc://k:s@127.0.0.1:{simulator.port}/cdc?region=us-east-1&once=true",
                     target.url())
        values = {from_json(data)["v"] for data, in target.query("SELECT data FROM demo_live")}
        self.assertEqual(values, set(range(1, 20)))

    def test_a_load_that_goes_on_counts_what_an_earlier_run_has_read(self):
        simulator, target = Simulator(self, "--table", "demo:pk:sk"), SqliteTarget(self.home)
        for number in range(150):
            simulator.put(number, text={"S": "x" * 8000})
        source = f"dynamodb://k:s@127.0.0.1:{simulator.port}/demo?region=us-east-1"
        process = self.start_ctk("load", source + "&read-capacity=30", target.url())
        wait_until("something was read", lambda: target.rows("demo"), process=process)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 1, err)
        before = len(target.rows("demo"))
        self.assertLess(before, 150)
        _, err = self.run_ctk("load", source, target.url())
        self.assertRegex(err, f"applied {150 - before},")
        self.assertRegex(err, 'msg="the load is complete" table=demo items=150 ')

    def test_changes_only_since_a_stream_was_made(self):
        began = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
        simulator = Simulator(self, "--table", "demo:pk:sk", "--stream", "cdc:1")
        stream = simulator.kinesis("DescribeStreamSummary", StreamName="cdc")["StreamDescriptionSummary"]["StreamARN"]
        simulator.dynamodb("EnableKinesisStreamingDestination", TableName="demo", StreamArn=stream)
        simulator.put(1)
        for scheme, name in ("kinesis+dynamodb+cdc", "cdc"), ("dynamodb+cdc", "demo"):
            source = f"{scheme}://k:s@127.0.0.1:{simulator.port}/{name}?region=us-east-1&once=true"
            _, err = self.run_ctk("load", source, f"sqlite:///{self.home}/{name}.db?table=demo")
            (since,) = set(re.findall(r"changes only since ([^;: ]+:\d\d:\d\d)", err))
            self.assertGreater(datetime.datetime.fromisoformat(since + "Z"), began, err)

    def test_the_services_read_limits_hold_unless_they_are_lifted(self):
        for options, most in (((), 5), (("--limits", "off"), 20)):
            simulator = Simulator(self, "--table", "demo:pk", "--stream", "cdc:1", "--speed", "0.01", *options)
            simulator.dynamodb("PutItem", TableName="demo", Item={"pk": {"S": "a"}})
            arn = simulator.stream_arn()
            read = 0
            iterator = simulator.kinesis("GetShardIterator", StreamName="cdc", ShardId="shardId-000000000000",
                                         ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            try:
                for _ in range(20):
                    iterator = simulator.kinesis("GetRecords", ShardIterator=iterator)["NextShardIterator"]
                    read += 1
            except aws.AwsError as error:
                self.assertEqual(error.code, "ProvisionedThroughputExceededException")
                self.assertIn("Rate exceeded for shard shardId-000000000000 in stream cdc under account", str(error))
            self.assertEqual(read, most)
            readers = [simulator.streams("GetShardIterator", StreamArn=arn, ShardId=simulator.shards(arn)[0]["ShardId"],
                                         ShardIteratorType="TRIM_HORIZON")["ShardIterator"] for _ in range(3)]
            for reader in readers[:2]:
                simulator.streams("GetRecords", ShardIterator=reader)
            if options:
                simulator.streams("GetRecords", ShardIterator=readers[2])
            else:
                with self.assertRaisesRegex(aws.AwsError, "LimitExceededException"):
                    simulator.streams("GetRecords", ShardIterator=readers[2])

    def test_one_seed_is_one_course_of_faults(self):
        courses = []
        for _ in range(2):
            simulator = Simulator(self, "--table", "demo:pk:sk", "--seed", "7", "--faults", "wild")
            course = []
            for number in range(40):
                try:
                    simulator.put(number)
                    course.append("done")
                except aws.AwsError as error:
                    course.append(error.code)
                except (OSError, http.client.HTTPException):
                    course.append("lost")
            courses.append(course)
        self.assertEqual(courses[0], courses[1])
        self.assertGreater(len(set(courses[0])), 1)

    def test_ends_when_told_and_refuses_nonsense(self):
        simulator = Simulator(self)
        code, _, err = self.stop_ctk(simulator.process)
        self.assertEqual((code, err), (0, ""))
        for words in (["--listen", "nonsense"], ["--table", "demo"], ["--stream", "cdc:0"], ["--speed", "0"],
                      ["--faults", "some"], ["--limits", "some"], ["--seed", "x"]):
            self.run_ctk("simulator", *words, expect=2)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:{}".format(taken.getsockname()[1])
            self.assertIn(f"cannot listen on {address}: the port is taken", self.run_ctk("simulator", "--listen", address, expect=1)[1])


if __name__ == "__main__":
    unittest.main()
