"""What a service refuses on the way: rights that are missing, calls that are throttled, answers that are too large."""
import time
import unittest

from harness import Case, SqliteTarget
from simulator import Refusals, Simulator

TABLE = "dynamodb://k:s@127.0.0.1:{port}/demo?region=us-east-1"
STREAM = "dynamodb+cdc://k:s@127.0.0.1:{port}/demo?region=us-east-1"
KINESIS = "kinesis+dynamodb+cdc://k:s@127.0.0.1:{port}/cdc?region=us-east-1"


class Refused(Case):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk", "--stream", "cdc:2")
        self.proxy = Refusals(self, self.simulator)

    def fill(self, count, size):
        for first in range(0, count, 25):
            items = [{"pk": {"S": str(number)}, "x": {"S": "x" * size}} for number in range(first, min(first + 25, count))]
            self.simulator.dynamodb("BatchWriteItem",
                                    RequestItems={"demo": [{"PutRequest": {"Item": item}} for item in items]})

    def load(self, source, *options, expect=0):
        target = SqliteTarget(self.home)
        target.path.unlink(missing_ok=True)
        began = time.monotonic()
        _, err = self.run_ctk("load", source.format(port=self.proxy.port), target.url(), *options, expect=expect)
        return err, time.monotonic() - began, target

    def test_rights_that_are_missing_end_a_run_at_once(self):
        denials = [(TABLE, ["--snapshot", "only"], "dynamodb", "table 'demo'", ["DescribeTable", "Scan"]),
                   (STREAM, ["--snapshot", "initial"], "dynamodb", "table 'demo'", ["Scan"]),
                   (STREAM, [], "dynamodb", "stream arn:aws:dynamodb:",
                    ["DescribeStream", "GetShardIterator", "GetRecords"]),
                   (KINESIS, [], "kinesis", "stream 'cdc'",
                    ["DescribeStreamSummary", "ListShards", "GetShardIterator", "GetRecords"])]
        for source, options, service, thing, actions in denials:
            for action in actions:
                for once in (["--once"], []) if source != TABLE else ([],):
                    with self.subTest(source=source, action=action, once=once):
                        self.proxy.refuse = lambda called, _: (
                            ("AccessDeniedException", "not yours") if called == action else None)
                        err, seconds, _ = self.load(source, *options, *once, expect=1)
                        self.assertIn(f"{service}:{action} of {thing}", err)
                        self.assertIn("in region us-east-1", err)
                        self.assertIn("AccessDeniedException: not yours", err)
                        self.assertLess(seconds, 15)

    def test_options_that_the_keys_forbid_are_refused_before_the_target_is_touched(self):
        for source, options in [(TABLE, ["--exclude", "pk"]), (STREAM, ["--exclude", "a,pk"]),
                                (STREAM, ["--key-type.sk", "text"]), (STREAM, ["--rename", "a:pk"])]:
            with self.subTest(source=source, options=options):
                err, _, target = self.load(source, *options, expect=2)
                self.assertIn(options[0].removeprefix("--").split(".")[0], err)
                self.assertIn("source table demo", err)
                self.assertFalse(target.path.exists())

    def test_every_second_page_of_a_scan_is_throttled(self):
        self.fill(5000, 200)
        _, faultless, _ = self.load(TABLE, "--snapshot", "only")
        self.proxy.refuse = lambda action, number: (
            ("ProvisionedThroughputExceededException", "too much") if action == "Scan" and number % 2 else None)
        _, seconds, target = self.load(TABLE, "--snapshot", "only")
        self.assertEqual(target.query("SELECT count(*) FROM demo"), [(5000,)])
        self.assertLess(seconds, 5 * max(1, faultless))

    def test_throttles_that_do_not_end_end_a_bounded_run_in_its_time(self):
        self.fill(10, 200)
        for source, action in ((TABLE, "Scan"), (KINESIS, "GetRecords")):
            with self.subTest(source=source):
                self.proxy.refuse = lambda called, _: (
                    ("ProvisionedThroughputExceededException", "too much") if called == action else None)
                err, seconds, _ = self.load(source, "--once", "--give-up", "3s", expect=1)
                self.assertIn("too much", err)
                self.assertLess(seconds, 8)

    def test_no_page_of_large_items_is_paid_for_twice(self):
        self.fill(60, 300_000)
        for options, most in (([], 22), (["--max-memory", "8MB"], 62)):
            self.proxy.calls.clear()
            _, _, target = self.load(TABLE, "--snapshot", "only", "--segments", "1", *options)
            self.assertEqual(target.query("SELECT count(*), min(length(json_extract(data, '$.x'))) FROM demo"), [(60, 300_000)])
            self.assertLessEqual(self.proxy.calls["Scan"], most)


if __name__ == "__main__":
    unittest.main()
