"""Records that the Kinesis Producer Library packs into one (KPL aggregates), into SQLite."""
import base64
import hashlib
import json
import unittest

from events import Model, partition_key
from harness import Case, SqliteTarget
from servers import KinesisLocal

LARGEST = 2**128 - 1


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def text(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def number(field, value):
    return varint(field << 3) + varint(value)


def aggregate(events, hash_keys=None):
    """One record that holds all of these, each under a partition key of its own; `hash_keys`: their explicit hash keys."""
    message = b"".join(text(1, partition_key(event).encode()) for event in events)
    if hash_keys:
        message += b"".join(text(2, str(key).encode()) for key in hash_keys)
    for index, event in enumerate(events):
        explicit = number(2, index) if hash_keys else b""
        message += text(3, number(1, index) + explicit + text(3, json.dumps(event).encode()))
    return b"\xf3\x89\x9a\xc2" + message + hashlib.md5(message).digest()


def setUpModule():
    global kinesis
    kinesis = KinesisLocal()
    unittest.addModuleCleanup(kinesis.stop)


class Aggregates(Case):
    def setUp(self):
        super().setUp()
        self.stream = f"cdc-{self.id().rpartition('.')[2]}".replace("_", "-")[:100]
        self.model = Model()
        self.target = SqliteTarget(self.home)

    def source(self, **options):
        query = "".join(f"&{name.replace('_', '-')}={value}" for name, value in options.items())
        return f"kinesis+dynamodb+cdc://k:s@127.0.0.1:{kinesis.port}/{self.stream}?region=us-east-1&once=true{query}"

    def put(self, data, hash_key=0):
        kinesis.client("PutRecord", StreamName=self.stream, PartitionKey="p", ExplicitHashKey=str(hash_key),
                       Data=base64.b64encode(data).decode())

    def versions(self):
        return dict(self.target.query("SELECT pk, cdc_version FROM demo"))

    def test_all_records_arrive_in_their_order(self):
        kinesis.create(self.stream, 1)
        for _ in range(30):
            first = len(self.model.events)
            for _ in range(10):
                self.model.write_anything()
            self.put(aggregate(self.model.events[first:]))
            self.put(json.dumps(self.model.put("plain")).encode())
        counts = self.run_json("load", self.source(), self.target.url())
        self.assertEqual(counts["read"], 330)
        self.assertEqual(counts["applied"], 330)
        self.assert_holds(self.target, self.model)

    def test_versions_have_the_index_behind_them(self):
        kinesis.create(self.stream, 1)
        self.put(aggregate([self.model.put(name) for name in ("a", "b")]))
        self.put(json.dumps(self.model.put("plain")).encode())
        self.run_ctk("load", self.source(), self.target.url())
        versions = self.versions()
        self.assertTrue(versions["a"].endswith("0000000000"), versions)
        self.assertTrue(versions["b"].endswith("0000000001"), versions)
        self.assertEqual(len(versions["a"]), len(versions["plain"]) + 11)

    def test_played_from_lambdas_wrapping_it_is_the_same(self):
        kinesis.create(self.stream, 1)
        self.put(aggregate([self.model.put(name) for name in ("a", "b")]))
        self.run_ctk("load", self.source(), self.target.url())
        iterator = kinesis.client("GetShardIterator", StreamName=self.stream, ShardId="shardId-000000000000",
                                  ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        [record] = kinesis.client("GetRecords", ShardIterator=iterator)["Records"]
        line = {"kinesis": {"data": record["Data"], "sequenceNumber": record["SequenceNumber"], "partitionKey": "p"},
                "eventSource": "aws:kinesis"}
        played = SqliteTarget(self.home, "played.db")
        self.run_ctk("load", "file+dynamodb+cdc:-", played.url(), stdin=json.dumps(line).encode())
        live = self.versions()
        self.target = played
        self.assertEqual(self.versions(), live)
        self.assert_holds(played, self.model)

    def test_what_is_no_valid_aggregate_is_an_ordinary_record(self):
        kinesis.create(self.stream, 1)
        whole = aggregate([self.model.put("lost")])
        self.put(whole[:-1] + bytes([whole[-1] ^ 1]))
        self.model.items.clear()
        self.put(json.dumps(self.model.put("plain")).encode())
        counts = self.run_json("load", self.source(), self.target.url(), expect=4)
        self.assertEqual((counts["read"], counts["applied"], counts["dead_letters"]), (2, 1, 1))
        [(change,)] = self.target.query("SELECT change FROM ctk_dead_letters")
        self.assertEqual(base64.b64decode(change.removeprefix("base64:"))[:4], whole[:4])
        self.assert_holds(self.target, self.model)

    def test_stops_within_one_and_goes_on_there(self):
        kinesis.create(self.stream, 1)
        events = [self.model.put(f"k{i}") for i in range(6)]
        bad = json.loads(json.dumps(events[3]))
        del bad["dynamodb"]["NewImage"]
        self.put(aggregate(events[:3] + [bad] + events[4:]))
        err = self.run_ctk("load", self.source(on_error="stop"), self.target.url(), expect=1)[1]
        self.assertIn("NewImage is missing", err)
        self.assertEqual(sorted(self.versions()), ["k0", "k1", "k2"])
        [(position,)] = self.target.query("SELECT position FROM ctk_positions WHERE shard LIKE 'shardId%'")
        self.assertTrue(position.endswith(":2"), position)
        counts = self.run_json("load", self.source(), self.target.url(), expect=4)
        self.assertEqual((counts["read"], counts["applied"], counts["dead_letters"]), (3, 2, 1))
        self.assertEqual(sorted(self.versions()), ["k0", "k1", "k2", "k4", "k5"])

    def put_strays(self):
        """Three records packed for the first of two shards; the second of them is the other shard's."""
        kinesis.create(self.stream, 2)
        self.put(aggregate([self.model.put(name) for name in ("a", "b", "c")], [1, LARGEST, 2]), hash_key=1)

    def test_strays_are_delivered(self):
        self.put_strays()
        counts = self.run_json("load", self.source(), self.target.url())
        self.assertEqual((counts["read"], counts["applied"], counts["filtered"]), (3, 3, 0))
        self.assert_holds(self.target, self.model)

    def test_strays_are_dropped(self):
        self.put_strays()
        counts = self.run_json("load", self.source(aggregates="drop"), self.target.url())
        self.assertEqual((counts["read"], counts["applied"], counts["filtered"]), (3, 2, 1))
        self.model.items.pop(("b", 0))
        self.assert_holds(self.target, self.model)

    def test_strays_are_kept_as_dead_letters_and_replayed(self):
        self.put_strays()
        counts = self.run_json("load", self.source(aggregates="dead-letter"), self.target.url(), expect=4)
        self.assertEqual((counts["read"], counts["applied"], counts["dead_letters"]), (3, 2, 1))
        self.run_ctk("dead-letters", "replay", "--all", self.target.url())
        self.assert_holds(self.target, self.model)

    def test_another_word_is_refused(self):
        err = self.run_ctk("load", self.source(aggregates="keep"), self.target.url(), expect=2)[1]
        self.assertIn("deliver", err)
