"""`ctk plan`: its figures against what the simulator counts for the same work."""
import time
import unittest

from harness import Case, SqliteTarget
from servers import wait_until
from simulator import Simulator


class Figures(Case):
    def fill(self, simulator, count, size):
        for first in range(0, count, 25):
            items = [{"pk": {"S": f"item-{number}"}, "sk": {"S": "s"}, "x": {"S": "x" * size}}
                     for number in range(first, min(first + 25, count))]
            simulator.dynamodb("BatchWriteItem",
                               RequestItems={"demo": [{"PutRequest": {"Item": item}} for item in items]})

    def near(self, planned, counted, share=0.1):
        self.assertLessEqual(abs(planned - counted), share * counted, f"{planned} planned, {counted} counted")

    def source(self, simulator, scheme="dynamodb+cdc", name="demo", options=""):
        return f"{scheme}://k:s@127.0.0.1:{simulator.port}/{name}?region=us-east-1{options}"

    def counts(self, simulator):
        counts = simulator.happen("counts")
        return counts["calls"], counts["scanned_units"]

    def test_a_scan(self):
        for count, size, options in ((6000, 2000, ""), (12000, 300, "&segments=2"), (400, 60000, ""), (0, 0, "&segments=5")):
            with self.subTest(count=count, size=size):
                simulator = Simulator(self, "--table", "demo:pk:sk")
                self.fill(simulator, count, size)
                source = self.source(simulator, "dynamodb", options=options)
                plan = self.run_json("plan", source)
                scan, = (way for way in plan["ways"] if way["way"] == "scan")
                self.assertEqual(plan["items"], count)
                self.assertEqual(self.counts(simulator)[0].get("dynamodb:Scan", 0), 0, "a plan reads nothing")
                target = SqliteTarget(self.home, f"{count}.db")
                self.run_ctk("load", source, target.url())
                calls, units = self.counts(simulator)
                self.near(scan["requests"], calls["dynamodb:Scan"])
                self.near(scan["capacity_units"], units)
                self.assertAlmostEqual(scan["dollars"], scan["capacity_units"] * 0.125e-6)

    def test_following_a_stream_in_which_nothing_comes(self):
        """Relays of both kinds of stream at once, each for some rounds of all its shards. By max-lag, since idle-poll alone counts
        after a quiet minute only."""
        simulator = Simulator(self, "--table", "demo:pk:sk", "--stream", "cdc:3")
        simulator.happen("split-shard", table="demo", all=True)
        followed = {}
        for service, scheme, name in (("streams", "dynamodb+cdc", "demo"), ("kinesis", "kinesis+dynamodb+cdc", "cdc")):
            source = self.source(simulator, scheme, name, "&idle-poll=5s&max-lag=1s")
            plan = self.run_json("plan", source)
            self.start_ctk("load", source, SqliteTarget(self.home, f"{service}.db").url())
            followed[service] = plan["shards"], plan["following"]["requests_per_month"] / (730 * 3600)

        def rounds(service):
            shards, _ = followed[service]
            prefix = "kinesis" if service == "kinesis" else "dynamodb"
            return self.counts(simulator)[0].get(f"{prefix}:GetRecords", 0) // shards

        def next_round(service, least):
            """Its number and its time, once so many have been made."""
            wait_until(f"round {least} of {service}", lambda: rounds(service) >= least, 90)
            seen = rounds(service)
            wait_until(f"one more round of {service}", lambda: rounds(service) > seen, 30)
            return rounds(service), time.monotonic()
        begun = {service: next_round(service, 8) for service in followed}
        for service, (shards, planned) in followed.items():
            with self.subTest(service):
                first, begin = begun[service]
                last, end = next_round(service, first + 20)
                self.near(planned, shards * (last - first) / (end - begin))

    def test_the_form_of_the_json(self):
        simulator = Simulator(self, "--table", "demo:pk:sk", "--stream", "cdc:2")
        simulator.put(1)
        target = f"sqlite:///{self.home}/x.db?table=orders"
        plan = self.run_json("plan", self.source(simulator), target, "--price", "streams-reads-hundred-thousand=1")
        self.assertEqual(set(plan), {"items", "bytes", "shards", "ways", "following", "prices", "ddl"})
        self.assertEqual([set(way) for way in plan["ways"]],
                         [{"way", "hours", "requests", "capacity_units", "dollars"}] * 2)
        self.assertEqual(set(plan["prices"]), {"dated", "source", "values"})
        self.assertEqual(plan["following"]["dollars_per_month"], plan["following"]["requests_per_month"] / 1e5)
        self.assertEqual(plan["shards"], 1)
        dry, _ = self.run_ctk("load", self.source(simulator, "dynamodb"), target, "--dry-run")
        self.assertTrue(plan["ddl"])
        for statement in plan["ddl"]:
            self.assertIn(statement + ";", dry)
        unknown = self.run_json("plan", self.source(simulator, "kinesis+dynamodb+cdc", "cdc"), target)
        self.assertEqual((unknown["items"], unknown["ways"], unknown["shards"], unknown["ddl"]), (None, [], 2, []))
        text, _ = self.run_ctk("plan", self.source(simulator), target)
        self.assertIn('CREATE TABLE IF NOT EXISTS "orders"', text)

    def test_what_goes_wrong(self):
        simulator = Simulator(self, "--table", "demo:pk:sk")
        self.run_ctk("plan", self.source(simulator), "--price", "gold=1", expect=2)
        self.run_ctk("plan", self.source(simulator, name="nothing"), expect=1)
        self.run_ctk("plan", "dynamodb://k:s@127.0.0.1:1/demo?region=us-east-1", expect=1)


if __name__ == "__main__":
    unittest.main()
