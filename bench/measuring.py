"""What every benchmark needs: a folder for files, the relay as a process, floors, and a line of result with its aim."""
import json
import os
import pathlib
import resource
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("CTK_BUILD", ROOT / "build"))
sys.path.insert(0, str(ROOT / "tests" / "blackbox"))
os.environ.setdefault("CTK_PROGRAM", str(BUILD / "ctk"))
EVENTS = int(os.environ.get("CTK_BENCH_EVENTS", "200000"))
ROUNDS = int(os.environ.get("CTK_BENCH_ROUNDS", "3"))
EVENT_BYTES = 1024
VERIFIED = int(os.environ.get("CTK_BENCH_VERIFIED", "1000000"))
VERIFIED_BYTES = 256


def quiet_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CRATEDB_"))}


class Workspace:
    """A folder for one run: events, items and databases."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.files = {}

    def events(self, count=EVENTS, size=EVENT_BYTES):
        return self.made_by("write_events", count, size)

    def items(self, count=EVENTS, size=EVENT_BYTES):
        return self.made_by("write_items", count, size)

    def made_by(self, program, count, size):
        key = (program, count, size)
        if key not in self.files:
            path = self.folder / f"{program}-{count}-{size}.ndjson"
            with open(path, "wb") as out:
                subprocess.run([BUILD / "bench" / program, str(count), str(size), "1"], stdout=out, check=True)
            self.files[key] = path
        return self.files[key]

    def database(self):
        path = self.folder / "bench.db"
        for old in self.folder.glob("bench.db*"):
            old.unlink()
        return path


def load(source, target, *options):
    """Runs the relay; returns (changes a second over the whole process, CPU seconds, summary)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = run_load(source, target, *options)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise RuntimeError(f"ctk load ended with {done.returncode}: {done.stderr.decode()}")
    summary = json.loads(done.stdout)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return summary["read"] / seconds, cpu, summary


def run_load(source, target, *options, **variables):
    return subprocess.run([BUILD / "ctk", "load", source, target, "--quiet", "--format", "json", *options],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=quiet_environment() | variables)


def allocations(source, target):
    """What the relay has allocated by its end, start and stop of the process included, and its changes: jemalloc counts it.
    (Its `nmalloc` is what went from the arenas into the threads' caches: nothing that a thread frees and asks for again.)"""
    done = run_load(source, target, MALLOC_CONF="stats_print:true,stats_print_opts:Jdablxe")
    said = done.stderr.decode()
    counts = json.loads(said[said.index('{"jemalloc"'):said.rindex("}") + 1])["jemalloc"]["stats.arenas"]["merged"]
    return sum(counts[size]["nrequests"] for size in ("small", "large")), json.loads(done.stdout)["read"]


def floor(kind, source, path, where):
    """Changes a second of the plain loop; `source` is "events" or "items"."""
    out = subprocess.run([BUILD / "bench/sql_floor", kind, source, path, where], stdout=subprocess.PIPE, check=True).stdout
    rows, seconds = out.split()
    return EVENTS / float(seconds) if int(rows) else 0


def paired(ours, theirs):
    """The median of the ratios of pairs measured in turns, and the medians of both sides."""
    pairs = [(ours(), theirs()) for _ in range(ROUNDS)]
    return (statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs),
            statistics.median(b for _, b in pairs))


def cpu_of(process):
    """Seconds of CPU that a running process has used."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Endpoint:
    """An endpoint of bench/ in a process of its own."""

    def __init__(self, program, *words):
        self.process = subprocess.Popen([BUILD / "bench" / program, *map(str, words)], stdout=subprocess.PIPE)
        self.address = self.process.stdout.readline().decode().split("http://")[1].strip()

    def cpu(self):
        return cpu_of(self.process.pid)

    def kinesis_url(self, options="once=true&idle-poll=0"):
        return f"kinesis+dynamodb+cdc://k:s@{self.address}/bench?region=us-east-1&{options}"

    def stream_url(self, options=""):
        return f"dynamodb+cdc://k:s@{self.address}/bench?region=us-east-1{options}"

    def table_url(self):
        return f"dynamodb://k:s@{self.address}/bench?region=us-east-1"

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def result(name, ratio, ours, theirs, unit, aim=None):
    """A ratio, best large. `aim` is the least that it should be."""
    entry = {"name": name, "ratio": ratio, "ours": ours, "floor": theirs, "unit": unit,
             "text": f"ratio {ratio:.2f} (ours {ours:.4g}, floor {theirs:.4g}, {unit})"}
    return entry if aim is None else aimed(entry, ratio, aim, "≥")


def figure(name, value, unit, aim, sense, more=""):
    """A plain figure that should be `sense` ("≥", "≤", "<") its aim."""
    text = f"{value:,.4g} {unit}{f' ({more})' if more else ''}"
    return aimed({"name": name, "value": value, "unit": unit, "text": text}, value, aim, sense)


def aimed(entry, value, aim, sense):
    met = value >= aim if sense == "≥" else value <= aim if sense == "≤" else value < aim
    verdict = "met" if met else f"missed by {abs(value - aim) / aim:.0%}"
    entry.update(aim=aim, met=met, text=f"{entry['text']}; aim {sense} {aim:g}: {verdict}")
    return entry
