"""A lease table in DynamoDB Local that workers of whatever making share, the stream that they read, and those workers.

Where workers are watched at their reading, every record is a write of an item of its own, so what was read can be told by keys.
Theirs is honest: it checkpoints what it has written to its file. Ours writes to a file too (ndjson), where the leases are all
that tells how far it is. Nothing is lost if the files have all keys between them; and whoever goes on has not begun again, if
he has few of the other's.
"""
import json
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))

import aws  # noqa: E402
from events import Model, put_into  # noqa: E402
from harness import Case  # noqa: E402
from java_library import java  # noqa: E402
from servers import DynamoDbLocal, KinesisLocal, Server, wait_until  # noqa: E402

FAILOVER = 6  # seconds, for both
LONG = 300  # seconds: a virtual machine that starts, a leader's two minutes, a machine that is busy
SHARDS = 4


class TheirWorker(Server):
    """A worker of the library: a program of java/ in a process of its own."""

    def __init__(self, case, library, name, program, url, stream):
        super().__init__("kcl")
        case.addCleanup(self.stop)
        self.worker, self.file = name, case.home / f"{name}.keys"
        self.began = time.monotonic()
        self.spawn(java(library.classpath(f"{program}.java"), program, url, case.dynamodb.url, stream, case.table, name,
                        FAILOVER * 1000, self.file))

    def keys(self):
        return set(self.file.read_text().split("\n")[:-1]) if self.file.exists() else set()

    def leave(self):
        """As an application ends that is told to."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class OurWorker:
    def __init__(self, case, name):
        self.case, self.worker, self.file = case, name, case.home / f"{name}.ndjson"
        self.began = time.monotonic()
        self.process = case.start_ctk(
            "load", case.source(), f"ndjson://{self.file}", "--positions=dynamodb", f"--lease-table={case.table}",
            f"--worker-id={name}", f"--failover-time={FAILOVER}s", "--idle-poll=200ms", "--source-table=demo",
            env={"AWS_ENDPOINT_URL_DYNAMODB": case.dynamodb.url})

    def keys(self):
        lines = self.file.read_bytes().split(b"\n")[:-1] if self.file.exists() else []
        return {json.loads(line)["key"]["pk"] for line in lines}

    def leave(self):
        code, _, err = self.case.stop_ctk(self.process)
        self.case.assertEqual(code, 0, err)

    def kill(self):
        self.process.kill()
        self.process.communicate()


class LeaseWorld(Case):
    """The lease table, named as the test. Subclasses have a stream: `put(count)`, `newest()`, `source()`, `their_worker()`."""

    @classmethod
    def setUpClass(cls):
        cls.dynamodb = DynamoDbLocal()
        cls.addClassCleanup(cls.dynamodb.stop)

    def setUp(self):
        super().setUp()
        self.table = self.id().rpartition(".")[2]
        self.tables = aws.Client.dynamodb(self.dynamodb.url, key="k", secret="s")  # who asks sees tables of his own
        self.written = set()

    def put_new(self, count):
        """So many items, each written once; their keys."""
        new = [f"k{len(self.written) + i}" for i in range(count)]
        self.put(new)
        self.written |= set(new)
        return set(new)

    def rows(self):
        """Those of the lease table that are leases."""
        try:
            items = self.tables("Scan", TableName=self.table, ConsistentRead=True)["Items"]
        except aws.AwsError:
            return {}
        return {item["leaseKey"]["S"]: item for item in items if "checkpoint" in item}

    def has_reached(self, rows, shard, sequence):
        """Whether a lease's checkpoint is at that record, or behind it."""
        checkpoint = rows[shard]["checkpoint"]["S"] if shard in rows else "TRIM_HORIZON"
        return checkpoint == "SHARD_END" or checkpoint.isdigit() and int(checkpoint) >= sequence

    def owners(self):
        return {item["leaseOwner"]["S"] for item in self.rows().values()
                if "leaseOwner" in item and item["checkpoint"]["S"] != "SHARD_END"}

    def wait_for_keys(self, what, keys, *workers, among=None):
        """Until these workers have those keys between them."""
        def missing():
            return keys - set().union(*(worker.keys() for worker in workers))
        try:
            wait_until(what, lambda: not missing(), LONG, among and among.process)
        except AssertionError as late:
            said = [worker.log()[-5000:] for worker in workers if isinstance(worker, TheirWorker)]
            raise AssertionError(f"{late}: missing {sorted(missing())}; {self.rows()}; {said}") from None

    def wait_for_checkpoints(self):
        """Until all that was written is behind the leases' checkpoints: whoever checkpoints does so a moment after."""
        def are_stored():
            rows = self.rows()
            return all(self.has_reached(rows, shard, sequence) for shard, sequence in self.newest().items())
        wait_until("all is checkpointed", are_stored, LONG)

    def took(self, what, worker):
        print(f"{self.table}: {what}: {time.monotonic() - worker.began:.1f} s after its start", file=sys.stderr)

    def go_to_and_fro(self, library, repeated, between=lambda number: None):
        """They leave, we go on; we leave, they go on; they are killed, we go on; we are killed, they go on. Each reads at
        most so many records again."""
        previous = None
        for number in range(1, 6):
            new = self.put_new(40)
            ours = number % 2 == 0
            worker = OurWorker(self, f"ours-{number}") if ours else self.their_worker(library, f"theirs-{number}")
            self.wait_for_keys(f"worker {number} reads what is new", new, worker, among=worker)
            self.took(f"{worker.worker} had read 40 records" + (previous and f" behind {previous.worker}" or ""), worker)
            again = worker.keys() & (self.written - new)
            self.assertLessEqual(len(again), repeated, f"{worker.worker} has begun again: {sorted(again)}")
            between(number)
            self.wait_for_keys(f"worker {number} reads on", self.put_new(10), worker, among=worker)
            self.wait_for_checkpoints()
            worker.leave() if number < 3 else worker.kill()
            previous = worker


class KinesisWorld(LeaseWorld):
    """On kinesis-local; the stream has the table's name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kinesis = KinesisLocal()
        cls.addClassCleanup(cls.kinesis.stop)

    def setUp(self):
        super().setUp()
        self.kinesis.create(self.table, SHARDS)
        self.model = Model()
        self.places = {}

    def source(self):
        return f"kinesis+dynamodb+cdc://k:s@127.0.0.1:{self.kinesis.port}/{self.table}?region=us-east-1"

    def their_worker(self, library, name):
        return TheirWorker(self, library, name, "RecordingWorker", self.kinesis.url, self.table)

    def put(self, keys):
        self.put_events([self.model.put(key) for key in keys])

    def put_events(self, events):
        """Their shards and sequence numbers."""
        places = [(done["ShardId"], int(done["SequenceNumber"])) for done in put_into(self.kinesis.client, self.table, events)]
        self.places |= dict(places)
        return places

    def newest(self):
        """The sequence number of each shard's newest record."""
        return self.places

    def reshard(self):
        """Splits a shard, and merges two; the three."""
        shards = [shard for shard in self.kinesis.client("ListShards", StreamName=self.table)["Shards"]
                  if shard["SequenceNumberRange"].get("EndingSequenceNumber") is None]
        shards.sort(key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
        first, second, third = (shard["ShardId"] for shard in shards[:3])
        low, high = (int(shards[0]["HashKeyRange"][end]) for end in ("StartingHashKey", "EndingHashKey"))
        self.kinesis.client("SplitShard", StreamName=self.table, ShardToSplit=first,
                            NewStartingHashKey=str((low + high) // 2 + 1))
        self.kinesis.wait_active(self.table)
        self.kinesis.client("MergeShards", StreamName=self.table, ShardToMerge=second, AdjacentShardToMerge=third)
        self.kinesis.wait_active(self.table)
        return {first, second, third}
