"""The record processor under a stub of KCL's MultiLangDaemon, into SQLite and PostgreSQL."""
import json
import unittest

from events import Model
from harness import Case, IntoPostgresTarget, SqliteTarget, ctk
from kcl_daemon import Daemon


def bytes_of(event):
    return json.dumps(event).encode()


class Processor(Case):
    def setUp(self):
        super().setUp()
        self.model = Model()
        self.target = self.make_target()
        self.sequence = 0

    def make_target(self):
        return SqliteTarget(self.home)

    def daemon(self, *options, **more):
        daemon = Daemon(self, self.target.url(), *options, cwd=self.home, **more)
        daemon.initialize()
        return daemon

    def page(self, count):
        """So many records, each a new write."""
        page = []
        for _ in range(count):
            self.sequence += 1
            page.append((self.sequence, 0, bytes_of(self.model.write_anything())))
        return page


class Protocol(Processor):
    def test_pages_are_written_before_their_checkpoint(self):
        def check(place):
            if place[0] is not None:
                self.assertEqual(self.target.rows("demo"), self.model.rows(), place)
        daemon = self.daemon(at_checkpoint=check)
        for count in 1, 500, 3:
            daemon.process_records(self.page(count))
            self.assertEqual(daemon.checkpoints[-1], (str(self.sequence), 0))
        daemon.process_records([])
        daemon.tell("shutdownRequested")
        self.assertEqual(daemon.checkpoints[-1], (str(self.sequence), 0))
        code, err = daemon.close()
        self.assertEqual(code, 0, err)
        self.assert_holds(self.target, self.model)

    def test_a_shards_end(self):
        daemon = self.daemon()
        daemon.process_records(self.page(10))
        daemon.errors = ["ThrottlingException", "ThrottlingException"]
        daemon.tell("shardEnded")
        self.assertEqual(daemon.checkpoints[-1], (None, None))
        self.assertEqual([m["action"] for m in daemon.heard[-4:]], ["checkpoint"] * 3 + ["status"])
        self.assertEqual(daemon.close()[0], 0)

    def test_an_end_without_any_record(self):
        daemon = self.daemon()
        daemon.tell("shardEnded")
        self.assertEqual(daemon.checkpoints, [(None, None)])
        self.assertEqual(daemon.close()[0], 0)

    def test_a_throttled_shutdown_is_checkpointed_before_its_status(self):
        daemon = self.daemon()
        daemon.errors = ["ThrottlingException"]
        daemon.process_records(self.page(10))
        self.assertEqual(daemon.checkpoints, [], "the next page makes it")
        daemon.errors = ["ThrottlingException"]
        daemon.tell("shutdownRequested")
        self.assertEqual(daemon.checkpoints, [("10", 0)])
        self.assertEqual(daemon.close()[0], 0)

    def test_a_lost_lease(self):
        daemon = self.daemon()
        daemon.process_records(self.page(10))
        made = len(daemon.checkpoints)
        daemon.tell("leaseLost")
        self.assertEqual(len(daemon.checkpoints), made)
        self.assertEqual(daemon.close()[0], 0)

    def test_junk_ends_it_with_a_sentence(self):
        daemon = self.daemon()
        daemon.process.stdin.write(b"hello\n")
        code, err = daemon.close()
        self.assertEqual(code, 1, err)
        self.assertIn("no message of KCL's MultiLangDaemon", err)

    def test_a_record_that_is_none_is_a_dead_letter(self):
        daemon = self.daemon()
        daemon.process_records(self.page(2) + [(3, 0, b"no JSON")])
        self.assertEqual(daemon.checkpoints, [("3", 0)])
        self.assertEqual(daemon.close()[0], 0)
        [(position, shard)] = self.target.query("SELECT position, shard FROM ctk_dead_letters")
        self.assertEqual((position, shard), ("3", "shardId-000000000000"))

    def test_with_on_error_stop_nothing_behind_it_is_confirmed(self):
        daemon = self.daemon("--on-error", "stop")
        with self.assertRaisesRegex(AssertionError, "a change cannot be applied"):
            daemon.process_records(self.page(2) + [(3, 0, b"no JSON")] + [(4, 0, bytes_of(Model().put("behind")))])
        self.assertEqual(daemon.checkpoints, [])
        self.assertEqual(daemon.process.returncode, 1)
        self.assert_holds(self.target, self.model)

    def test_records_out_of_an_aggregate(self):
        daemon = self.daemon()
        events = [self.model.put(name) for name in ("a", "b", "c")]
        daemon.process_records([(7, sub, bytes_of(event)) for sub, event in enumerate(events)])
        self.assertEqual(daemon.checkpoints, [("7", 2)])
        versions = dict(self.target.query("SELECT pk, cdc_version FROM demo"))
        self.assertTrue(versions["c"].endswith("0000000002"), versions)
        self.assertEqual(daemon.close()[0], 0)

    def test_what_is_given_again_changes_nothing(self):
        first, second = self.page(20), self.page(20)
        daemon = self.daemon()
        daemon.process_records(first)
        daemon.process_records(second)
        daemon.process.kill()
        again = self.daemon()
        again.process_records(first)
        again.process_records(second)
        self.assertEqual(again.close()[0], 0)
        self.assert_holds(self.target, self.model)

    def test_several_shards_of_one_table(self):
        pages = [self.page(1) for _ in range(40)]
        daemons = [self.daemon(shard=f"shardId-{i:012}") for i in range(3)]
        for i, page in enumerate(pages):
            daemons[i % 3].process_records(page)
        for daemon in daemons:
            self.assertEqual(daemon.close()[0], 0)
        self.assert_holds(self.target, self.model)

    def test_target_and_options_from_the_environment(self):
        env = {"CTK_TARGET": self.target.url(), "CTK_OPTIONS": "--source-table 'other' --log-level \"warn\""}
        daemon = Daemon(self, "--source-table", "demo", env=env, cwd=self.home)
        daemon.initialize()
        daemon.process_records(self.page(5))
        self.assertEqual(daemon.close()[0], 0)
        self.assert_holds(self.target, self.model)

    def test_wrong_options_from_the_environment(self):
        for options in "--nonsense", "'open":
            code, _, err = self.run_alone(env={"CTK_TARGET": self.target.url(), "CTK_OPTIONS": options})
            self.assertEqual(code, 2, err)

    def test_without_a_target(self):
        code, _, err = self.run_alone()
        self.assertEqual(code, 2, err)

    def run_alone(self, **options):
        return ctk("kcl-processor", stdin=b"", cwd=self.home, **options)

    def test_a_target_that_is_not_there(self):
        daemon = Daemon(self, "postgresql://nobody@127.0.0.1:1/x?table=demo", "--start-timeout", "1s", cwd=self.home)
        with self.assertRaisesRegex(AssertionError, "no status for initialize"):
            daemon.initialize()
        self.assertEqual(daemon.process.returncode, 1)

    def test_terminated_it_ends_cleanly(self):
        daemon = self.daemon()
        daemon.process_records(self.page(5))
        daemon.process.terminate()
        self.assertEqual(daemon.process.wait(30), 0)


class IntoPostgres(IntoPostgresTarget, Processor):
    def test_shards_that_end_and_follow_each_other(self):
        parents = [self.daemon(shard=f"shardId-{i:012}") for i in range(2)]
        for _ in range(10):
            for daemon in parents:
                daemon.process_records(self.page(50))
        for daemon in parents:
            daemon.tell("shardEnded")
            self.assertEqual(daemon.close()[0], 0)
        child = self.daemon(shard="shardId-000000000002")
        child.process_records(self.page(200))
        child.process.kill()
        heir = self.daemon(shard="shardId-000000000002")
        heir.process_records(self.page(200))
        heir.tell("shutdownRequested")
        self.assertEqual(heir.close()[0], 0)
        self.assert_holds(self.target, self.model)
