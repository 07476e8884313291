"""Ways to fill a table that holds no rows yet: what a stage and one merge would win against the relay's own statement."""
import os
import pathlib
import statistics
import subprocess

from measuring import BUILD, ROUNDS, cpu_of
from servers import Mariadb, Postgres

ROWS = int(os.environ.get("CTK_BENCH_FRESH_ROWS", "100000"))
WAYS = {"postgres": [("pg-upsert", 1000), ("pg-stage", 1000), ("pg-stage", 10_000), ("pg-copy", 1000)],
        "mariadb": [("mariadb-upsert", 1000), ("mariadb-stage", 1000), ("mariadb-stage", 10_000), ("mariadb-load", 1000)],
        "sqlite": [("sqlite-upsert", 1000), ("sqlite-upsert", 10_000), ("sqlite-insert", 1000), ("sqlite-index-after", 1000),
                   ("sqlite-index-after", 10_000)]}


def family_cpu(process):
    """Seconds of CPU of a server and of all whom it has started, those that have ended included."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    ended = (int(fields[13]) + int(fields[14])) / 100
    children = pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return cpu_of(process) + ended + sum(family_cpu(int(child)) for child in children)


def measure(way, batch, where, server):
    """Microseconds a row: of the clock, and of CPU on both sides."""
    before = family_cpu(server.process.pid) if server else 0
    words = [BUILD / "bench/load_floor", way, str(ROWS), str(batch), where]
    rows, seconds, own = subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout.split()
    cpu = float(own) + (family_cpu(server.process.pid) - before if server else 0)
    return float(seconds) / int(rows) * 1e6, cpu / int(rows) * 1e6


def compare(kind, where, server):
    """All ways in turns, each against the first one of the same round."""
    ways, rounds = WAYS[kind], []
    for _ in range(ROUNDS):
        rounds.append([measure(way, batch, where(), server) for way, batch in ways])
    entries = []
    for at, (way, batch) in enumerate(ways):
        clock = statistics.median(one[at][0] for one in rounds)
        cpu = statistics.median(one[at][1] for one in rounds)
        faster = statistics.median(one[0][0] / one[at][0] for one in rounds)
        cheaper = statistics.median(one[0][1] / one[at][1] for one in rounds)
        entries.append({"name": f"fresh_{way}_{batch}", "clock_us": clock, "cpu_us": cpu, "faster": faster, "cheaper": cheaper,
                        "text": f"{clock:.1f} µs a row, {cpu:.1f} of CPU; {faster:.2f} of the first by the clock, {cheaper:.2f} by CPU"})
    return entries


def bench_fresh_tables(space):
    with Postgres() as server:
        entries = compare("postgres", server.url, server)
    with Mariadb() as server:
        entries += compare("mariadb", lambda: f"ctk:secret@127.0.0.1:{server.port}/ctk", server)
    return entries + compare("sqlite", lambda: str(space.database()), None)
