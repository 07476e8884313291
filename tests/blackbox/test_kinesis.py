"""A Kinesis of other people's making (kinesis-local) to SQLite: the life of a stream, seen by the program."""
import json
import time
import unittest

from events import Model, put_into
from harness import Case, SqliteTarget
from servers import KinesisLocal, wait_until


def setUpModule():
    global kinesis
    kinesis = KinesisLocal()
    unittest.addModuleCleanup(kinesis.stop)


class Stream(Case):
    shards = 2

    def setUp(self):
        super().setUp()
        self.stream = f"cdc-{self.id().rpartition('.')[2]}".replace("_", "-")[:100]
        kinesis.create(self.stream, self.shards)
        self.model = Model()
        self.target = SqliteTarget(self.home)

    def source(self, **options):
        query = "".join(f"&{name.replace('_', '-')}={value}" for name, value in options.items())
        return f"kinesis+dynamodb+cdc://k:s@127.0.0.1:{kinesis.port}/{self.stream}?region=us-east-1{query}"

    def write(self, count):
        first = len(self.model.events)
        for _ in range(count):
            self.model.write_anything()
        put_into(kinesis.client, self.stream, self.model.events[first:])

    def open_shards(self):
        listing = kinesis.client("ListShards", StreamName=self.stream)["Shards"]
        return [s for s in listing if s["SequenceNumberRange"].get("EndingSequenceNumber") is None]

    def split(self):
        shard = self.open_shards()[0]
        first, last = (int(shard["HashKeyRange"][key]) for key in ("StartingHashKey", "EndingHashKey"))
        kinesis.client("SplitShard", StreamName=self.stream, ShardToSplit=shard["ShardId"],
                       NewStartingHashKey=str((first + last) // 2))
        kinesis.wait_active(self.stream)

    def merge(self):
        shards = sorted(self.open_shards(), key=lambda s: int(s["HashKeyRange"]["StartingHashKey"]))
        kinesis.client("MergeShards", StreamName=self.stream, ShardToMerge=shards[0]["ShardId"],
                       AdjacentShardToMerge=shards[1]["ShardId"])
        kinesis.wait_active(self.stream)

    def test_once(self):
        self.write(200)
        counts = self.run_json("load", self.source(once="true"), self.target.url())
        self.assertEqual(counts["read"], 200)
        self.assertEqual(counts["shards"], 2)
        self.assert_holds(self.target, self.model)
        self.write(50)
        counts = self.run_json("load", "table", self.source(once="true"), self.target.url())
        self.assertEqual(counts["read"], 50, "it goes on where it stopped")
        self.assert_holds(self.target, self.model)

    def test_a_run_without_changes_sweeps_what_an_earlier_one_left(self):
        self.write(200)
        counts = self.run_json("load", self.source(once="true"), self.target.url(), "--delete-grace", "never")
        self.assertGreater(counts["marked"], 0)
        again = lambda: self.run_json("load", self.source(once="true"), self.target.url(), "--delete-grace", "0s")
        wait_until("all marks are swept", lambda: again()["marked"] == 0)
        self.assert_holds(self.target, self.model)

    def test_an_empty_stream(self):
        counts = self.run_json("load", self.source(once="true"), self.target.url())
        self.assertEqual(counts["read"], 0)

    def test_split_and_merge_while_running(self):
        process = self.start_ctk("load", self.source(), self.target.url())
        self.write(60)
        self.wait_for(self.target, self.model, process=process)
        self.split()
        self.write(60)
        self.wait_for(self.target, self.model, process=process)
        self.merge()
        self.write(60)
        self.wait_for(self.target, self.model, process=process)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)

    def test_resharded_before_the_first_start(self):
        self.write(40)
        self.split()
        self.write(40)
        self.merge()
        self.write(40)
        self.run_ctk("load", self.source(once="true"), self.target.url())
        self.assert_holds(self.target, self.model)

    def test_in_the_form_that_is_asked_for(self):
        self.write(40)
        for protocol in "json", "cbor":
            target = SqliteTarget(self.home, f"{protocol}.db")
            self.run_ctk("load", self.source(once="true", protocol=protocol), target.url())
            self.assert_holds(target, self.model)

    def test_start_at_a_moment_in_either_form(self):
        self.write(20)
        self.pass_a_second()
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        fresh = Model(seed=9, start=self.model.time)
        for _ in range(20):
            fresh.write_anything()
        put_into(kinesis.client, self.stream, fresh.events)
        for protocol in "json", "cbor":
            target = SqliteTarget(self.home, f"{protocol}.db")
            source = self.source(once="true", start="timestamp", at=moment, protocol=protocol)
            self.run_ctk("load", source, target.url())
            self.assert_holds(target, fresh)

    def test_start_latest(self):
        self.write(30)
        self.pass_a_second()  # the server's clock, as its answers tell it, has whole seconds
        process = self.start_ctk("load", self.source(start="latest"), self.target.url())
        wait_until("positions are stored", self.has_positions, process=process)
        fresh = Model(seed=9, start=self.model.time)
        for _ in range(30):
            fresh.write_anything()
        put_into(kinesis.client, self.stream, fresh.events)
        self.wait_for(self.target, fresh, process=process)

    def pass_a_second(self):
        second = int(time.time())
        wait_until("another second has begun", lambda: int(time.time()) > second)

    def has_positions(self):
        try:
            return len(self.target.query("SELECT * FROM ctk_positions")) >= 2
        except Exception:  # no file or no table yet
            return False

    def test_terminated_it_stores_its_positions(self):
        self.write(80)
        process = self.start_ctk("load", self.source(), self.target.url())
        self.wait_for(self.target, self.model, process=process)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.run_json("load", self.source(once="true"), self.target.url())["read"], 0)

    def test_a_stream_that_is_not_there(self):
        source = self.source(once="true").replace(self.stream, "nowhere")
        _, err = self.run_ctk("load", source, self.target.url(), expect=1)
        for word in ("nowhere", "us-east-1", f"127.0.0.1:{kinesis.port}"):
            self.assertIn(word, err)

    def test_create_makes_it(self):
        source = self.source(once="true", create="true").replace(self.stream, self.stream[:60] + "-new")
        self.run_ctk("load", source, self.target.url())

    def test_a_recreated_stream_is_another_one(self):
        self.write(10)
        self.run_ctk("load", self.source(once="true"), self.target.url())
        kinesis.client("DeleteStream", StreamName=self.stream)
        wait_until("the stream is gone", lambda: self.stream not in kinesis.client("ListStreams")["StreamNames"])
        self.pass_a_second()  # creation times may be whole seconds
        kinesis.create(self.stream, self.shards)
        _, err = self.run_ctk("load", self.source(once="true"), self.target.url(), expect=3)
        self.assertIn("--reset", err)
        self.write(10)
        self.run_ctk("load", self.source(once="true"), self.target.url(), "--reset")

    def test_positions_can_be_listed_and_reset(self):
        self.write(20)
        self.run_ctk("load", self.source(once="true"), self.target.url())
        listed = json.loads(self.run_ctk("positions", "list", self.target.url(), "--format", "json")[0])
        self.assertTrue(listed)
        self.run_ctk("load", self.source(once="true"), self.target.url(), "--reset")
        self.assert_holds(self.target, self.model)


if __name__ == "__main__":
    unittest.main()
