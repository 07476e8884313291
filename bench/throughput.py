"""Benchmarks of rates and memory: decoding, files, Kinesis and a table's Scan into SQL databases."""
import json
import pathlib
import re
import sqlite3
import subprocess
import time

from measuring import BUILD, EVENTS, ROUNDS, Endpoint, figure, floor, load, paired, quiet_environment, result
from servers import Postgres


def bench_decode(_):
    out = subprocess.run([BUILD / "bench/decode_bench", "--benchmark_format=json", "--benchmark_min_time=1"],
                         stdout=subprocess.PIPE, check=True).stdout
    results = []
    for run in json.loads(out)["benchmarks"]:
        if "ratio" not in run:
            continue
        size = re.search(r"/(\d+)", run["name"])
        kind = run["name"].split("/")[0]
        results.append(result(f"{kind}_{size.group(1)}", run["ratio"], run["ours_ns"] / 1000, run["dom_ns"] / 1000, "µs an event",
                              0.4 if kind == "decode_and_project" else None))
    return results


def bench_file_sqlite(space):
    events = space.events()
    ratio, ours, theirs = paired(lambda: load(f"file+dynamodb+cdc://{events}", f"sqlite:///{space.database()}?table=bench")[0],
                                 lambda: floor("sqlite", "events", events, str(space.database())))
    return [result("file_sqlite", ratio, ours, theirs, "changes/s", 0.9)]


def bench_file_postgres(space):
    server = Postgres()
    try:
        where = f"{server.url()}"
        events = space.events()

        def ours():
            server.sql("DROP TABLE IF EXISTS public.bench CASCADE; DROP TABLE IF EXISTS public.ctk_tables")
            return load(f"file+dynamodb+cdc://{events}", server.url(table="public.bench"))[0]

        ratio, rate, theirs = paired(ours, lambda: floor("postgres", "events", events, where))
        return [result("file_postgres", ratio, rate, theirs, "changes/s", 0.9)]
    finally:
        server.stop()


def bench_kinesis_sqlite(space, shards):
    events = space.events()
    endpoint = Endpoint("kinesis_endpoint", events, shards)
    try:
        ratio, ours, theirs = paired(lambda: load(endpoint.kinesis_url(), f"sqlite:///{space.database()}?table=bench")[0],
                                     lambda: load(f"file+dynamodb+cdc://{events}", f"sqlite:///{space.database()}?table=bench")[0])
        cpu = endpoint.cpu() / ROUNDS
    finally:
        endpoint.stop()
    entry = result(f"kinesis_sqlite_{shards}", ratio, ours, theirs, "changes/s", 0.8)
    entry["endpoint_cpu_us_per_change"] = cpu / EVENTS * 1e6
    return [entry]


def scan(space, kind, target, where):
    """A whole load by parallel Scan into fresh tables, against the plain loop with the same items in the same order."""
    items = space.items()
    endpoint = Endpoint("scan_endpoint", items)
    try:
        ratio, ours, theirs = paired(lambda: load(endpoint.table_url(), target())[0],
                                     lambda: floor(kind, "items", items, where()))
        cpu = endpoint.cpu() / ROUNDS / EVENTS * 1e6
    finally:
        endpoint.stop()
    entry = result(f"scan_{kind}", ratio, ours, theirs, f"items/s; the endpoint: {cpu:.1f} µs of CPU an item", 0.9)
    entry["endpoint_cpu_us_per_item"] = cpu
    return [entry]


def bench_scan_sqlite(space):
    return scan(space, "sqlite", lambda: f"sqlite:///{space.database()}?table=bench", lambda: str(space.database()))


def bench_scan_postgres(space):
    with Postgres() as server:
        def fresh():
            server.sql("DROP TABLE IF EXISTS public.bench, public.ctk_tables, public.ctk_positions CASCADE")
            return server.url(table="public.bench")

        return scan(space, "postgres", fresh, server.url)


def bench_memory(space):
    """Peak RSS with 1,000 shards, 1 GB of backlog and a target that another process has locked."""
    events = space.events(20000)
    endpoint = Endpoint("kinesis_endpoint", events, 1000, 50)
    database = space.database()
    blocker = sqlite3.connect(database, isolation_level=None)
    blocker.execute("PRAGMA journal_mode=WAL")
    process = None
    try:
        process = subprocess.Popen([BUILD / "ctk", "load", endpoint.kinesis_url("idle-poll=0"), f"sqlite:///{database}?table=bench", "--quiet"],
                                   stderr=subprocess.DEVNULL, env=quiet_environment())
        deadline = time.monotonic() + 60
        # The table is there: the relay is writing. From now on nobody may.
        while time.monotonic() < deadline:
            if blocker.execute("SELECT count(*) FROM sqlite_master WHERE name = 'bench'").fetchone()[0]:
                break
            time.sleep(0.05)
        blocker.execute("PRAGMA busy_timeout=30000")
        blocker.execute("BEGIN IMMEDIATE")
        time.sleep(20)
        peak = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text()).group(1)) / 1024
    finally:
        if process is not None:
            process.kill()
            process.wait()
        blocker.close()
        endpoint.stop()
    return [figure("memory_1000_shards", peak, "MB of RSS", 96, "≤")]
