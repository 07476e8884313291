"""What a change costs as shards, rows and bytes become more, and what memory a load of a very large table takes."""
import os
import re
import subprocess
import time
import urllib.request

from measuring import BUILD, ROUNDS, Endpoint, cpu_of, figure, load, quiet_environment
from servers import free_port

TARGET = "ndjson:///dev/null"
SHARDS = (1, 4, 16, 64, 256, 1000)
SIZES = (100, 1024, 4096, 16_384, 65_536, 400_000)  # of an item; its event has 900 bytes at least
ROWS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
ENDLESS = int(os.environ.get("CTK_BENCH_ENDLESS_SECONDS", "300"))


def least(source):
    """Seconds of CPU of the whole process, and its changes."""
    runs = [load(source, TARGET) for _ in range(ROUNDS)]
    return min(cpu for _, cpu, _ in runs), runs[0][2]["read"]


def entry(name, cpu, changes, size):
    each = cpu / changes * 1e6
    return {"name": name, "cpu_us": each, "changes": changes,
            "text": f"{each:.2f} µs of CPU a change, {each / size * 1024:.2f} a KB ({changes:,} changes, {cpu:.2f} s)"}


def from_kinesis(space, name, count, size, shards):
    events = space.events(count, size)
    endpoint = Endpoint("kinesis_endpoint", events, shards)
    try:
        return entry(name, *least(endpoint.kinesis_url("once=true&idle-poll=0&protocol=cbor")), events.stat().st_size / count)
    finally:
        endpoint.stop()


def from_scan(count):
    endpoint = Endpoint("scan_endpoint", count, 250)
    try:
        return entry(f"scaling_rows_{count}", *least(endpoint.table_url()), 250)
    finally:
        endpoint.stop()


def bench_scaling(space):
    """The whole process, its start and end included, which is what the smallest ones show."""
    entries = [from_kinesis(space, f"scaling_shards_{shards}", 200_000, 1024, shards) for shards in SHARDS]
    for size in SIZES:
        entries.append(from_kinesis(space, f"scaling_bytes_{size}", min(200_000, 100_000_000 // size), size, 4))
    return entries + [from_scan(count) for count in ROWS]


def loaded(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
        return int(re.search(rb"^ctk_load_items\S* (\d+)$", page.read(), re.M).group(1))


def rss(process):
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


def bench_endless_load(_):
    """A table of 100 million items that is made on the fly: RSS as they are loaded, for some minutes."""
    endpoint, port = Endpoint("scan_endpoint", 100_000_000, 250), free_port()
    relay = subprocess.Popen([BUILD / "ctk", "load", endpoint.table_url(), TARGET, "--quiet", "--listen", f"127.0.0.1:{port}"],
                             stdout=subprocess.DEVNULL, env=quiet_environment())
    try:
        seen, end = [], time.monotonic() + ENDLESS
        while time.monotonic() < end and relay.poll() is None:
            time.sleep(5)
            seen.append((loaded(port), rss(relay.pid)))
        items, cpu = seen[-1][0], cpu_of(relay.pid)
        marks = [next((one for one in seen if one[0] >= mark * 1e6), None) for mark in (1, 5, 10, 20, 50, 90)]
        more = "; ".join(f"{at / 1e6:.0f} M: {size:.0f} MB" for at, size in filter(None, marks))
        return [figure("endless_load", max(size for _, size in seen), "MB at most", 80, "≤",
                       f"{items / 1e6:.0f} M items, {cpu / items * 1e6:.2f} µs of CPU each; {more}")]
    finally:
        relay.kill()
        relay.wait()
        endpoint.stop()
