"""A stream of the simulated Kinesis and a relay that is treated badly: what every target's tests share."""
import json
import random
import signal

from events import Model, put_into, to_lines
from harness import Case, finish
from servers import wait_until


class Relaying(Case):
    """Subclasses give `kinesis` (a server) and make_target()."""
    kinesis = None
    shards = 4

    def setUp(self):
        super().setUp()
        self.stream = self.id().rpartition(".")[2].replace("_", "-")[:100]
        self.kinesis.create(self.stream, self.shards)
        self.model = Model()
        self.target = self.make_target()

    def source(self, **options):
        query = "".join(f"&{name.replace('_', '-')}={value}" for name, value in options.items())
        return f"kinesis+dynamodb+cdc://k:s@127.0.0.1:{self.kinesis.port}/{self.stream}?region=us-east-1{query}"

    def write(self, count):
        first = len(self.model.events)
        for _ in range(count):
            self.model.write_anything()
        put_into(self.kinesis.client, self.stream, self.model.events[first:])

    def start_relay(self, *more, **options):
        return self.start_ctk("load", self.source(**options), self.target.url(), *more)

    def load_once(self, *more, expect=0, **options):
        return self.run_json("load", self.source(once="true", **options), self.target.url(), *more, expect=expect)


class OnAServer:
    """Cases that hold on every database server; mixed into a Relaying whose target has a `server`. The URL names the user
    `ctk`, the password `secret`."""
    password_variable = None  # of the environment

    def test_a_wrong_password(self):
        self.write(5)
        _, err = self.run_ctk("load", self.source(once="true"), self.target.url().replace("secret", "s3kr1t"), expect=1)
        self.assertIn("password", err)
        self.assertNotIn("s3kr1t", err)

    def test_the_password_of_the_environment(self):
        self.write(5)
        url = self.target.url().replace(":secret@", "@")
        self.run_ctk("load", self.source(once="true"), url, env={self.password_variable: "secret"})
        self.assert_holds(self.target, self.model)

    def test_files_arrive_too(self):
        for _ in range(200):
            self.model.write_anything()
        (self.home / "events").write_text(to_lines(self.model.events))
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", self.target.url())
        self.assert_holds(self.target, self.model)

    def test_the_server_goes_away_and_comes_back(self):
        self.write(100)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        self.target.server.halt()
        self.write(100)
        self.target.server.start()
        self.write(100)
        self.wait_for(self.target, self.model, process=process, seconds=90)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)

    def test_shell_and_show(self):
        self.write(40)
        self.load_once()
        url, table, view = self.target.url(), self.target.table("demo"), self.target.table("demo_live")
        out, _ = self.run_ctk("shell", "-c", f"SELECT count(*) AS n FROM {view};", "--format", "json", url)
        self.assertEqual(json.loads(out), [{"n": len(self.model.items)}])
        shown = self.run_json("show", "table", table, url)
        self.assertEqual(shown["living"], len(self.model.items))
        self.assertEqual(len(shown["positions"]), self.shards)
        _, err = self.run_ctk("show", "table", view, url, expect=1)
        self.assertIn("demo_live is a view, and not a table", err)
        self.assertEqual(len(self.run_json("positions", "list", url)), self.shards)


class Hardships:
    """Cases that hold on every target with positions of its own; mixed into a Relaying."""

    def test_once_and_again(self):
        self.write(500)
        counts = self.load_once()
        self.assertEqual((counts["read"], counts["dead_letters"]), (500, 0))
        self.assert_holds(self.target, self.model)
        self.write(100)
        self.assertEqual(self.load_once()["read"], 100)
        self.assert_holds(self.target, self.model)

    def test_killed_at_random_moments(self):
        """kill -9, ten times; the last run ends what the others began."""
        moments = random.Random(7)
        self.write(1000)
        for _ in range(10):
            process = self.start_relay(once="true")
            try:
                process.wait(moments.uniform(0.01, 0.5))
            except Exception:  # it still runs: that is the point
                process.kill()
            process.communicate()
            self.write(30)
        self.load_once()
        self.assert_holds(self.target, self.model)

    def test_replayed_from_the_start(self):
        self.write(300)
        self.load_once()
        again = self.load_once("--reset")
        self.assertEqual(again["read"], 300)
        self.assert_holds(self.target, self.model)

    def test_shards_split_and_merge(self):
        process = self.start_relay()
        for target in (8, 3, 5):
            self.write(200)
            self.kinesis.client("UpdateShardCount", StreamName=self.stream, TargetShardCount=target,
                                ScalingType="UNIFORM_SCALING")
            self.write(200)
        self.wait_for(self.target, self.model, process=process)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)

    def test_terminated_it_flushes(self):
        self.write(200)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        self.assertEqual(self.stop_ctk(process)[0], 0)
        self.assertEqual(self.load_once()["read"], 0, "everything was stored")

    def test_a_second_signal_ends_it_at_once(self):
        self.write(20)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        code, _, _ = finish(process, seconds=20)
        self.assertIn(code, (0, 130))


class Fencing:
    """Transactional targets: of two relays of the same name, only the one started last writes."""

    def test_two_relays_of_the_same_name(self):
        self.write(50)
        first = self.start_relay()
        self.wait_for(self.target, self.model, process=first)
        second = self.start_relay()
        # It has something to write until it notices: the second may take its time to start.
        wait_until("the first has ended", lambda: self.write(5) or first.poll() is not None, seconds=60)
        code, _, err = finish(first, seconds=60)
        self.assertEqual(code, 1, err)
        self.assertRegex(err, "taken over")
        self.write(50)
        self.wait_for(self.target, self.model, process=second)
        code, _, err = self.stop_ctk(second)
        self.assertEqual(code, 0, err)
