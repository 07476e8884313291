"""Benchmarks of time: simulated time, what idle shards cost, and how late a change is seen."""
import json
import subprocess

from measuring import BUILD, figure


WEEK = 7 * 24 * 3600
IDLE_POLL = 5000  # ms, the program's own for DynamoDB Streams


def virtual(name, shards, changes, seconds, aim):
    """How many times faster than real time, in CPU time of one core."""
    words = [str(word) for word in (shards, changes, seconds, IDLE_POLL)]
    run = json.loads(subprocess.run([BUILD / "bench/virtual_time", *words], stdout=subprocess.PIPE, check=True).stdout)
    more = (f"{seconds:,} s in {run['cpu_seconds']:.1f} s of CPU, {run['changes']:,} changes, {run['polls']:,} polls, "
            f"{run['rolls']:,} rolls")
    entry = figure(name, seconds / run["cpu_seconds"], "× real time", aim, "≥", more)
    entry.update(run)
    return entry


def bench_virtual_time(_):
    return [virtual("virtual_time_busy", 100, 100, 3600, 500),
            virtual("virtual_time_quiet", 4, 0, WEEK, 10_000),
            virtual("virtual_time_week", 100, 1, WEEK, WEEK // 60)]
