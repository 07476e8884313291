"""Enhanced fan-out (fan-out=NAME): what is pushed arrives, through splits, faults on the way and kills; and as an operator
meets it: the consumer, rights, costs, sources that have none."""
import collections
import contextlib
import json
import select
import socket
import ssl
import statistics
import subprocess
import threading
import time
import unittest
import urllib.request

from harness import Case, SqliteTarget
from servers import wait_until
from simulator import Simulator


class FanOut(Case):
    shards = 2

    def setUp(self):
        super().setUp()
        self.simulator = self.start_simulator()
        self.target = SqliteTarget(self.home, "t.db")
        self.written = 0

    def start_simulator(self, *options):
        simulator = Simulator(self, "--table", "demo:pk:sk", "--stream", f"cdc:{self.shards}", *options)
        simulator.dynamodb("EnableKinesisStreamingDestination", TableName="demo",
                           StreamArn="arn:aws:kinesis:us-east-1:000000000000:stream/cdc")
        return simulator

    def source(self, query=""):
        return f"kinesis+dynamodb+cdc://k:s@127.0.0.1:{self.simulator.port}/cdc?region=us-east-1&fan-out=me{query}"

    def start_relay(self, *more):
        return self.start_ctk("load", self.source(), self.target.url(), "--delete-grace=0s", *more)

    def put(self, count):
        for _ in range(count):
            self.simulator.put(self.written)
            self.written += 1

    def faults(self, **knobs):
        body = json.dumps(knobs).encode()
        urllib.request.urlopen(urllib.request.Request(self.simulator.url + "/faults", body), timeout=10).close()

    def calls(self, action):
        return self.simulator.happen("counts")["calls"].get("kinesis:" + action, 0)

    def wait_rows(self, seconds=60, process=None):
        wait_until(f"{self.written} rows", lambda: len(self.target.rows("demo") or {}) == self.written, seconds,
                   process=process)

    def verify(self):
        table = f"dynamodb://k:s@127.0.0.1:{self.simulator.port}/demo?region=us-east-1"
        return self.run_json("verify", table, self.target.url())


class FollowByFanOut(FanOut):
    def test_through_splits_faults_and_kills(self):
        relay = self.start_relay()
        self.put(50)
        self.wait_rows(process=relay)
        self.simulator.happen("split-shard", stream="cdc")
        self.put(50)
        self.wait_rows(process=relay)
        self.faults(cut_push=0.2, spoilt_push=0.2, refused_push=0.2)
        self.put(50)
        self.simulator.happen("split-shard", stream="cdc")
        self.put(50)
        relay.kill()
        relay.communicate()
        self.put(50)
        relay = self.start_relay()
        self.put(20)
        self.simulator.happen("kill-connections")
        self.put(20)
        self.faults()
        self.wait_rows(120, process=relay)
        shards = [shard for shard in self.simulator.kinesis("ListShards", StreamName="cdc")["Shards"]
                  if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]
        shards.sort(key=lambda shard: int(shard["HashKeyRange"]["StartingHashKey"]))
        self.simulator.happen("merge-shards", stream="cdc", shard=shards[0]["ShardId"], adjacent=shards[1]["ShardId"])
        # A subscription lasts five minutes of the service's clock.
        self.simulator.happen("advance-clock", seconds=301)
        self.put(20)
        for number in range(0, self.written, 3):
            self.simulator.dynamodb("DeleteItem", TableName="demo",
                                    Key={"pk": {"S": f"item-{number % 7}"}, "sk": {"S": str(number)}})
        gone = len(range(0, self.written, 3))
        self.written -= gone
        wait_until("the items are gone", lambda: len(self.target.rows("demo")) == self.written, 60, process=relay)
        code, _, err = self.stop_ctk(relay)
        self.assertEqual(code, 0, err)
        verified = self.verify()
        self.assertEqual((verified["items"], verified["equal"]), (self.written, self.written))
        self.assertEqual(self.calls("GetRecords"), 0)

    def test_a_silent_subscription_is_made_again(self):
        self.faults(silent_push=1)
        relay = self.start_relay()
        self.put(10)
        wait_until("it has subscribed", lambda: self.calls("SubscribeToShard") >= self.shards, process=relay)
        self.faults()
        self.wait_rows(90, process=relay)
        self.assertGreaterEqual(self.calls("SubscribeToShard"), 2 * self.shards)

    def test_bounded_runs_end(self):
        self.put(30)
        for expected in (30, 0):
            done = self.run_json("load", self.source("&once=true"), self.target.url())
            self.assertEqual(done["applied"], expected, done)
        self.wait_rows()

    def test_what_is_pushed_is_in_the_table_at_once(self):
        relay = self.start_relay()
        self.put(5)
        self.wait_rows(process=relay)
        delays = []
        for _ in range(30):
            self.put(1)
            begun = time.monotonic()
            while self.target.query(f"SELECT count(*) FROM demo WHERE sk = '{self.written - 1}'") != [(1,)]:
                self.assertLess(time.monotonic() - begun, 30)
                time.sleep(0.002)
            delays.append(time.monotonic() - begun)
        # 20 ms on a machine that has nothing else to do. A relay that nobody calls rests for ten seconds.
        self.assertLess(statistics.median(delays), 1, delays)


class SharedByLeases(FanOut):
    shards = 8

    def start_worker(self, name):
        return self.start_ctk("load", self.source(), self.target.url(), "--positions=dynamodb", "--failover-time=3s",
                              "--lease-table=workers", f"--worker-id={name}")

    def shares(self):
        """Leases of shards that are being read, by their holders."""
        items = self.simulator.dynamodb("Scan", TableName="workers")["Items"]
        return collections.Counter(item.get("checkpointOwner", item.get("leaseOwner", {"S": ""}))["S"] for item in items
                                   if item["checkpoint"]["S"] != "SHARD_END")

    def test_workers_share_die_and_leave(self):
        """A consumer has one subscription a shard: it goes from worker to worker with the lease."""
        first = self.start_worker("first")
        self.put(30)
        self.wait_rows(process=first)
        second, third = self.start_worker("second"), self.start_worker("third")
        wait_until("three have leases", lambda: min(self.shares()[name] for name in ("first", "second", "third")) >= 2, 60)
        self.put(60)
        self.wait_rows(process=first)
        second.kill()
        second.communicate()
        self.put(60)
        self.wait_rows(process=first)
        self.simulator.happen("split-shard", stream="cdc")
        self.put(60)
        self.wait_rows(process=first)
        code, _, err = self.stop_ctk(third)
        self.assertEqual(code, 0, err)
        self.put(60)
        self.wait_rows(process=first)
        wait_until("one has all", lambda: set(self.shares()) == {"first"}, 60)
        code, _, err = self.stop_ctk(first)
        self.assertEqual(code, 0, err)
        verified = self.verify()
        self.assertEqual((verified["items"], verified["equal"]), (self.written, self.written))
        self.assertEqual(self.calls("GetRecords"), 0)


class Front:
    """TLS before a simulator, with HTTP/2 by ALPN, as AWS has it; counts connections."""

    def __init__(self, case, port):
        self.certificate, key = case.home / "cert.pem", case.home / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", self.certificate, "-days", "1", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        context.set_alpn_protocols(["h2", "http/1.1"])
        self.over_http2 = 0
        self.inside = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        case.addCleanup(self.listener.close)
        threading.Thread(target=self.accept, args=(context,), daemon=True).start()

    def accept(self, context):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(context, accepted), daemon=True).start()

    def serve(self, context, accepted):
        with contextlib.suppress(OSError), context.wrap_socket(accepted, server_side=True) as outside, \
                socket.create_connection(("127.0.0.1", self.inside)) as inside:
            self.over_http2 += outside.selected_alpn_protocol() == "h2"
            outside.setblocking(False)
            while True:
                if not outside.pending():
                    select.select([outside, inside], [], [])
                with contextlib.suppress(ssl.SSLWantReadError):
                    got = outside.recv(65536)
                    if not got:
                        return
                    inside.sendall(got)
                if select.select([inside], [], [], 0)[0]:
                    got = inside.recv(65536)
                    if not got:
                        return
                    outside.setblocking(True)
                    outside.sendall(got)
                    outside.setblocking(False)


class OverTls(FanOut):
    shards = 150

    def test_more_shards_than_there_may_be_connections(self):
        front = Front(self, self.simulator.port)
        source = self.source(f"&endpoint-url=https://localhost:{front.port}")
        relay = self.start_ctk("load", source, self.target.url(), env={"AWS_CA_BUNDLE": str(front.certificate)})
        self.put(100)
        self.wait_rows(process=relay)
        wait_until("all have subscribed", lambda: self.calls("SubscribeToShard") >= self.shards, process=relay)
        self.simulator.happen("split-shard", stream="cdc")
        self.put(100)
        self.wait_rows(process=relay)
        code, _, err = self.stop_ctk(relay)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.verify()["equal"], self.written)
        self.assertGreaterEqual(front.over_http2, 1)
        self.assertLessEqual(front.over_http2, 64, "connections to a host")


class Consumer(FanOut):
    def consumers(self):
        stream = "arn:aws:kinesis:us-east-1:000000000000:stream/cdc"
        return [one["ConsumerName"] for one in self.simulator.kinesis("ListStreamConsumers", StreamARN=stream)["Consumers"]]

    def test_it_is_registered_once_and_stays(self):
        self.put(5)
        self.run_json("load", self.source("&once=true"), self.target.url())
        self.assertEqual(self.consumers(), ["me"])
        self.run_json("load", self.source("&once=true"), self.target.url())
        self.assertEqual(self.consumers(), ["me"])
        self.assertEqual(self.calls("RegisterStreamConsumer"), 1)
        self.assertEqual(self.calls("DeregisterStreamConsumer"), 0)

    def test_the_least_policy_is_enough_and_needed(self):
        policy, _ = self.run_ctk("check", self.source(), "--policy")
        (self.home / "policy.json").write_text(policy)
        self.assertIn("kinesis:SubscribeToShard", policy)
        self.assertNotIn("kinesis:GetRecords", policy)
        self.simulator.happen("set-policy", policy={"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}, *json.loads(policy)["Statement"]]})
        self.put(5)
        self.run_json("load", self.source("&once=true"), self.target.url())
        self.wait_rows()
        statements = [statement for statement in json.loads(policy)["Statement"] if statement["Sid"] != "ReadByFanOut"]
        self.simulator.happen("set-policy", policy={"Version": "2012-10-17", "Statement": statements})
        _, err = self.run_ctk("load", self.source("&once=true"), self.target.url(), expect=1)
        self.assertIn("kinesis:DescribeStreamConsumer", err)

    def test_check_looks_and_registers_nothing(self):
        found = {one["check"]: one for one in self.run_json("check", self.source())}
        self.assertEqual(found["permission kinesis:DescribeStreamConsumer"]["result"], "ok", found)
        self.assertIn("would register", found["permission kinesis:RegisterStreamConsumer"]["says"])
        self.assertEqual(self.consumers(), [])

    def test_plan_reckons_it(self):
        polled = self.source().replace("&fan-out=me", "")
        by_fan_out, by_polling = (self.run_json("plan", source, self.target.url())["following"]["dollars_per_month"]
                                  for source in (self.source(), polled))
        self.assertAlmostEqual(by_fan_out, 2 * by_polling)

    def test_other_sources_have_none(self):
        _, err = self.run_ctk("load", f"dynamodb+cdc://k:s@127.0.0.1:{self.simulator.port}/demo?region=us-east-1&fan-out=me",
                              self.target.url(), expect=2)
        self.assertIn("fan-out in the source's URL is for Kinesis streams, found a DynamoDB table", err)
        _, err = self.run_ctk("load", self.source().replace("fan-out=me", "fan-out=no/name"), self.target.url(), expect=2)
        self.assertIn("accepted is a consumer's name", err)


if __name__ == "__main__":
    unittest.main()
