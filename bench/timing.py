"""Benchmarks of time: simulated time, what idle shards cost, and how late a change is seen."""
import json
import subprocess
import time
import urllib.request

from measuring import BUILD, Endpoint, cpu_of, figure, load, quiet_environment


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


def relay_of(endpoint, database, options):
    """A relay that follows the endpoint's stream until it is killed."""
    return subprocess.Popen([BUILD / "ctk", "load", endpoint.stream_url(options), f"sqlite:///{database}?table=bench", "--quiet"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet_environment())


IDLE_SHARDS = 1000
QUIET_AFTER = 75  # seconds: a minute until a shard counts as idle, and the start
MONTH = 30 * 24 * 3600
# us-east-1: the first 2.5 million calls a month are free.
FREE_CALLS, DOLLARS_A_CALL = 2_500_000, 0.02 / 100_000


def calls_of(endpoint):
    request = urllib.request.Request(f"http://{endpoint.address}/", b"{}", {"X-Amz-Target": "Bench.Calls"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(answer.read())


def bench_idle(space):
    """What following idle shards costs, once they count as idle. All settings at once: a relay and an endpoint for each."""
    endpoints, relays = {}, {}
    try:
        for poll in ("1s", "5s", "30s"):
            endpoints[poll] = Endpoint("streams_endpoint", IDLE_SHARDS)
            relays[poll] = relay_of(endpoints[poll], space.folder / f"idle-{poll}.db", f"&idle-poll={poll}")
        time.sleep(QUIET_AFTER)
        before = {poll: (calls_of(endpoints[poll]), cpu_of(relays[poll].pid), time.monotonic()) for poll in relays}
        time.sleep(60)
        entries = []
        for poll, (calls, cpu, start) in before.items():
            seconds = time.monotonic() - start
            rate = (calls_of(endpoints[poll]) - calls) / seconds
            month = rate * MONTH
            price = max(0, month - FREE_CALLS) * DOLLARS_A_CALL
            entry = figure(f"idle_{IDLE_SHARDS}_shards_{poll}", (cpu_of(relays[poll].pid) - cpu) / seconds, "cores", 0.2, "<",
                           f"{rate * 60:,.0f} GetRecords a minute, {month / 1e6:,.0f} million a month: ${price:,.2f}")
            entry.update(calls_a_month=month, dollars_a_month=price)
            entries.append(entry)
        return entries
    finally:
        for process in relays.values():
            process.kill()
            process.wait()
        for endpoint in endpoints.values():
            endpoint.stop()


POLLED_SHARDS, SHARD_CHANGES = 4, 1000  # changes of 1 KB a second are what a shard takes
# us-east-1, a shard and month: what a call costs, what the shard does.
POLLED = {"streams": (DOLLARS_A_CALL, 0), "kinesis": (0, 10.95), "fan-out": (0, 21.90)}
BY_MAX_LAG = [("streams", 0.2, 150), ("streams", 0.2, 1000), ("kinesis", 0.2, 1000)]


def polled(source, shards, rate, pattern, seconds, max_lag=None):
    """Change → row by the virtual clock, with the calls and dollars of a shard."""
    words = [source, str(shards), str(rate), pattern, str(seconds)] + ([str(max_lag)] if max_lag else [])
    seen = json.loads(subprocess.run([BUILD / "bench/polling", *words], stdout=subprocess.PIPE, check=True).stdout)
    call, shard = POLLED[source]
    dollars = seen["calls_a_second"] * MONTH * call + shard
    name = "_".join(["polling", *words[:1], *words[2:4], *(["max_lag", words[5]] if max_lag else [])])
    return {"name": name, **seen, "dollars_a_month": dollars,
            "text": f"p50 {seen['p50_ms']:.0f} ms, p99 {seen['p99_ms']:.0f} ms; {seen['calls_a_second']:.2f} calls a second and "
                    f"shard, ${dollars:.2f} a month and shard"}


def bench_polling(_):
    """At 1, 20 and 80 % of what the shards take; even intervals; and what max-lag makes of it."""
    entries = []
    for source in POLLED:
        for part, seconds in ((0.01, 60), (0.2, 30), (0.8, 20)):
            entries.append(polled(source, POLLED_SHARDS, round(part * SHARD_CHANGES * POLLED_SHARDS), "random", seconds))
    for source in ("streams", "kinesis"):
        entries.append(polled(source, 1, 1, "regular", 300))
        entries.append(polled(source, 1, 1 / 30, "regular", 3600))
    for source, part, max_lag in BY_MAX_LAG:
        entries.append(polled(source, POLLED_SHARDS, round(part * SHARD_CHANGES * POLLED_SHARDS), "random", 30, max_lag))
    return entries


LATENCY_SHARDS, LATENCY_SECONDS = 64, 40


def bench_latency(space):
    """How long it takes until a change is visible, at a fifth of the rate at which the relay loads a file of changes."""
    most = load(f"file+dynamodb+cdc://{space.events()}", f"sqlite:///{space.database()}?table=bench")[0]
    rate = round(most / 5)
    database = space.database()
    endpoint = Endpoint("streams_endpoint", LATENCY_SHARDS, rate, LATENCY_SECONDS, database)
    relay = relay_of(endpoint, database, "")
    try:
        seen = json.loads(endpoint.process.stdout.readline())
        cpu = cpu_of(relay.pid)
    finally:
        relay.kill()
        relay.wait()
        endpoint.stop()
    more = f"{seen['changes']:,} changes, {rate:,} a second; relay {cpu / LATENCY_SECONDS:.2f} cores; longest {seen['max_ms']:.0f} ms"
    entries = [figure("latency_p50", seen["p50_ms"], "ms", 80, "≤", more), figure("latency_p99", seen["p99_ms"], "ms", 200, "≤")]
    entries[0].update(seen, changes_a_second=rate)
    return entries
