"""The custom runtime under a stub of AWS Lambda, into SQLite, PostgreSQL and the fake CrateDB."""
import json
import os
import pathlib
import re
import signal
import socket
import threading
import time
import unittest

from events import Model
from faulting import CuttingProxy
from harness import PROGRAM, Case, CrateTarget, IntoPostgresTarget, SqliteTarget
from lambda_runtime import Function, RuntimeApi, dynamodb_record, kinesis_record, run_alone
from servers import TESTS, FakeCrateDb, wait_until
from test_aggregates import aggregate


class Lambda(Case):
    def setUp(self):
        super().setUp()
        self.model = Model()
        self.target = self.make_target()
        self.sequence = 0

    def make_target(self):
        return SqliteTarget(self.home)

    def function(self, *options, url=None, **more):
        return Function(self, url or self.target.url(), *options, cwd=self.home, **more)

    def batch(self, count, form=kinesis_record):
        """So many records, each a new write."""
        batch = []
        for _ in range(count):
            self.sequence += 1
            batch.append(form(self.sequence, self.model.write_anything()))
        return batch


class Batches(Lambda):
    def test_of_kinesis(self):
        function = self.function()
        for count in 1, 500, 3:
            self.assertEqual(function.invoke(self.batch(count)), [])
            self.assert_holds(self.target, self.model)
        function.stop()

    def test_of_dynamodb_streams(self):
        function = self.function()
        for count in 1, 500, 3:
            self.assertEqual(function.invoke(self.batch(count, dynamodb_record)), [])
            self.assert_holds(self.target, self.model)
        versions = {version for version, in self.target.query("SELECT cdc_version FROM demo")}
        self.assertTrue(all(version.startswith("00000001.1.0000") for version in versions), versions)
        function.stop()

    def test_several_streams_of_one_function(self):
        function = Function(self, f"sqlite:///{self.target.path}", cwd=self.home)
        other = Model("other", seed=2)
        batch = []
        for i in range(1, 101):
            batch.append(dynamodb_record(i, self.model.write_anything()))
            batch.append(dynamodb_record(i, other.write_anything(), table="other"))
        self.assertEqual(function.invoke(batch), [])
        self.assert_holds(self.target, self.model)
        self.assert_holds(self.target, other, "other")
        function.stop()

    def test_an_empty_batch(self):
        function = self.function()
        self.assertEqual(function.invoke([]), [])
        function.stop()

    def test_aggregates_of_the_producer_library(self):
        function = self.function()
        events = [self.model.put(name) for name in ("a", "b", "c")]
        batch = [kinesis_record(6, self.model.put("x")), kinesis_record(7, aggregate(events)), kinesis_record(8, self.model.put("y"))]
        self.assertEqual(function.invoke(batch), [])
        self.assert_holds(self.target, self.model)
        versions = dict(self.target.query("SELECT pk, cdc_version FROM demo"))
        self.assertTrue(versions["c"].endswith("0000000002"), versions)
        function.stop()

    def test_what_is_given_again_changes_nothing(self):
        function = self.function()
        first, second = self.batch(50), self.batch(50)
        for batch in first, second, second, first, first + second, second[-1:], second[:1]:
            self.assertEqual(function.invoke(batch), [])
        self.assert_holds(self.target, self.model)
        function.stop()

    def test_records_of_the_same_number_are_all_written(self):
        """No stream of AWS's has such; shards are told apart all the same, and so are records."""
        function = self.function()
        batch = [kinesis_record(1, self.model.put("a"), shard="shardId-000000000000"),
                 kinesis_record(1, self.model.put("b"), shard="shardId-000000000001"),
                 kinesis_record(1, self.model.put("c"), shard="shardId-000000000001")]
        for one in batch[:1], batch[1:], batch:
            self.assertEqual(function.invoke(one), [])
        self.assert_holds(self.target, self.model)
        function.stop()

    def test_hostile_names(self):
        name = 'x"; DROP TABLE demo; --'
        function = Function(self, f"sqlite:///{self.target.path}", cwd=self.home)
        odd = Model(name)
        for form in kinesis_record, dynamodb_record:
            odd.put('k"\'\u0000\\', **{'a"b\'`; --': {"S": "\u2028"}})
        batch = [kinesis_record(i + 1, event) for i, event in enumerate(odd.events)]
        self.assertEqual(function.invoke(batch), [])
        rows = self.target.query('SELECT count(*) FROM "' + name.replace('"', '""') + '"')
        self.assertEqual(rows, [(1,)])
        function.stop()


class Failures(Lambda):
    def test_a_record_that_is_none_is_a_dead_letter(self):
        function = self.function()
        self.assertEqual(function.invoke(self.batch(2) + [kinesis_record(3, b"no JSON")]), [])
        [(relay, position)] = self.target.query("SELECT relay, position FROM ctk_dead_letters")
        self.assertEqual((relay, position), ("lambda:cdc@demo", "3"))
        function.invoke([kinesis_record(3, b"no JSON")])
        self.assertEqual(self.target.query("SELECT count(*) FROM ctk_dead_letters"), [(1,)], "the same letter")
        function.stop()

    def test_with_on_error_stop_the_first_bad_record_of_each_shard_is_named(self):
        function = self.function("--on-error", "stop")
        batch = self.batch(2) + [kinesis_record(3, b"no JSON"), kinesis_record(4, Model().put("behind"))]
        second = "shardId-000000000001"
        batch += [kinesis_record(11, self.model.put("second"), second), kinesis_record(12, b"{}", second),
                  kinesis_record(13, Model().put("behind"), second)]
        third = "shardId-000000000002"
        batch += [kinesis_record(21, self.model.put("third"), third)]
        self.assertEqual(function.invoke(batch), ["3", "12"])
        self.assert_holds(self.target, self.model)
        # Lambda gives it again from there, and at last without it.
        self.assertEqual(function.invoke(batch[2:4]), ["3"])
        self.assertEqual(function.invoke([kinesis_record(4, self.model.put("behind"))]), [])
        self.assert_holds(self.target, self.model)
        self.assertTrue(any("a change cannot be applied" in line.get("error", "") for line in function.stop()))

    def test_events_that_are_none(self):
        function = self.function()
        record = kinesis_record(1, self.model.put("a"))
        for event, words in ((b"", "no JSON object"), (b"no JSON", "no JSON object"), (b"{}", "no Records"),
                             (b'{"key1":"value1"}', "no Records"), (b'{"Records":5}', "no list"),
                             (json.dumps({"Records": [{"eventSource": "aws:sqs", "body": "x"}]}).encode(), "is of aws:sqs"),
                             (json.dumps({"Records": [kinesis_record("", b"x")]}).encode(), "no sequence number"),
                             (json.dumps({"Records": [record]}).encode()[:-2], "no list of objects")):
            request = function.give(event)
            said = function.hear(request)
            self.assertEqual(said["path"], f"invocation/{request}/error")
            self.assertIn(words, said["body"]["errorMessage"])
            self.assertEqual(said["type"], said["body"]["errorType"])
            self.assertTrue(said["type"].startswith("ctk."), said)
        self.assertEqual(function.invoke([record]), [])
        self.assert_holds(self.target, self.model)
        function.stop()

    def test_two_tables_are_not_mixed(self):
        function = self.function()
        self.assertEqual(function.invoke([kinesis_record(1, self.model.put("a"))]), [])
        self.assertEqual(function.invoke([kinesis_record(2, Model("other").put("b")), kinesis_record(3, Model().put("c"))]), ["2"])
        self.assert_holds(self.target, self.model)
        lines = function.stop()
        self.assertTrue(any("other" in line.get("error", "") and "demo" in line.get("error", "") for line in lines), lines)

    def test_an_answer_that_comes_too_late_for_lambda(self):
        function = self.function()
        function.api.refuses = 400
        function.invoke(self.batch(3))
        function.api.refuses = 0
        self.assertEqual(function.invoke(self.batch(3)), [])
        self.assertTrue(any("not taken the answer" in line["msg"] for line in function.stop()))

    def test_a_runtime_api_that_goes(self):
        function = self.function()
        function.invoke(self.batch(3))
        function.api.refuses = 500
        function.invoke(self.batch(3))
        self.assertEqual(function.process.wait(30), 1)

    def test_killed_in_the_middle(self):
        function = self.function()
        batch = self.batch(2000)
        function.give(batch)
        wait_until("rows are there", lambda: pathlib.Path(self.target.path).exists())
        function.process.kill()
        function.process.wait()
        while not function.api.told.empty():
            function.api.told.get()
        function.start()
        self.assertEqual(function.invoke(batch), [])
        self.assert_holds(self.target, self.model)
        function.stop()


class Log(Lambda):
    def test_lines_say_which_request_they_are_of(self):
        function = self.function(env={"AWS_LAMBDA_FUNCTION_NAME": "ctk"})
        requests = [function.give(self.batch(2)), function.give([kinesis_record(9, b"no JSON")])]
        for request in requests:
            function.hear(request)
        lines = function.stop()
        for request in requests:
            [written] = [line for line in lines if line.get("requestId") == request and line["msg"] == "batch written"]
            self.assertGreater(int(written["records"]), 0)
            self.assertIn("ms", written)

    def test_logfmt_where_it_is_asked_for(self):
        function = self.function(env={"CTK_OPTIONS": "--log-format logfmt"})
        function.invoke(self.batch(1))
        function.process.terminate()
        _, err = function.process.communicate(timeout=30)
        self.assertRegex(err.decode(), r'level=info msg="batch written" requestId=8476a536')


class Start(Lambda):
    def test_as_bootstrap_with_words_from_the_environment(self):
        bootstrap = self.home / "bootstrap"
        os.symlink(PROGRAM, bootstrap)
        api = RuntimeApi()
        self.addCleanup(api.stop)
        env = {"AWS_LAMBDA_RUNTIME_API": api.address, "CTK_TARGET": self.target.url(),
               "CTK_OPTIONS": "--source-table 'demo' --log-level \"debug\""}
        began = time.monotonic()
        process = self.start_ctk(env=env, cwd=self.home, program=bootstrap)
        self.assertTrue(api.asked.acquire(timeout=30))
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(self.stop_ctk(process)[0], 0)

    def test_what_is_wrong_is_told_to_lambda(self):
        missing = self.home / "no/such/folder/x.db"
        for words, env, code, said in (
                (["lambda"], {}, 2, "target"),
                (["lambda", "nosuch://x"], {}, 2, "nosuch"),
                (["lambda", self.target.url(), "--nonsense"], {}, 2, "nonsense"),
                (["lambda"], {"CTK_TARGET": self.target.url(), "CTK_OPTIONS": "'open"}, 2, "CTK_OPTIONS"),
                (["lambda", f"sqlite:///{missing}?table=x"], {}, 1, "no/such/folder"),
                (["lambda", "postgresql://nobody:geheim-und-lang@127.0.0.1:1/x?table=demo", "--start-timeout", "1s"], {}, 1, "127.0.0.1")):
            found, err, told = run_alone(*words, env=env, cwd=self.home)
            self.assertEqual(found, code, err)
            [one] = told
            self.assertIn(said, one["body"]["errorMessage"])
            self.assertEqual(one["type"], one["body"]["errorType"])
            self.assertNotIn("geheim-und-lang", json.dumps(one) + err)

    def test_outside_of_lambda(self):
        _, err = self.run_ctk("lambda", self.target.url(), expect=2)
        self.assertIn("AWS_LAMBDA_RUNTIME_API", err)

    def test_a_runtime_api_that_is_not_there(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            _, err = self.run_ctk("lambda", self.target.url(), expect=1,
                                  env={"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{nobody.getsockname()[1]}"})
        self.assertIn("runtime API", err)

    def test_stopped_in_the_middle_it_answers_first(self):
        function = self.function()
        request = function.give(self.batch(1000))
        function.process.send_signal(signal.SIGTERM)
        self.assertEqual(function.process.wait(30), 0)
        if not function.api.told.empty():
            self.assertEqual(function.hear(request)["body"], {"batchItemFailures": []})
            self.assert_holds(self.target, self.model)


class IntoPostgres(IntoPostgresTarget, Lambda):
    def through_proxy(self):
        proxy = CuttingProxy(self.server.port, 0)
        self.addCleanup(proxy.stop)
        self.addCleanup(proxy.speaking.set)
        return proxy, self.target.url().replace(f":{self.server.port}/", f":{proxy.port}/")

    def sessions(self):
        """Of the program; when each began."""
        return set(self.server.sql("SELECT pid, backend_start FROM pg_stat_activity WHERE datname = 'ctk' AND pid <> pg_backend_pid() "
                                   "AND backend_type = 'client backend'").splitlines())

    def test_connections_stay_warm(self):
        function = self.function()
        self.assertEqual(function.invoke(self.batch(10)), [])
        first = self.sessions()
        self.assertTrue(first)
        batch = self.batch(10)
        for again in batch, batch, self.batch(10):
            self.assertEqual(function.invoke(again), [])
        self.assertEqual(self.sessions() & first, first)
        self.assert_holds(self.target, self.model)
        function.stop()
        wait_until("they are closed", lambda: not self.sessions() & first)

    def test_nothing_is_open_between_invocations(self):
        function = self.function("--delete-grace", "0s", "--delete-floor", "0s")
        self.assertEqual(function.invoke(self.batch(100)), [])
        for _ in range(2):
            self.assertTrue(function.api.asked.acquire(timeout=30))
        states = self.server.sql("SELECT DISTINCT state FROM pg_stat_activity WHERE datname = 'ctk' AND pid <> pg_backend_pid() "
                                 "AND backend_type = 'client backend'")
        self.assertEqual(states, "idle")
        function.stop()

    def test_a_connection_lost_between_invocations(self):
        function = self.function()
        self.assertEqual(function.invoke(self.batch(10)), [])
        self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'ctk' AND pid <> pg_backend_pid() "
                        "AND backend_type = 'client backend'")
        began = time.monotonic()
        self.assertEqual(function.invoke(self.batch(10)), [])
        self.assertLess(time.monotonic() - began, 10)
        self.assert_holds(self.target, self.model)
        function.stop()

    def test_a_server_that_restarts_between_invocations(self):
        function = self.function()
        self.assertEqual(function.invoke(self.batch(10)), [])
        self.server.halt()
        self.server.start()
        self.assertEqual(function.invoke(self.batch(10)), [])
        self.assert_holds(self.target, self.model)
        function.stop()

    def test_a_target_that_hangs_is_answered_for_in_time(self):
        proxy, url = self.through_proxy()
        function = self.function(url=url)
        self.assertEqual(function.invoke(self.batch(10)), [])
        written = self.sequence
        proxy.speaking.clear()
        for _ in range(2):
            batch = self.batch(10)
            deadline = time.time() + 3
            request = function.give(batch, seconds=3)
            said = function.hear(request)
            self.assertLess(said["time"], deadline - 0.5)
            self.assertGreater(said["time"], deadline - 2, "it waits as long as it may")
            self.assertEqual(said["body"], {"batchItemFailures": [{"itemIdentifier": batch[0]["kinesis"]["sequenceNumber"]}]})
        proxy.speaking.set()
        again = [kinesis_record(written + 1 + i, event) for i, event in enumerate(self.model.events[written:])]
        self.assertEqual(function.invoke(again), [])
        self.assert_holds(self.target, self.model)
        lines = function.stop()
        self.assertTrue(any("nearly over" in line["msg"] for line in lines), lines)

    def test_a_time_that_is_over_already(self):
        function = self.function()
        batch = self.batch(3)
        self.assertEqual(function.invoke(batch, seconds=0.2), ["1"])
        self.assertEqual(function.invoke(batch), [])
        self.assert_holds(self.target, self.model)
        function.stop()

    def test_a_lock_that_is_held_leaves_nothing_behind(self):
        """The row's owner holds it beyond the invocation: what was under way is broken off, in the server, too."""
        function = self.function()
        self.assertEqual(function.invoke([kinesis_record(1, self.model.put("a"))]), [])
        table = self.target.table("demo")
        locker = threading.Thread(target=self.server.sql, args=(f"BEGIN; LOCK TABLE {table}; SELECT pg_sleep(5); COMMIT",))
        locker.start()
        wait_until("it is locked", lambda: self.server.sql("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' "
                                                           "AND granted AND relation IS NOT NULL") != "0")
        change = self.model.put("a")
        self.assertEqual(function.invoke([kinesis_record(2, change)], seconds=2), ["2"])
        self.assertTrue(function.api.asked.acquire(timeout=30))
        locker.join()
        self.assertEqual(function.invoke([kinesis_record(2, change)]), [])
        self.assert_holds(self.target, self.model)
        function.stop()

    def test_two_environments_of_one_function(self):
        """Lambda gives a batch again while an environment that is frozen still holds its own."""
        first, second = self.function(), self.function()
        batch = self.batch(200)
        self.assertEqual(first.invoke(batch[:100]), [])
        first.process.send_signal(signal.SIGSTOP)
        self.assertEqual(second.invoke(batch), [])
        first.process.send_signal(signal.SIGCONT)
        self.assertEqual(first.invoke(batch[50:150]), [])
        self.assert_holds(self.target, self.model)
        for function in first, second:
            function.stop()

    def test_an_epoch_that_begins_between_invocations(self):
        function = self.function()
        self.assertEqual(function.invoke(self.batch(20)), [])
        schema = self.target.schema
        self.server.sql(f'UPDATE "{schema}".ctk_tables SET epoch = 2')
        self.assertEqual(function.invoke(self.batch(20)), [])
        self.assert_holds(self.target, self.model)
        newest = self.server.sql(f'SELECT max(cdc_version) FROM "{schema}".demo')
        self.assertTrue(newest.startswith("00000002."), newest)
        function.stop()


class IntoCrateDb(Lambda):
    @classmethod
    def setUpClass(cls):
        cls.server = FakeCrateDb()
        cls.addClassCleanup(cls.server.stop)

    def make_target(self):
        return CrateTarget(self.server.url, self.id().rpartition(".")[2][:40])

    def test_batches(self):
        function = self.function()
        for form in kinesis_record, kinesis_record:
            self.assertEqual(function.invoke(self.batch(200, form)), [])
            self.assert_holds(self.target, self.model)
        function.stop()

    def test_connections_lost_between_invocations_and_a_target_that_hangs(self):
        proxy = CuttingProxy(int(self.server.url.rpartition(":")[2]), 0)
        self.addCleanup(proxy.stop)
        self.addCleanup(proxy.speaking.set)
        function = self.function(url=self.target.url().replace(self.server.url[7:], f"127.0.0.1:{proxy.port}"))
        self.assertEqual(function.invoke(self.batch(10)), [])
        proxy.share = 1
        first = self.batch(10)
        self.assertEqual(function.invoke(first, seconds=3), [first[0]["kinesis"]["sequenceNumber"]])
        proxy.share = 0
        self.assertEqual(function.invoke(first), [])
        proxy.speaking.clear()
        second = self.batch(10)
        deadline = time.time() + 3
        request = function.give(second, seconds=3)
        said = function.hear(request)
        self.assertLess(said["time"], deadline - 0.5)
        self.assertEqual(said["body"]["batchItemFailures"], [{"itemIdentifier": second[0]["kinesis"]["sequenceNumber"]}])
        proxy.speaking.set()
        self.assertEqual(function.invoke(second), [])
        self.assert_holds(self.target, self.model)
        function.stop()


class Template(unittest.TestCase):
    """examples/lambda: what it must say, and what it may not allow."""
    TEXT = (TESTS.parent / "examples/lambda/template.yaml").read_text()

    def test_the_mapping_hears_what_was_not_written(self):
        self.assertRegex(self.TEXT, r"\n      FunctionResponseTypes: \[ReportBatchItemFailures\]\n")
        self.assertRegex(self.TEXT, r"\n      MaximumRetryAttempts: -1\n")

    def test_the_role_may_do_what_is_needed_and_no_more(self):
        actions = set(re.findall(r"\b(?:kinesis|dynamodb|logs|sqs|ec2|sts):\w+", self.TEXT.partition("Resources:")[2]))
        reading = {f"kinesis:{action}" for action in ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")}
        reading |= {f"dynamodb:{action}" for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")}
        network = {f"ec2:{action}" for action in ("AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface",
                                                  "DescribeNetworkInterfaces", "DescribeSubnets", "UnassignPrivateIpAddresses")}
        self.assertEqual(actions, reading | network | {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage", "sts:AssumeRole"})
        self.assertEqual(self.TEXT.count('Resource: "*"'), 1, "the network interfaces'")

    def test_it_names_what_packaging_makes(self):
        version = re.search(r"project\(ctk VERSION (\S+)", (TESTS.parent / "CMakeLists.txt").read_text())[1]
        self.assertIn(f"build-package/packages/ctk-{version}-lambda-x86_64.zip", self.TEXT)

    def test_its_options_are_understood(self):
        options = re.search(r"Options as on the command line, such as (.*)\.\n", self.TEXT)[1]
        code, err, told = run_alone("lambda", "sqlite:////no/such/folder/x.db", env={"CTK_OPTIONS": options})
        self.assertEqual((code, len(told)), (1, 1), err)


if __name__ == "__main__":
    unittest.main()
