"""`ctk load --config FILE`: several relays in one process, as an operator runs them."""
import json
import os
import pathlib
import re
import shlex
import signal

from harness import Case, SqliteTarget
from listening import follow, get
from servers import TESTS, wait_until
from simulator import Simulator

MEGABYTE = 1 << 20


class Config(Case):
    tables = ("alpha", "beta")

    def setUp(self):
        super().setUp()
        options = [word for table in self.tables for word in ("--table", f"{table}:pk:sk")]
        self.simulator = Simulator(self, *options, "--limits", "off")
        self.file = self.home / "relays.toml"
        self.lines = []

    def relay(self, name, table=None, target=None, **options):
        """A [[relay]]; `options` are TOML values."""
        table = table or name
        words = {"positions-name": f'"{name}"', "target": f'"{target or self.target(name).url(table)}"',
                 "source": f'"dynamodb+cdc://k:secret-of-the-source@127.0.0.1:{self.simulator.port}/{table}"',
                 "region": '"us-east-1"'} | options
        return "[[relay]]\n" + "".join(f"{key.replace('_', '-')} = {value}\n" for key, value in words.items())

    def target(self, name):
        return SqliteTarget(self.home, f"{name}.db")

    def write_config(self, *parts, defaults='idle-poll = "200ms"\n'):
        self.file.write_text("".join(parts) + "[defaults]\n" + defaults)

    def start(self, *more, **options):
        """The process, and the URL where it listens; its standard error goes to self.lines."""
        process = self.start_ctk("load", "--config", str(self.file), "--listen", "127.0.0.1:0", *more, **options)
        url, self.reader = follow(self, process, 30)
        return process, url

    def ends(self, process, code, seconds=60):
        self.assertEqual(process.wait(seconds), code, "".join(self.lines))
        self.reader.join(10)
        return "".join(self.lines)

    def status(self, url):
        return {relay["name"]: relay for relay in json.loads(get(url, "/status.json")[2])["relays"]}

    def wait_rows(self, name, count, table=None):
        wait_until(f"{name} has {count} rows", lambda: len(self.target(name).rows(table or name) or {}) == count, 60)

    def wait_for_line(self, text):
        wait_until(f"a line says {text}", lambda: any(text in line for line in self.lines), 30)

    def put(self, table, count, first=0):
        for number in range(first, first + count):
            self.simulator.put(number, table)


class Relays(Config):
    def deny(self, *actions):
        """Nothing, or these."""
        statements = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
        statements += [{"Effect": "Deny", "Action": list(actions), "Resource": "*"}] if actions else []
        self.simulator.happen("set-policy", policy={"Version": "2012-10-17", "Statement": statements})

    def failures(self):
        return [line for line in self.lines if "the relay has failed, and is begun again" in line]

    def test_another_failure_is_logged_however_soon_it_follows(self):
        """And one that stays is not logged at each try."""
        self.deny("dynamodb:DescribeTable")
        self.write_config(self.relay("alpha"))
        process, url = self.start()
        self.wait_for_line("not authorized to perform: dynamodb:DescribeTable")
        self.deny("dynamodb:DescribeStream")
        self.wait_for_line("not authorized to perform: dynamodb:DescribeStream")
        self.deny()
        wait_until("alpha runs", lambda: self.status(url)["alpha"]["state"] == "running", 60)
        self.assertEqual(len(self.failures()), 2, self.failures())
        process.terminate()
        self.ends(process, 0)

    def test_the_command_that_begins_anew_gives_the_relay_back(self):
        """As it is printed, with the secret: it reads until the process takes the relay over, which it does by itself."""
        self.put("alpha", 3)
        self.write_config(self.relay("alpha", once="true", snapshot='"initial"'))
        self.ends(self.start()[0], 0)
        self.lines = []
        self.simulator.dynamodb("DeleteTable", TableName="alpha")
        keys = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
        self.simulator.dynamodb("CreateTable", TableName="alpha", KeySchema=keys, BillingMode="PAY_PER_REQUEST",
                                AttributeDefinitions=[{"AttributeName": key["AttributeName"], "AttributeType": "S"} for key in keys],
                                StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        self.put("alpha", 2)
        self.write_config(self.relay("alpha", snapshot='"initial"'))
        process, url = self.start()
        self.wait_for_line("belong to another incarnation of the stream")
        command, = set(re.findall(r"to begin anew: ctk ([^)]+) --reset", "".join(self.failures())))
        by_hand = self.start_ctk(*shlex.split(command.replace("***", "secret-of-the-source")), "--reset")
        _, said = by_hand.communicate(timeout=90)
        self.assertEqual(by_hand.returncode, 1, said)
        self.assertIn(b"of two relays of one name the one started last writes", said)
        wait_until("alpha runs", lambda: self.status(url)["alpha"]["state"] == "running", 30)
        self.wait_rows("alpha", 2)
        process.terminate()
        self.ends(process, 0)

    def test_progress_names_the_relay_whose_side_is_away(self):
        self.write_config(self.relay("alpha"), self.relay("beta"))
        process, url = self.start()
        wait_until("both run", lambda: get(url, "/readyz")[0] == 200, 60)
        self.deny("dynamodb:GetRecords")
        self.wait_for_line('trouble="alpha: source denies access')
        process.terminate()
        process.wait(60)

    def test_a_load_of_an_earlier_run_is_no_load_of_nothing(self):
        self.put("alpha", 3)
        self.write_config(self.relay("alpha", snapshot='"initial"', start='"earliest"'))
        for expected in ("load complete: 3 of about 3 items, 4 of 4 segments", "load complete, before this run"):
            process, url = self.start()
            wait_until("the load is complete", lambda: get(url, "/readyz")[0] == 200, 60)
            self.assertIn("  " + expected + "\n", self.run_ctk("status", url)[0])
            process.terminate()
            self.ends(process, 0)
            self.lines = []

    def test_two_relays_are_two_relays(self):
        self.put("alpha", 5)
        self.put("beta", 7)
        self.write_config(self.relay("alpha"), self.relay("beta"))
        process, url = self.start()
        self.wait_rows("alpha", 5)
        self.wait_rows("beta", 7)
        wait_until("both are ready", lambda: get(url, "/readyz")[0] == 200, 30)
        relays = self.status(url)
        self.assertEqual(list(relays), ["alpha", "beta"])
        self.assertEqual({relay["state"] for relay in relays.values()}, {"running"})
        self.assertEqual(relays["beta"]["totals"]["applied"], 7)
        self.assertIn('ctk_changes_applied_total{relay="beta"} 7', get(url, "/metrics")[2])
        out, _ = self.run_ctk("status", url)
        self.assertRegex(out, "alpha: running, healthy, caught up\n")
        process.terminate()
        said = self.ends(process, 0)
        self.assertRegex(said, "alpha: stopped: read 5, applied 5")
        self.assertRegex(said, "beta: stopped: read 7, applied 7")

    def test_its_own_positions_are_gone_on_from(self):
        self.put("alpha", 5)
        self.write_config(self.relay("alpha", once="true", snapshot='"initial"'))
        self.run_ctk("load", "--config", str(self.file))
        self.put("alpha", 3, first=5)
        out, _ = self.run_ctk("load", "--config", str(self.file), "--format", "json")
        self.assertEqual(json.loads(out)["name"], "alpha")
        self.assertEqual(json.loads(out)["totals"]["read"], 3)

    def test_bounded_runs_end_with_the_worst_code(self):
        self.put("alpha", 5)
        self.put("beta", 1)
        self.write_config(self.relay("alpha"), self.relay("beta"))
        out, err = self.run_ctk("load", "--config", str(self.file), "--once", "--format", "json")
        self.assertEqual({json.loads(line)["name"]: json.loads(line)["totals"]["applied"] for line in out.splitlines()},
                         {"alpha": 5, "beta": 1}, err)
        # A key that is no number, where numbers are asked for.
        letters = self.relay("letters", table="beta", once="true", key_type='{ pk = "bigint" }')
        self.write_config(self.relay("alpha", once="true"), letters)
        _, err = self.run_ctk("load", "--config", str(self.file), expect=4)
        self.assertRegex(err, "letters: 1 dead letter: .*key-type.pk=text")
        self.assertRegex(err, "alpha: done: ")
        self.write_config(self.relay("alpha", once="true"), letters,
                          self.relay("gone", table="beta", target="sqlite:////nowhere/x.db?table=beta", once="true"))
        _, err = self.run_ctk("load", "--config", str(self.file), expect=1)
        self.assertRegex(err, "letters: done: ")
        self.assertRegex(err, "the relay has failed.* relay=gone")

    def test_wrong_files_touch_nothing(self):
        good = self.relay("alpha")
        for text, place, sentence in (
                (good + "onec = true\n", "6:1", 'unknown option "onec" in [[relay]] (did you mean "once"?)'),
                (good + 'once = "perhaps"\n', "6:8", "option once: found \"perhaps\", accepted is true or false"),
                (good + 'profile = "${NOT_SET}"\n', "6:11", "the variable NOT_SET is not set"),
                (good + "reset = true\n", "6:1", '"reset" is a flag of the command line'),
                (good + self.relay("alpha", table="beta"), "7:18", 'two relays have the name "alpha"'),
                (good + "= 3\n", "6:1", "this is no TOML"),
                (good + self.relay("beta", target="sqlit:///x.db"), "8:10", "")):
            self.file.write_text(text)
            out, err = self.run_ctk("load", "--config", str(self.file), expect=2)
            self.assertEqual(out, "")
            self.assertTrue(err.startswith(f"{self.file}:{place}: {sentence}"), err)
            self.assertEqual(list(self.home.glob("*.db")), [])
        _, err = self.run_ctk("load", "--config", str(self.home / "nowhere.toml"), expect=2)
        self.assertIn("cannot be read: No such file or directory", err)
        _, err = self.run_ctk("load", "--config", str(self.home), expect=2)
        self.assertIn("cannot be read: it is no file", err)

    def test_a_secret_is_a_small_regular_file(self):
        os.mkfifo(self.home / "pipe")
        (self.home / "long").write_text("x" * (MEGABYTE + 1))
        (self.home / "data").mkdir()
        (self.home / "data" / "secret").write_text("secret-of-the-source\n")
        (self.home / "secret").symlink_to("data/secret")  # as an orchestrator lays them out
        for name, sentence in (("/dev/zero", "it is no regular file"), (self.home / "pipe", "it is no regular file"),
                               (self.home / "long", "it holds more than 1048576 bytes"), (self.home, "it is no file")):
            self.file.write_text(self.relay("alpha", region=f'"${{file:{name}}}"'))
            _, err = self.run_ctk("check", "--config", str(self.file), expect=2)
            self.assertRegex(err, rf"^{self.file}:\d+:\d+: the file {name} of .* cannot be read: {sentence}")
        good = self.relay("alpha").replace("secret-of-the-source", f"${{file:{self.home}/secret}}")
        self.file.write_text(good)
        self.run_ctk("check", "--config", str(self.file))

    def test_files_without_an_end_are_refused(self):
        _, err = self.run_ctk("check", "--config", "/dev/zero", expect=2)
        self.assertIn("cannot be read: it holds more than 16777216 bytes", err)

    def test_what_is_for_one_relay_is_refused_beside_a_file(self):
        self.write_config(self.relay("alpha"))
        for flag in ("--reset", "--dry-run", "--positions-name=x"):
            _, err = self.run_ctk("load", "--config", str(self.file), flag, expect=2)
            self.assertIn(flag.partition("=")[0], err)
        _, err = self.run_ctk("load", "--config", str(self.file), "ndjson:-", expect=2)
        self.assertIn("found both", err)
        _, err = self.run_ctk("load", "ndjson:-", "--exit-on-failure", expect=2)
        self.assertIn("--config", err)

    def test_check_looks_at_each(self):
        self.write_config(self.relay("alpha"), self.relay("beta", table="nowhere"))
        findings = self.run_json("check", "--config", str(self.file), expect=5)
        failed = [finding["check"] for finding in findings if finding["result"] == "fail"]
        self.assertTrue(failed)
        self.assertTrue(all(check.startswith("beta: ") for check in failed), failed)
        self.assertTrue(any(finding["check"].startswith("alpha: ") for finding in findings))
        self.assertEqual(list(self.home.glob("*.db")), [])
        out, _ = self.run_ctk("check", "--config", str(self.file), "--policy")
        self.assertIn("table/alpha/stream", out)
        self.assertIn("table/nowhere/stream", out)

    def test_the_example_is_right(self):
        (self.home / "postgres").write_text("of the database\n")
        example = (TESTS.parent / "examples/config/relays.toml").read_text()
        self.file.write_text(example.replace("/run/secrets/", f"{self.home}/"))
        out, _ = self.run_ctk("check", "--config", str(self.file), "--policy",
                              env={"DB_HOST": "localhost", "CRATEDB_PASSWORD": "x"})
        self.assertIn("table/orders/stream", out)
        self.assertIn("stream/events", out)
        self.assertIn('listen = "127.0.0.1:8080"', example, "where the manual says that the examples listen")


class Failures(Config):
    """beta's target lies in a folder that is not there yet."""

    def setUp(self):
        super().setUp()
        self.folder = self.home / "later"
        self.put("alpha", 5)
        self.put("beta", 5)
        self.write_config(self.relay("alpha"), self.relay("beta", target=f"sqlite:///{self.folder}/beta.db?table=beta"))

    def test_one_that_fails_is_named_and_begun_again_and_stops_nobody(self):
        process, url = self.start()
        self.wait_rows("alpha", 5)
        wait_until("beta has failed", lambda: self.status(url)["beta"]["state"] == "failed", 60)
        beta = self.status(url)["beta"]
        self.assertEqual((beta["healthy"], beta["ready"], beta["trouble"]["side"]), (False, False, "relay"))
        self.assertIn("later/beta.db", beta["trouble"]["says"])
        wait_until("its lag grows", lambda: self.status(url)["beta"]["lag_seconds"] > 3, 30)
        code, _, body = get(url, "/healthz")
        self.assertEqual(code, 503)
        self.assertRegex(json.loads(body)["reasons"][0], "^beta: the relay has failed, and is tried again: ")
        self.put("alpha", 5, first=5)
        self.wait_rows("alpha", 10)
        self.assertEqual(self.status(url)["alpha"]["state"], "running")
        self.assertEqual(get(url, "/readyz")[0], 503)
        self.folder.mkdir()
        wait_until("beta runs", lambda: self.status(url)["beta"]["state"] == "running", 60)
        wait_until("all is well", lambda: get(url, "/healthz")[0] == 200 and get(url, "/readyz")[0] == 200, 30)
        self.assertEqual(self.status(url)["beta"]["totals"]["applied"], 5)
        process.terminate()
        self.ends(process, 0)

    def test_exit_on_failure_stops_all_with_its_code(self):
        process, _ = self.start("--exit-on-failure")
        said = self.ends(process, 1)
        self.assertIn("relay=beta", said)
        self.assertIn("exit-on-failure", said)
        self.assertRegex(said, "alpha: stopped: ")

    def test_stopped_while_one_waits_it_ends_well(self):
        process, url = self.start()
        wait_until("beta has failed", lambda: self.status(url)["beta"]["state"] == "failed", 60)
        process.terminate()
        self.ends(process, 0, seconds=20)


class Reload(Config):
    tables = ("alpha", "beta", "gamma")

    def reload(self, process):
        process.send_signal(signal.SIGHUP)

    def test_starts_stops_changes_and_leaves_alone(self):
        for table in self.tables:
            self.put(table, 3)
        self.write_config(self.relay("alpha"), self.relay("beta"))
        process, url = self.start()
        for name in ("alpha", "beta"):
            self.wait_rows(name, 3)
        wait_until("both are ready", lambda: get(url, "/readyz")[0] == 200, 30)
        workers = {name: relay["shards"][0]["worker"] for name, relay in self.status(url).items()}

        self.write_config(self.relay("alpha"), self.relay("gamma"))
        self.reload(process)
        self.wait_rows("gamma", 3)
        wait_until("beta is gone", lambda: list(self.status(url)) == ["alpha", "gamma"], 30)
        self.assertEqual(self.status(url)["alpha"]["shards"][0]["worker"], workers["alpha"], "it was left alone")
        wait_until("no metric speaks of beta", lambda: 'relay="beta"' not in get(url, "/metrics")[2], 30)
        self.put("beta", 1, first=3)

        self.file.write_text(self.file.read_text().replace("[[relay]]", "[[relay]]\nonec = true\n", 1))
        self.reload(process)
        self.wait_for_line("nothing is changed")
        self.assertRegex("".join(self.lines), r"relays.toml:2:1: unknown option")
        self.assertEqual(list(self.status(url)), ["alpha", "gamma"])

        self.write_config(self.relay("alpha", on_gap='"skip"'), self.relay("beta"), self.relay("gamma"))
        self.reload(process)
        self.wait_rows("beta", 4)
        wait_until("alpha was begun again", lambda: [shard["worker"] for shard in self.status(url)["alpha"]["shards"]]
                   not in ([workers["alpha"]], []), 30)
        self.put("alpha", 1, first=3)
        self.wait_rows("alpha", 4)
        wait_until("the new run is counted", lambda: self.status(url)["alpha"]["totals"]["read"] == 1, 30)
        self.assertIn('ctk_changes_read_total{relay="alpha"} 4', get(url, "/metrics")[2])
        process.terminate()
        self.ends(process, 0)

    def test_many_at_once_end_as_the_last_one_says(self):
        self.put("alpha", 3)
        self.put("beta", 3)
        self.write_config(self.relay("alpha"))
        process, url = self.start()
        for turn in range(10):
            self.write_config(self.relay("alpha") if turn % 2 else self.relay("beta"))
            self.reload(process)
            wait_until("it is read", lambda: sum("was read again" in line for line in self.lines) > turn, 30)
        wait_until("alpha alone runs", lambda: {name: relay["state"] for name, relay in self.status(url).items()}
                   == {"alpha": "running"}, 30)
        self.wait_rows("alpha", 3)
        process.terminate()
        self.ends(process, 0)


class Secrets(Config):
    def test_they_are_never_shown(self):
        secret, token = "p4ss/w@rd%41-of-the-target", "token-of-the-session"
        (self.home / "password").write_text(secret + "\n")
        self.put("alpha", 1)
        self.write_config(
            self.relay("alpha", session_token='"${TOKEN}"'),
            self.relay("beta", target=f"postgresql://u:${{file:{self.home}/password}}@127.0.0.1:1/db?table=t",
                       start_timeout='"1s"'))
        process, url = self.start("--log-level", "debug", env={"TOKEN": token})
        self.wait_rows("alpha", 1)
        wait_until("beta has failed", lambda: self.status(url)["beta"]["state"] == "failed", 60)
        shown = "".join(get(url, path)[2] for path in ("/", "/status.json", "/page.json", "/healthz", "/metrics"))
        process.terminate()
        shown += self.ends(process, 0)
        for text in (secret, "p4ss", token, "secret-of-the-source"):
            self.assertNotIn(text, shown)
        self.file.write_text(f'[[relay]]\nsource = "x://u:${{file:{self.home}/password}}@h/${{TOKEN}}"\n')
        _, err = self.run_ctk("load", "--config", str(self.file), expect=2, env={"TOKEN": token})
        self.assertNotIn("p4ss", err)


class Many(Config):
    tables = tuple(f"table{number}" for number in range(50))

    def test_fifty_relays_in_one_process(self):
        for table in self.tables:
            self.put(table, 4)
        self.write_config("max-memory = \"32MB\"\n", *[self.relay(table) for table in self.tables])
        process, url = self.start()
        for table in self.tables:
            self.wait_rows(table, 4)
        wait_until("all are ready", lambda: get(url, "/readyz")[0] == 200, 60)
        relays = self.status(url)
        self.assertEqual(len(relays), 50)
        self.assertLessEqual(sum(relay["memory_bytes"] for relay in relays.values()), 32 * MEGABYTE)
        resident = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())[1]) * 1024
        threads = len(os.listdir(f"/proc/{process.pid}/task"))
        print(f"50 relays: {resident / MEGABYTE:.0f} MB resident, {threads} threads")
        self.assertLess(resident, 400 * MEGABYTE)
        process.terminate()
        self.ends(process, 0)
