"""Benchmarks of rates and memory: decoding, files, Kinesis and a table's Scan into SQL databases."""
import contextlib
import json
import pathlib
import re
import shutil
import sqlite3
import statistics
import subprocess
import threading
import time
import urllib.request

from measuring import (BUILD, EVENTS, ROUNDS, VERIFIED, VERIFIED_BYTES, Endpoint, allocations, figure, floor, load, paired,
                       quiet_environment, result)
from odbc import odbc_url
from servers import Mariadb, Postgres, free_port


def bench_decode(_):
    out = subprocess.run([BUILD / "bench/decode_bench", "--benchmark_format=json", "--benchmark_min_time=1"],
                         stdout=subprocess.PIPE, check=True).stdout
    results = []
    for run in json.loads(out)["benchmarks"]:
        if "ratio" not in run:
            continue
        size = int(re.search(r"/(\d+)", run["name"]).group(1))
        kind = run["name"].split("/")[0]
        aim = 0.7 if size == 1024 else 0.6
        results.append(result(f"{kind}_{size}", run["ratio"], run["ours_ns"] / 1000, run["dom_ns"] / 1000, "µs an event",
                              aim if kind == "decode_and_project" else None))
    return results


def bench_file_sqlite(space):
    events = space.events()
    ratio, ours, theirs = paired(lambda: load(f"file+dynamodb+cdc://{events}", f"sqlite:///{space.database()}?table=bench")[0],
                                 lambda: floor("sqlite", "events", events, str(space.database())))
    return [result("file_sqlite", ratio, ours, theirs, "changes/s", 1.1)]


def bench_file_postgres(space):
    server = Postgres()
    try:
        where = f"{server.url()}"
        events = space.events()

        def ours():
            server.sql("DROP TABLE IF EXISTS public.bench CASCADE; DROP TABLE IF EXISTS public.ctk_tables")
            return load(f"file+dynamodb+cdc://{events}", server.url(table="public.bench"))[0]

        ratio, rate, theirs = paired(ours, lambda: floor("postgres", "events", events, where))
        return [result("file_postgres", ratio, rate, theirs, "changes/s", 1.1)]
    finally:
        server.stop()


def fresh_mariadb(server, **options):
    """The URL of a new database."""
    server.sql("DROP DATABASE IF EXISTS bench; CREATE DATABASE bench")
    return server.url("bench", table="bench", **options)


def bench_file_mariadb(space):
    """Against parameters that are bound as arrays."""
    with Mariadb() as server:
        events = space.events()
        where = f"ctk:secret@127.0.0.1:{server.port}/ctk"
        ratio, rate, theirs = paired(lambda: load(f"file+dynamodb+cdc://{events}", fresh_mariadb(server))[0],
                                     lambda: floor("mariadb", "events", events, where))
        return [result("file_mariadb", ratio, rate, theirs, "changes/s", 0.9)]


def bench_file_postgres_odbc(space):
    """By psqlodbc, against a plain loop with arrays of parameters."""
    server = Postgres()
    try:
        where = f"DRIVER=PostgreSQL Unicode;SERVER=127.0.0.1;PORT={server.port};DATABASE=ctk;UID=ctk;PWD=secret"
        events = space.events()

        def ours():
            server.sql("DROP TABLE IF EXISTS public.bench CASCADE; DROP TABLE IF EXISTS public.ctk_tables")
            return load(f"file+dynamodb+cdc://{events}", odbc_url("public.bench", where))[0]

        ratio, rate, theirs = paired(ours, lambda: floor("odbc", "events", events, where))
        return [result("file_postgres_odbc", ratio, rate, theirs, "changes/s", 0.8)]
    finally:
        server.stop()


def bench_history_sqlite(space):
    """With every change kept, against the table alone."""
    source = f"file+dynamodb+cdc://{space.events()}"
    ratio, ours, theirs = paired(lambda: load(source, f"sqlite:///{space.database()}?table=bench&history=bench_history")[0],
                                 lambda: load(source, f"sqlite:///{space.database()}?table=bench")[0])
    events = space.events()
    plain, both, table = paired(lambda: floor("sqlite", "history", events, str(space.database())),
                                lambda: floor("sqlite", "events", events, str(space.database())))
    return [result("history_sqlite", ratio, ours, theirs, "changes/s", 0.5),
            result("history_sqlite_floor", plain, both, table, "changes/s; plain loops, with a history and without")]


def bench_history_postgres(space):
    server = Postgres()
    try:
        source = f"file+dynamodb+cdc://{space.events()}"

        def run(**options):
            server.sql("DROP TABLE IF EXISTS public.bench CASCADE; DROP TABLE IF EXISTS public.bench_history, public.ctk_tables")
            return load(source, server.url(table="public.bench", **options))[0]

        ratio, ours, theirs = paired(lambda: run(history="bench_history"), run)
        return [result("history_postgres", ratio, ours, theirs, "changes/s", 0.5)]
    finally:
        server.stop()


def bench_history_mariadb(space):
    with Mariadb() as server:
        source = f"file+dynamodb+cdc://{space.events()}"
        ratio, ours, theirs = paired(lambda: load(source, fresh_mariadb(server, history="bench_history"))[0],
                                     lambda: load(source, fresh_mariadb(server))[0])
        return [result("history_mariadb", ratio, ours, theirs, "changes/s", 0.5)]


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


@contextlib.contextmanager
def cpu_sources(events):
    endpoint = Endpoint("kinesis_endpoint", events, 4)
    try:
        yield {"kinesis_cbor": endpoint.kinesis_url("once=true&idle-poll=0&protocol=cbor"),
               "kinesis_json": endpoint.kinesis_url("once=true&idle-poll=0&protocol=json"),
               "file": f"file+dynamodb+cdc://{events}"}
    finally:
        endpoint.stop()


def bench_cpu(space):
    """CPU of the whole process a change, in turns."""
    aims = {"kinesis_cbor": 3.5, "kinesis_json": 4.5, "file": 3.5}
    spent = {name: [] for name in aims}
    with cpu_sources(space.events()) as sources:
        for _ in range(ROUNDS):
            for name, source in sources.items():
                spent[name].append(load(source, "ndjson:///dev/null")[1] / EVENTS * 1e6)
    return [figure(f"cpu_{name}", statistics.median(spent[name]), "µs of CPU a change", aim, "≤", f"least {min(spent[name]):.2f}")
            for name, aim in aims.items()]


def bench_allocations(space):
    """What a change more costs: of a run with five times as many, the allocations that a short one has not."""
    counts = []
    for events in (space.events(), space.events(5 * EVENTS)):
        with cpu_sources(events) as sources:
            counts.append({name: allocations(source, "ndjson:///dev/null") for name, source in sources.items()})
    results = []
    for name, (few, changes) in counts[0].items():
        more, of_more = counts[1][name]
        each = (more - few) / (of_more - changes)
        results.append(figure(f"allocations_{name}", each, "a change", 0.1, "≤",
                              f"and {few - each * changes:,.0f} for start and stop"))
    return results


def bench_listen(space):
    """What `--listen` costs: the same load without it and with it, while its metrics and its page are asked for every second."""
    endpoint = Endpoint("kinesis_endpoint", space.events(), 64, 10)
    source, target = endpoint.kinesis_url(), "ndjson:///dev/null"
    port = free_port()
    try:
        pairs = []
        for _ in range(ROUNDS):
            without, changes = load(source, target)[1:]
            with asked_every_second(port):
                listening = load(source, target, "--listen", f"127.0.0.1:{port}")[1]
            pairs.append((without, listening, changes["read"]))
    finally:
        endpoint.stop()
    more = statistics.median((listening - without) / without * 100 for without, listening, _ in pairs)
    spent = [statistics.median(pair[side] / pair[2] * 1e6 for pair in pairs) for side in (0, 1)]
    return [figure("listen", more, "% of CPU a change", 1, "≤", f"{spent[1]:.3f} against {spent[0]:.3f} µs, medians of {ROUNDS} pairs")]


@contextlib.contextmanager
def asked_every_second(port):
    """As by a scraper in a hurry, and by somebody who looks at the page."""
    ended = threading.Event()

    def ask():
        while not ended.wait(1):
            for path in ("/metrics", "/page.json"):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read()
    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield
    finally:
        ended.set()
        asker.join()


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


def verify(space, kind, target, where, quote='"'):
    """Every item beside its row, against reading the same items alone; what the comparison holds of memory; and the same ratio
    of a plain loop that reads the rows, and looks at none, before the same items are read."""
    name = f"verify_{kind}"
    select = "SELECT {0}customer{0}, {0}order{0}, {0}data{0}, {0}aux{0} FROM bench".format(quote)
    endpoint = Endpoint("scan_endpoint", space.items(VERIFIED, VERIFIED_BYTES))
    peaks = []
    try:
        load(endpoint.table_url(), target)

        def ours():
            start = time.monotonic()
            with subprocess.Popen([BUILD / "ctk", "verify", endpoint.table_url(), target, "--quiet", "--format", "json"],
                                  stdout=subprocess.PIPE, env=quiet_environment()) as process:
                peaks.append(watch_memory(process))
                totals = json.loads(process.stdout.read())
            if totals["equal"] != VERIFIED or totals["rows"] != VERIFIED:
                raise RuntimeError(f"ctk verify has found {totals}")
            return VERIFIED / (time.monotonic() - start)

        ratio, rate, theirs = paired(ours, lambda: load(endpoint.table_url(), "ndjson:///dev/null")[0])
        rows = statistics.median(walk_rows(kind, where, select) for _ in range(ROUNDS))
    finally:
        endpoint.stop()
    return [result(name, ratio, rate, theirs, "items/s", 0.8),
            result(f"{name}_floor", 1 / (1 + theirs * rows / VERIFIED), VERIFIED / (rows + VERIFIED / theirs), theirs, "items/s"),
            figure(f"{name}_memory", max(peaks), "MB of RSS", 64, "≤", f"{VERIFIED:,} items")]


def walk_rows(kind, where, select):
    """Seconds of a plain loop over all rows."""
    out = subprocess.run([BUILD / "bench/rows_floor", kind, where, select], stdout=subprocess.PIPE, check=True).stdout
    rows, seconds = out.split()
    if int(rows) != VERIFIED:
        raise RuntimeError(f"the plain loop has met {int(rows)} rows")
    return float(seconds)


def bench_verify_sqlite(space):
    database = space.database()
    return verify(space, "sqlite", f"sqlite:///{database}?table=bench", str(database))


def bench_verify_postgres(space):
    with Postgres() as server:
        return verify(space, "postgres", server.url(table="public.bench"), server.url())


def bench_verify_mariadb(space):
    with Mariadb() as server:
        return verify(space, "mariadb", fresh_mariadb(server), f"ctk:secret@127.0.0.1:{server.port}/bench", "`")


def watch_memory(process):
    """MB of the process's largest resident memory, once it has ended; its output has to fit into a pipe."""
    # Not by getrusage: its figure begins with the memory of whoever started the process.
    peak = 0
    while process.poll() is None:
        peak = max(peak, peak_memory(process))
        time.sleep(0.05)
    return peak


def peak_memory(process):
    """MB of the process's largest resident memory until now."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    held = re.search(r"VmHWM:\s+(\d+)", status)  # nothing of a process that has just ended
    return int(held.group(1)) / 1024 if held else 0


def wait_for(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing happened within {seconds} s")
        time.sleep(0.05)


def bench_memory(space):
    """Peak RSS with 1,000 shards and 1 GB of backlog: while another process has locked the target, and once it goes on."""
    endpoint = Endpoint("kinesis_endpoint", space.events(20000), 1000, 50)
    database = space.database()
    blocker = sqlite3.connect(database, isolation_level=None)
    blocker.execute("PRAGMA journal_mode=WAL")
    blocker.execute("PRAGMA busy_timeout=30000")
    moved = "SELECT count(*) FROM ctk_positions WHERE position GLOB '[0-9]*'"
    relay = subprocess.Popen([BUILD / "ctk", "load", endpoint.kinesis_url("idle-poll=0"), f"sqlite:///{database}?table=bench", "--quiet"],
                             stderr=subprocess.DEVNULL, env=quiet_environment())
    try:
        # The table is there: the relay is writing. From now on nobody may.
        wait_for(lambda: blocker.execute("SELECT count(*) FROM sqlite_master WHERE name = 'bench'").fetchone()[0], 60)
        blocker.execute("BEGIN IMMEDIATE")
        time.sleep(20)
        standing = peak_memory(relay)
        blocker.execute("ROLLBACK")
        wait_for(lambda: blocker.execute(moved).fetchone()[0] >= 900, 120)  # some have no records
        time.sleep(5)
        whole = peak_memory(relay)
    finally:
        relay.kill()
        relay.wait()
        blocker.close()
        endpoint.stop()
    return [figure("memory_1000_shards", whole, "MB of RSS", 80, "≤", f"{standing:.0f} while the target stood still")]


def bench_memory_file(space):
    """Peak RSS for a file of 1 GB."""
    big = space.folder / "gigabyte.ndjson"
    with open(big, "wb") as out:
        while out.tell() < 1e9:
            with open(space.events(), "rb") as events:
                shutil.copyfileobj(events, out)
    relay = subprocess.Popen([BUILD / "ctk", "load", f"file+dynamodb+cdc://{big}", f"sqlite:///{space.database()}?table=bench", "--quiet"],
                             stderr=subprocess.DEVNULL, env=quiet_environment())
    peak = watch_memory(relay)
    big.unlink()
    if relay.returncode != 0:
        raise RuntimeError(f"ctk load ended with {relay.returncode}")
    return [figure("memory_file", peak, "MB of RSS", 64, "≤")]
