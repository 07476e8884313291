"""Benchmarks of workers that share a stream's shards by leases: what sharing costs, and how soon shards go on elsewhere."""
import contextlib
import json
import math
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import time
import urllib.request

from measuring import BUILD, EVENTS, ROUNDS, Endpoint, cpu_of, figure, quiet_environment
import aws

SHARDS = 64
BACKLOG = 5 * EVENTS
MONTH = 30 * 24 * 3600
# us-east-1, on demand.
DOLLARS_A_WRITE, DOLLARS_A_READ_UNIT = 0.625e-6, 0.125e-6


class Service:
    """`ctk simulator`: the lease table, and a table with a stream."""

    def __init__(self, shards=SHARDS):
        self.process = subprocess.Popen([BUILD / "ctk", "simulator", "--limits", "off", "--table", "bench:pk:sk", "--stream",
                                         f"cdc:{shards}", "--quiet"], stdout=subprocess.PIPE, env=quiet_environment())
        self.url = self.process.stdout.readline().decode().split()[-1]
        self.dynamodb = aws.Client.dynamodb(self.url)
        self.dynamodb("EnableKinesisStreamingDestination", TableName="bench",
                      StreamArn="arn:aws:kinesis:us-east-1:000000000000:stream/cdc")
        self.items = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def source(self):
        return f"kinesis+dynamodb+cdc://k:s@{self.url.removeprefix('http://')}/cdc?region=us-east-1"

    def put(self, count):
        """New items, spread over all shards by their keys."""
        for _ in range(count):
            self.dynamodb("PutItem", TableName="bench", Item={"pk": {"S": f"item-{self.items}"}, "sk": {"S": "0"}})
            self.items += 1

    def calls(self):
        request = urllib.request.Request(self.url + "/simulator", b'{"action": "counts"}', {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())["calls"]

    def leases(self, table="bench-leases"):
        try:
            return self.dynamodb("Scan", TableName=table)["Items"]
        except aws.AwsError:  # it is not made yet
            return []

    def shares(self):
        """How many leases each worker has."""
        shares = {}
        for lease in self.leases():
            owner = lease.get("checkpointOwner", lease.get("leaseOwner", {"S": ""}))["S"]
            shares[owner] = shares.get(owner, 0) + 1
        return shares


def worker(service, source, target, name, *options):
    return subprocess.Popen([BUILD / "ctk", "load", source, target, "--positions=dynamodb", "--lease-table=bench-leases",
                             f"--worker-id={name}", "--format=json", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            env=quiet_environment() | {"AWS_ENDPOINT_URL_DYNAMODB": service.url})


@contextlib.contextmanager
def ended(workers):
    """Those that still run when the block ends, however it does, are killed."""
    try:
        yield workers
    finally:
        for one in workers:
            one.kill()
            one.wait()
            one.stdout.close()


def answer_of(database, question):
    """0 as long as there is no such table."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)) as connection:
            return connection.execute(question).fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def rows(database):
    return answer_of(database, "SELECT count(*) FROM bench")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def listens(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def until(what, condition, seconds):
    begun = time.monotonic()
    while not condition():
        if time.monotonic() > begun + seconds:
            raise RuntimeError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return time.monotonic() - begun


def read_by(endpoint, count):
    """CPU a change, in µs, of so many workers that read the whole backlog, and the part that each has read."""
    with Service() as service:
        source = endpoint.kinesis_url("once=true&idle-poll=0")
        before = time.monotonic()
        cpu, read = 0, []
        with ended([worker(service, source, "ndjson:///dev/null", f"worker-{i}") for i in range(count)]) as workers:
            for one in workers:
                said = one.stdout.read()
                _, status, usage = os.wait4(one.pid, 0)
                one.returncode = os.waitstatus_to_exitcode(status)
                if one.returncode != 0:
                    raise RuntimeError(f"a worker ended with {one.returncode}")
                cpu += usage.ru_utime + usage.ru_stime
                read.append(json.loads(said)["read"])
    if sum(read) < BACKLOG:
        raise RuntimeError(f"{sum(read)} of {BACKLOG} changes were read")
    return cpu / BACKLOG * 1e6, read, time.monotonic() - before


def bench_leases_cpu(space):
    """Four workers against one, the same backlog."""
    endpoint = Endpoint("kinesis_endpoint", space.events(), SHARDS, BACKLOG // EVENTS)
    try:
        pairs = [(read_by(endpoint, 4), read_by(endpoint, 1)) for _ in range(ROUNDS)]
    finally:
        endpoint.stop()
    ratio = statistics.median(four[0] / one[0] for four, one in pairs)
    four, one = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
    read = pairs[-1][0][1]
    shares = ", ".join(f"{part / sum(read):.0%}" for part in read)
    again = sum(read) - BACKLOG
    return [figure("leases_cpu", ratio, "× the CPU a change of one worker", 1.15, "≤",
                   f"{four:.2f} µs against {one:.2f}; the last four read {shares}, {again:,} changes twice")]


def moves(space, name, end, aim):
    """From the end of one of two workers to the row of the last of its shards that the other one has read."""
    times = []
    for _ in range(ROUNDS):
        database = space.database()
        with Service() as service:
            target = f"sqlite:///{database}?table=bench"
            with ended([worker(service, service.source(), target, f"worker-{i}") for i in range(2)]) as workers:
                service.put(4 * SHARDS)
                until("all is read", lambda: rows(database) == service.items, 120)
                until("both have half", lambda: sorted(service.shares().values()) == [SHARDS // 2] * 2, 120)
                begun = time.monotonic()
                end(workers[1])
                service.put(4 * SHARDS)
                until("all is read again", lambda: rows(database) == service.items, 120)
                times.append(time.monotonic() - begun)
    return [figure(name, statistics.median(times), "s", aim, "<", f"{SHARDS // 2} shards; longest {max(times):.1f}")]


def bench_leases_killed(space):
    return moves(space, "leases_killed", lambda one: one.kill(), 15)


def bench_leases_stopped(space):
    return moves(space, "leases_stopped", lambda one: one.send_signal(signal.SIGTERM), 3)


def bench_leases_start(space):
    """From the start of the process to the first row, and to the last of one a shard; the lease table is to be made."""
    first, last = [], []
    for _ in range(ROUNDS):
        database = space.database()
        with Service() as service:
            service.put(4 * SHARDS)
            begun = time.monotonic()
            with ended([worker(service, service.source(), f"sqlite:///{database}?table=bench", "worker")]):
                until("the first row", lambda: rows(database) > 0, 60)
                first.append(time.monotonic() - begun)
                until("all rows", lambda: rows(database) == service.items, 60)
                last.append(time.monotonic() - begun)
    return [figure("leases_start", statistics.median(first), "s", 2, "<",
                   f"{SHARDS} shards; all of them read after {statistics.median(last):.1f}")]


def bench_leases_cost(space):
    """What two workers' leases of idle shards cost: calls in a minute, in dollars a month."""
    database = space.database()
    with Service() as service:
        target = f"sqlite:///{database}?table=bench"
        with ended([worker(service, service.source(), target, f"worker-{i}") for i in range(2)]) as workers:
            until("both have half", lambda: sorted(service.shares().values()) == [SHARDS // 2] * 2, 120)
            time.sleep(5)
            spent = [cpu_of(one.pid) for one in workers]
            before, begun = service.calls(), time.monotonic()
            time.sleep(60)
            after, seconds = service.calls(), time.monotonic() - begun
            cores = sum(cpu_of(one.pid) - was for one, was in zip(workers, spent)) / seconds
            size = len(json.dumps(service.leases(), separators=(",", ":")))

    def month(*operations):
        return sum(after.get(f"dynamodb:{one}", 0) - before.get(f"dynamodb:{one}", 0) for one in operations) / seconds * MONTH

    writes, scans = month("UpdateItem", "PutItem"), month("Scan") / 2
    units = math.ceil(size / 4096) / 2
    a_shard, a_worker = writes / SHARDS * DOLLARS_A_WRITE, scans * units * DOLLARS_A_READ_UNIT
    entry = figure("leases_cost", a_shard, "$ a month and shard", 0.5, "≤",
                   f"{writes / SHARDS / 1e6:.2f} million writes; and ${a_worker:.2f} a month and worker: {scans / 1e6:.2f} million "
                   f"Scans of {SHARDS} rows, {size / 1024:.0f} KB of text, {units:g} read units each; "
                   f"{cores:.3f} cores for both workers")
    entry.update(writes_a_month_and_shard=writes / SHARDS, scans_a_month_and_worker=scans, dollars_a_worker=a_worker)
    return [entry]
