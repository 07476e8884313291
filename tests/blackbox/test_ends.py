"""How a run ends: on a pipe that stays open, by a signal, at a bad line, as a dry run."""
import array
import fcntl
import json
import os
import pathlib
import re
import resource
import signal
import sqlite3
import subprocess
import termios
import unittest

import aws
from events import Model, put_into, to_lines
from harness import PROGRAM, Case, SqliteTarget, clean_environment, finish
from listening import follow, get
from servers import SimulatedKinesis, wait_until

STDIN = "file+dynamodb+cdc:-"


class Pipes(Case):
    """Standard input that stays open."""

    def setUp(self):
        super().setUp()
        self.model = Model()
        self.target = SqliteTarget(self.home)
        self.process = None

    def start_relay(self, *more):
        self.process = self.start_ctk("load", STDIN, self.target.url(), *more, stdin=subprocess.PIPE)

    def write(self, count):
        first = len(self.model.events)
        for _ in range(count):
            self.model.write_anything()
        self.process.stdin.write(to_lines(self.model.events[first:]).encode())
        self.process.stdin.flush()

    def ends_with(self, code):
        """The pipe stays open: finish() would close it first."""
        self.assertEqual(self.process.wait(20), code)
        return finish(self.process)

    def test_lines_are_applied_as_they_come(self):
        self.start_relay()
        for _ in range(3):
            self.write(5)
            self.wait_for(self.target, self.model, process=self.process)

    def test_an_object_is_applied_before_its_line_ends(self):
        self.start_relay()
        self.model.put("a")
        self.model.put("b")
        whole, torn = to_lines(self.model.events[:1]).strip(), to_lines(self.model.events[1:])
        self.process.stdin.write((whole + torn[:40]).encode())
        self.process.stdin.flush()
        wait_until("the whole one is there", lambda: len(self.target.rows("demo") or {}) == 1, process=self.process)
        self.process.stdin.write(torn[40:-1].encode())
        self.process.stdin.flush()
        self.wait_for(self.target, self.model, process=self.process)
        self.process.stdin.write(b'{"eventName":"INS')
        self.process.stdin.flush()
        self.process.terminate()
        _, _, err = self.ends_with(0)
        self.assertIn("read 2, applied 2,", err)
        self.assertIn("dead letters 0,", err)

    def test_a_target_that_is_not_there_is_told_before_the_first_byte(self):
        self.process = self.start_ctk("load", STDIN, "crate://127.0.0.1:1/doc/demo", "--start-timeout", "1s",
                                      stdin=subprocess.PIPE)
        _, _, err = self.ends_with(1)
        self.assertIn("127.0.0.1:1", err)

    def test_a_signal_ends_it_within_the_grace_period(self):
        self.start_relay("--grace", "5s")
        self.write(5)
        self.wait_for(self.target, self.model, process=self.process)
        self.process.terminate()
        self.ends_with(0)
        self.assert_holds(self.target, self.model)

    def test_a_signal_ends_it_before_the_first_byte(self):
        self.start_relay()
        wait_until("it reads", lambda: has_thread(self.process, "ctk-source"), process=self.process)
        self.process.terminate()
        self.ends_with(0)

    def test_a_signal_ends_it_before_anything_was_done(self):
        os.mkfifo(self.home / ".env")  # which is read before all else
        for ending in (signal.SIGTERM, signal.SIGINT):
            process = self.start_ctk("load", STDIN, self.target.url(), stdin=subprocess.PIPE, cwd=self.home)
            with open(self.home / ".env", "w", encoding="utf-8"):  # once the program has opened it, too
                process.send_signal(ending)
            self.assertEqual(process.wait(20), 0)
        shell = self.start_ctk("shell", self.target.url(), cwd=self.home)
        with open(self.home / ".env", "w", encoding="utf-8"):
            shell.terminate()
        self.assertEqual(shell.wait(20), -signal.SIGTERM)

    def test_a_failure_ends_it(self):
        self.start_relay("--on-error", "stop")
        self.write(5)
        self.wait_for(self.target, self.model, process=self.process)
        self.process.stdin.write(b"no JSON\n")
        self.process.stdin.flush()
        self.ends_with(1)


class Signals(Case):
    def setUp(self):
        super().setUp()
        self.model = Model()
        for _ in range(2000):
            self.model.write_anything()
        self.file = self.home / "events.ndjson"
        self.file.write_text(to_lines(self.model.events))

    def test_one_that_comes_after_the_summary_changes_nothing(self):
        for number in range(20):
            process = self.start_ctk("load", f"file+dynamodb+cdc://{self.file}", f"sqlite:///{self.home}/{number}.db?table=demo")
            for line in process.stderr:
                if line.startswith(b"done:"):
                    break
            process.send_signal(signal.SIGINT if number % 2 else signal.SIGTERM)
            self.assertEqual(process.wait(20), 0)

    def endless(self):
        """A file that takes longer to load, a few rows a batch, than the test takes to see the first of them."""
        endless = self.home / "endless.ndjson"
        with open(endless, "w", encoding="utf-8") as out:
            for number in range(300_000):
                out.write('{"eventName":"INSERT","tableName":"demo","dynamodb":{"ApproximateCreationDateTime":1700000000,'
                          f'"Keys":{{"pk":{{"S":"{number}"}}}},"NewImage":{{"pk":{{"S":"{number}"}}}}}}}}\n')
        return endless

    def test_within_a_file_it_is_no_good_end(self):
        endless = self.endless()
        for ending in (signal.SIGTERM, signal.SIGINT):
            target = SqliteTarget(self.home, f"{ending.name}.db")
            process = self.start_ctk("load", f"file+dynamodb+cdc://{endless}", target.url(), "--batch-rows", "50")
            wait_until("it writes", lambda: rows_of(target), process=process)
            process.send_signal(ending)
            code, _, err = finish(process)
            self.assertEqual(code, 1, err)
            applied, = re.findall(r"the load was stopped before the end of the file: (\d+) of its changes are applied", err)
            self.assertIn(f"applied {applied},", err)
            self.assertIn("load it again, all of it", err)
            self.assertLess(rows_of(target), 300_000)

    def test_within_a_file_that_is_standard_input_neither(self):
        target = SqliteTarget(self.home)
        with open(self.endless(), "rb") as endless:
            process = self.start_ctk("load", STDIN, target.url(), "--batch-rows", "50", stdin=endless)
        wait_until("it writes", lambda: rows_of(target), process=process)
        process.terminate()
        code, _, err = finish(process)
        self.assertEqual(code, 1, err)
        self.assertIn("stopped before the end of the file", err)

    def test_behind_the_end_of_a_file_all_of_it_is_written(self):
        process = self.start_ctk("load", f"file+dynamodb+cdc://{self.file}", "ndjson:-", "--listen", "127.0.0.1:0")
        self.lines = []
        url, reader = follow(self, process, 20)

        def states():
            return [shard["state"] for shard in json.loads(get(url, "/status.json")[2])["relays"][0]["shards"]]
        wait_until("it has read the file", lambda: states() == ["ended"], process=process)  # nobody reads what it writes
        process.terminate()
        self.assertEqual(process.stdout.read().count(b"\n"), len(self.model.events))
        self.assertEqual(process.wait(20), 0, self.lines)
        reader.join()

    def test_what_a_pipe_gave_and_nobody_could_write_is_told(self):
        target = SqliteTarget(self.home)
        process = self.start_ctk("load", STDIN, target.url(), "--grace", "2s", stdin=subprocess.PIPE)
        put = Model()
        put.put("first")
        process.stdin.write(to_lines(put.events).encode())
        process.stdin.flush()
        self.wait_for(target, put, process=process)
        with sqlite3.connect(target.path) as other:
            other.execute("BEGIN EXCLUSIVE")
            process.stdin.write(self.file.read_bytes())
            process.stdin.flush()
            wait_until("it has read the pipe", lambda: unread(process.stdin) == 0, process=process)
            process.terminate()
            self.assertEqual(process.wait(20), 1)
            other.rollback()
        _, _, err = finish(process)
        self.assertIn("not all that it had read is written: 1 changes are applied", err)
        self.assertNotIn("will be read again", err)

    def test_the_closing_counts_are_the_tables(self):
        target = SqliteTarget(self.home)
        process = self.start_ctk("load", STDIN, target.url(), "--format", "json", stdin=subprocess.PIPE)
        process.stdin.write(self.file.read_bytes())
        process.stdin.flush()
        self.wait_for(target, self.model, process=process)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 0)
        _, out, err = finish(process)
        marked, = target.query("SELECT count(*) FROM demo WHERE cdc_deleted")[0]
        self.assertGreater(marked, 0)
        self.assertEqual(json.loads(out)["marked"], marked)
        self.assertIn(f"; {len(self.model.items)} living (demo_live), {marked} marked", err)
        self.assertIn("a second Ctrl-C ends it at once", err)


class FullOutputs(Case):
    """What is written to takes no more."""

    def setUp(self):
        super().setUp()
        changes = ({"ApproximateCreationDateTime": 1720740000000, "Keys": {"pk": {"S": str(n)}},
                    "NewImage": {"pk": {"S": str(n)}, "text": {"S": "x" * 300}}} for n in range(2000))
        (self.home / "events.ndjson").write_text("".join(
            json.dumps({"eventID": str(n), "eventName": "INSERT", "tableName": "demo", "dynamodb": change}) + "\n"
            for n, change in enumerate(changes)))
        self.source = f"file+dynamodb+cdc://{self.home}/events.ndjson"

    def load(self, *arguments, stdout=None, limit=None):
        def confine():
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return subprocess.run([PROGRAM, "load", self.source, *arguments], env=clean_environment(), stdout=stdout,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, preexec_fn=confine, text=True, timeout=60)

    def assert_ends(self, ended, words):
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertIn(words, ended.stderr)
        self.assertNotIn("waiting it out", ended.stderr)

    def test_standard_output(self):
        sqlite = f"sqlite:///{self.home}/full.db?table=demo"
        for arguments in ((sqlite, "--dry-run"), ("postgresql://127.0.0.1:1/db?table=demo", "--dry-run"),
                          ("crate://127.0.0.1:1/doc/demo", "--dry-run"), ("ndjson:-", "--dry-run"), ("ndjson:-",), (sqlite, "--format", "json")):
            with self.subTest(arguments), open("/dev/full", "w", encoding="utf-8") as full:
                self.assert_ends(self.load(*arguments, stdout=full),
                                 "ctk: cannot write to standard output: No space left on device\n")

    def test_a_limit_of_the_files_size(self):
        for target, words in ((f"ndjson://{self.home}/small.ndjson", "small.ndjson: File too large\n"),
                              (f"sqlite:///{self.home}/small.db?table=demo", "small.db may not grow any further: File too large\n")):
            with self.subTest(target):
                self.assert_ends(self.load(target, limit=200_000), words)


class BadChanges(Case):
    """--on-error stop: what came before the bad change is applied, nothing after."""

    def setUp(self):
        super().setUp()
        self.target = SqliteTarget(self.home)

    def stop_at(self, bad, before, after=3000, source="file+dynamodb+cdc:-"):
        """Plays `before` changes, a bad line and `after` more, and compares."""
        model = Model(seed=before)
        for _ in range(before):
            model.write_anything()
        lines = to_lines(model.events) + bad + "\n"
        later = Model(seed=2, start=model.time + 1)
        for _ in range(after):
            later.write_anything()
        _, err = self.run_ctk("load", source, self.target.url(), "--on-error", "stop", expect=1,
                              stdin=(lines + to_lines(later.events)).encode())
        self.assertIn(f"position {before + 1}", err)
        if before:
            self.assert_holds(self.target, model)
        return err

    def test_a_line_that_is_no_json(self):
        for before in (0, 1, 2, 37, 1500, 4000):
            with self.subTest(before=before):
                self.target.path = self.home / f"{before}.db"
                self.stop_at("this is no JSON", before)

    def test_a_change_without_an_image(self):
        bad = Model().put("x")
        del bad["dynamodb"]["NewImage"]
        self.stop_at(json.dumps(bad), 700)

    def test_a_key_of_another_type(self):
        bad = Model(start=1_795_318_371_900_000).put("x")
        for image in ("Keys", "NewImage"):
            bad["dynamodb"][image]["sk"] = {"S": "no number"}
        self.stop_at(json.dumps(bad), 700)


class DryRuns(Case):
    """A dry run of every source ends where the run would, prints each statement once, and touches nothing."""
    items = 60

    @classmethod
    def setUpClass(cls):
        cls.server = SimulatedKinesis()
        cls.addClassCleanup(cls.server.stop)
        cls.dynamodb = aws.Client.dynamodb(cls.server.url)
        cls.dynamodb("CreateTable", TableName="demo", BillingMode="PAY_PER_REQUEST",
                     AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in (("pk", "S"), ("sk", "N"))],
                     KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in (("pk", "HASH"), ("sk", "RANGE"))],
                     StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        cls.server.create("cdc", 2)
        model = Model()
        for number in range(cls.items):
            key = {"pk": {"S": f"k{number}"}, "sk": {"N": "0"}}
            cls.dynamodb("PutItem", TableName="demo", Item=key | {"n": {"N": str(number)}})
            model.put(f"k{number}", n={"N": str(number)})
        put_into(cls.server.client, "cdc", model.events)
        cls.lines = to_lines(model.events)

    def sources(self):
        """Every way to read those 60 changes or items that ends by itself, and how often it reads each."""
        host = f"k:s@127.0.0.1:{self.server.port}"
        file = self.home / "events.ndjson"
        file.write_text(self.lines)
        return [(f"file+dynamodb+cdc://{file}?", 1), (f"dynamodb://{host}/demo?region=us-east-1", 1),
                (f"dynamodb+cdc://{host}/demo?region=us-east-1&once=true", 1),
                (f"dynamodb+cdc://{host}/demo?region=us-east-1&once=true&snapshot=initial", 2),
                (f"dynamodb+cdc://{host}/demo?region=us-east-1&once=true&positions=memory", 1),
                (f"kinesis+dynamodb+cdc://{host}/cdc?region=us-east-1&once=true", 1)]

    def targets(self):
        """Addresses that nobody answers at, files that are not there."""
        return ["crate://127.0.0.1:1/doc/demo", "postgresql://u@127.0.0.1:1/db?table=public.demo",
                f"sqlite:///{self.home}/never.db?table=demo", f"ndjson:///{self.home}/never.ndjson"]

    def test_a_result_that_cannot_be_written_is_a_failure(self):
        source, _ = self.sources()[0]
        for words in "--dry-run", "--format json":
            for output, target in (">/dev/full", f"sqlite:///{self.home}/x.db?table=demo"), (">&-", "crate://127.0.0.1:1/doc/demo"):
                target = target if "dry" in words else f"sqlite:///{self.home}/x.db?table=demo"
                self.unwritten(source, target, words, output)
        self.unwritten(source, "ndjson:-", "", ">&-")

    def unwritten(self, source, target, words, output):
        with self.subTest(f"{target} {words} {output}"):
            run = subprocess.run(["sh", "-c", f'exec "$0" load "$1" "$2" {words} {output}', PROGRAM, source, target],
                                 env=clean_environment(), capture_output=True, text=True, timeout=20)
            self.assertEqual(run.returncode, 1, run.stderr)
            self.assertIn("cannot write to standard output", run.stderr)

    def test_every_source_into_every_target(self):
        for source, times in self.sources():
            for target in self.targets():
                with self.subTest(source=source, target=target):
                    out, _ = self.run_ctk("load", source, target, "--dry-run")
                    for number in range(self.items):
                        rows = [line for line in out.splitlines() if re.search(rf"""["']k{number}["']""", line)]
                        self.assertIn(len(rows), range(1, times + 1), rows)
                    made = [line for line in out.splitlines() if line.startswith("CREATE ")]
                    self.assertEqual(len(made), len(set(made)))
                    self.assertEqual(list(self.home.glob("never*")), [])

    def test_a_reader_that_goes_ends_it(self):
        for source, _ in self.sources():
            process = self.start_ctk("load", source, "crate://127.0.0.1:1/doc/demo", "--dry-run")
            process.stdout.close()
            process.stdout = None
            self.assertIn(process.wait(20), (0, -signal.SIGPIPE))

    def test_nothing_is_made_at_the_source(self):
        host = f"k:s@127.0.0.1:{self.server.port}"
        self.run_ctk("load", f"kinesis+dynamodb+cdc://{host}/new?region=us-east-1&create=true&once=true",
                     f"sqlite:///{self.home}/never.db", "--dry-run", expect=1)
        self.assertNotIn("new", self.server.client("ListStreams")["StreamNames"])

    def test_a_dead_letter_is_printed_with_all_that_is_known(self):
        bad = Model().put("x")
        for image in ("Keys", "NewImage"):
            bad["dynamodb"][image]["sk"] = {"S": "no number"}
        file = self.home / "bad.ndjson"
        file.write_text(self.lines + json.dumps(bad) + "\n")
        for target in self.targets():
            with self.subTest(target=target):
                option = "&dead-letters=" + str(self.home / "never.letters") if target.startswith("ndjson") else ""
                target += f"?{option}" if option else ""
                out, err = self.run_ctk("load", f"file+dynamodb+cdc://{file}", target, "--dry-run", expect=4)
                self.assertIn("00000001.1.", [line for line in (out + err).splitlines() if "no number" in line][-1]
                              if not target.startswith(("postgresql", "sqlite")) else out)
                self.assertEqual(list(self.home.glob("never*")), [])

    def test_a_table_that_may_not_be_made_is_taken_for_there(self):
        file = self.home / "events.ndjson"
        file.write_text(self.lines)
        for target in self.targets()[:3]:
            with self.subTest(target=target):
                out, _ = self.run_ctk("load", f"file+dynamodb+cdc://{file}", target, "--create-table=false", "--dry-run")
                self.assertNotIn("CREATE", out)
                self.assertIn("INSERT INTO", out)


def rows_of(target):
    """How many rows the table has; 0 where it is not there, or somebody writes."""
    try:
        return target.query("SELECT count(*) FROM demo")[0][0]
    except sqlite3.OperationalError:
        return 0


def unread(pipe):
    """How many bytes wait in it."""
    waiting = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, waiting)
    return waiting[0]


def has_thread(process, name):
    """Whether the process has a thread of that name by now."""
    return any(name in comm.read_text() for comm in pathlib.Path(f"/proc/{process.pid}/task").glob("*/comm"))


if __name__ == "__main__":
    unittest.main()
