"""`ctk record`: streams of the simulator in files, and the files played again."""
import gzip
import json
import pathlib
import random
import signal
import subprocess

from events import Model, put_into
from harness import Case, SqliteTarget
from servers import wait_until
from simulator import Simulator


class Record(Case):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk:sk", "--stream", "cdc:2", "--limits", "off")
        self.file = self.home / "records.json"
        self.model = Model()
        self.numbers = 0

    def streams(self, **options):
        return self.url("dynamodb+cdc", "demo", options)

    def kinesis(self, **options):
        return self.url("kinesis+dynamodb+cdc", "cdc", options)

    def url(self, scheme, name, options):
        query = "".join(f"&{key.replace('_', '-')}={value}" for key, value in options.items())
        return f"{scheme}://k:s@127.0.0.1:{self.simulator.port}/{name}?region=us-east-1&idle-poll=200ms{query}"

    def put(self, count):
        """Items of a table with a stream; some again and again."""
        for _ in range(count):
            self.simulator.dynamodb("PutItem", TableName="demo", Item={
                "pk": {"S": f"item-{self.numbers % 7}"}, "sk": {"S": str(self.numbers % 11)}, "v": {"N": str(self.numbers)}})
            self.numbers += 1

    def write(self, count):
        """Changes of a table in a Kinesis stream."""
        first = len(self.model.events)
        for _ in range(count):
            self.model.write_anything()
        put_into(self.simulator.kinesis, "cdc", self.model.events[first:])

    def record(self, source, *more, expect=0, file=None):
        return self.run_json("record", source, str(file or self.file), *more, expect=expect)

    def lines(self, file=None):
        file = file or self.file
        if file.suffix == ".gz":
            text = gzip.decompress(file.read_bytes()).decode()
        elif file.suffix == ".zst":
            text = subprocess.run(["zstd", "-dcq", str(file)], check=True, capture_output=True).stdout.decode()
        else:
            text = file.read_text()
        return [json.loads(line) for line in text.splitlines()]

    def rows(self, source, name):
        """Rows and versions that a load of that source leaves."""
        target = SqliteTarget(self.home, f"{name}.db")
        self.run_ctk("load", source, f"{target.url()}&delete-grace=never")
        return sorted(target.query("SELECT pk, sk, data, cdc_version, cdc_deleted FROM demo"))

    def assert_plays_as_it_was(self, live, file=None):
        played = self.rows(f"file+dynamodb+cdc://{file or self.file}", f"played{random.random()}")
        self.assertEqual(played, self.rows(live, f"live{random.random()}"))
        self.assertTrue(played)

    def test_of_kinesis_it_plays_as_it_was(self):
        self.write(200)
        totals = self.record(self.kinesis(once="true"))
        self.assertEqual((totals["read"], totals["applied"]), (200, 200))
        first = self.lines()[0]
        self.assertEqual(set(first), {"kinesis", "eventSource", "eventVersion", "eventID", "eventName", "awsRegion", "eventSourceARN"})
        self.assertIn(":stream/cdc", first["eventSourceARN"])
        self.assert_plays_as_it_was(self.kinesis(once="true"))

    def test_of_dynamodb_streams_it_plays_as_it_was(self):
        self.put(100)
        self.record(self.streams(once="true"))
        self.assertEqual(len(self.lines()), 100)
        self.assertTrue(all(line["eventSourceARN"] == self.simulator.stream_arn() for line in self.lines()))
        self.assert_plays_as_it_was(self.streams(once="true"))

    def test_it_goes_on_and_nothing_is_there_twice(self):
        for suffix in ("", ".gz", ".zst"):
            file = self.home / f"records{suffix and '.json'}{suffix}"
            self.write(50)
            before = len(self.model.events)
            self.record(self.kinesis(once="true"), file=file)
            self.write(70)
            self.assertEqual(self.record(self.kinesis(once="true"), file=file)["read"], 70)
            self.assertEqual(self.record(self.kinesis(once="true"), file=file)["read"], 0)
            numbers = [line["kinesis"]["sequenceNumber"] for line in self.lines(file)]
            self.assertEqual((len(numbers), len(set(numbers))), (before + 70, before + 70))
            self.assert_plays_as_it_was(self.kinesis(once="true"), file)

    def test_of_nothing_it_can_be_played(self):
        for suffix in (".json", ".json.gz", ".json.zst"):
            file = self.home / f"records{suffix}"
            self.record(self.kinesis(once="true"), file=file)
            self.assertEqual(self.lines(file), [])
            played = self.run_json("load", f"file+dynamodb+cdc://{file}", "sqlite:///played.db?table=demo")
            self.assertEqual(played["read"], 0)

    def test_killed_and_begun_again_while_shards_split_and_roll(self):
        moments = random.Random(11)
        file = self.home / "records.json.zst"
        self.write(300)
        for turn in range(8):
            process = self.start_ctk("record", self.kinesis(), str(file))
            self.write(60)
            try:
                process.wait(moments.uniform(0.05, 0.8))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.communicate()
            if turn == 3:
                shard = self.simulator.kinesis("ListShards", StreamName="cdc")["Shards"][0]
                self.simulator.happen("split-shard", stream="cdc", shard=shard["ShardId"])
        self.record(self.kinesis(once="true"), file=file)
        numbers = [line["kinesis"]["sequenceNumber"] for line in self.lines(file)]
        self.assertEqual(len(set(numbers)), len(self.model.events))
        self.assertEqual(len(numbers), len(set(numbers)), "what is cut off is not repeated, either")
        self.assert_plays_as_it_was(self.kinesis(once="true"), file)

    def test_a_table_whose_shards_roll(self):
        process = self.start_ctk("record", self.streams(), str(self.file))
        for _ in range(3):
            self.put(40)
            self.simulator.happen("roll-shard", table="demo", all=True)
        self.put(40)
        wait_until("all is recorded", lambda: self.file.exists() and self.file.read_text().count("\n") == 160, 60, process)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)
        self.assert_plays_as_it_was(self.streams(once="true"))

    def test_it_ends_when_it_is_to(self):
        self.write(100)
        self.assertEqual(self.record(self.kinesis(), "--max-records", "30")["read"], 30)
        self.assertEqual(len(self.lines()), 30)
        self.assertEqual(self.record(self.kinesis(), "--max-records", "45")["read"], 45)
        self.assertEqual(self.record(self.kinesis(), "--for", "3s")["read"], 25)
        numbers = [line["kinesis"]["sequenceNumber"] for line in self.lines()]
        self.assertEqual((len(numbers), len(set(numbers))), (100, 100))

    def test_to_standard_output(self):
        self.write(20)
        out, err = self.run_ctk("record", self.kinesis(once="true"), "-", "--quiet")
        self.assertEqual(len([json.loads(line) for line in out.splitlines()]), 20, err)
        self.assertEqual(list(pathlib.Path.cwd().glob("-*")), [])
        rows, err = self.run_ctk("load", "file+dynamodb+cdc:-", "ndjson:-", "--quiet", stdin=out.encode())
        self.assertEqual(len(rows.splitlines()), 20, err)

    def test_records_that_are_no_changes_are_kept_too(self):
        self.simulator.kinesis("PutRecord", StreamName="cdc", Data="aGVsbG8=", PartitionKey="x")
        self.assertEqual(self.record(self.kinesis(once="true"))["dead_letters"], 0)
        self.assertEqual(self.lines()[0]["kinesis"]["data"], "aGVsbG8=")

    def test_anothers_recording_is_refused(self):
        self.put(3)
        self.write(3)
        self.record(self.kinesis(once="true"))
        before = self.file.read_bytes()
        _, err = self.run_ctk("record", self.streams(once="true"), str(self.file), expect=3)
        self.assertIn("is a recording of kinesis:cdc@records", err)
        self.simulator.happen("advance-clock", seconds=5)  # streams are told apart by the second they were made in
        self.simulator.kinesis("DeleteStream", StreamName="cdc")
        self.simulator.kinesis("CreateStream", StreamName="cdc", ShardCount=1)
        _, err = self.run_ctk("record", self.kinesis(once="true"), str(self.file), expect=3)
        self.assertIn("another incarnation", err)
        self.assertEqual(self.file.read_bytes(), before)
        plain = self.home / "letter.txt"
        plain.write_text("dear all\n")
        _, err = self.run_ctk("record", self.streams(once="true"), str(plain), expect=1)
        self.assertIn("name another file", err)
        self.assertEqual(plain.read_text(), "dear all\n")

    def test_what_is_no_stream_or_no_option_of_one_is_refused(self):
        for words in (["file+dynamodb+cdc:x", "y"], [self.url("dynamodb", "demo", {}), "y"],
                      [self.streams(), "y", "--exclude", "a"], [self.streams(), "y", "--max-records", "0"],
                      [self.streams(), "y", "--for", "soon"], [self.streams()]):
            self.run_ctk("record", *words, expect=2, cwd=self.home)
        self.assertFalse((self.home / "y").exists())

    def test_a_folder_that_is_not_there_is_told_before_the_stream_is_asked(self):
        nobody = self.streams().replace(str(self.simulator.port), "1")
        _, err = self.run_ctk("record", nobody, str(self.home / "no/records.json"), expect=1)
        self.assertEqual(err, f"ctk: there is no folder {self.home}/no for the file {self.home}/no/records.json\n"
                              f"  hint: mkdir -p {self.home}/no\n")
