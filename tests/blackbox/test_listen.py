"""--listen: page, metrics, health and status of a relay, asked as a browser, Prometheus and an orchestrator would."""
import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import threading
import unittest

from listening import Listening, get
from servers import free_port, wait_until
from simulator import Refusals

HOSTILE = '<img src=x onerror="document.title=1">'


class Listen(Listening):
    def test_status_has_the_members_of_the_contract(self):
        _, url = self.listen()
        for i in range(10):
            self.simulator.put(i)
        self.wait_applied(url, 10)
        status = self.status(url)
        self.assertEqual(set(status), {"relays", "version", "uptime_seconds"})
        relay = status["relays"][0]
        self.assertEqual(set(relay), {"name", "state", "ready", "healthy", "trouble", "lag_seconds", "seconds_to_data_loss",
                                      "rates", "totals", "memory_bytes", "load", "shards"})
        self.assertEqual((relay["state"], relay["healthy"], relay["trouble"], relay["load"]), ("running", True, None, None))
        self.assertEqual(set(relay["rates"]), {"changes", "bytes"})
        self.assertEqual(set(relay["totals"]), {"read", "applied", "filtered", "stale", "deleted", "marked", "dead_letters",
                                                "gaps", "shards", "bytes", "seconds"})
        self.assertEqual(set(relay["shards"][0]), {"id", "state", "position", "lag_seconds", "worker"})
        self.assertGreater(relay["seconds_to_data_loss"], 80_000)

    def test_ready_once_caught_up_and_the_load_complete(self):
        for i in range(30):
            self.simulator.put(i)
        _, url = self.listen(source=self.source(snapshot="initial"))
        wait_until("it is ready", lambda: get(url, "/readyz")[0] == 200, 60)
        relay = self.relay(url)
        self.assertEqual((relay["load"]["running"], relay["load"]["items"], relay["ready"]), (False, 30, True))

    def test_health_is_red_with_the_target_and_green_again_by_itself(self):
        taken = self.home / "taken.db"
        _, url = self.listen(target=f"sqlite:///{taken}?table=demo&timeout=1s")
        self.simulator.put(1)
        self.wait_applied(url, 1)
        self.assertEqual(get(url, "/healthz")[0], 200)
        lock = subprocess.Popen(["python3", "-c", f"import sqlite3,sys\nc=sqlite3.connect({str(taken)!r}, isolation_level=None, timeout=60)\n"
                                 "c.execute('BEGIN EXCLUSIVE')\nprint('locked', flush=True)\nsys.stdin.read()"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(lambda: (lock.kill(), lock.communicate()))
        lock.stdout.readline()
        self.simulator.put(2)
        wait_until("health is red", lambda: get(url, "/healthz")[0] == 503, 60)
        health = json.loads(get(url, "/healthz")[2])
        self.assertFalse(health["healthy"])
        self.assertRegex(health["reasons"][0], "^dynamodb:demo@.*target")
        trouble = self.relay(url)["trouble"]
        self.assertEqual((set(trouble), trouble["side"]), ({"side", "since", "says"}, "target"))
        lock.communicate()
        wait_until("health is green", lambda: get(url, "/healthz")[0] == 200, 60)
        self.wait_applied(url, 2)

    def test_health_is_red_when_the_source_falls_silent(self):
        """No error, no answer: nothing says a word for longer than the window."""
        silent = threading.Event()
        proxy = Refusals(self, self.simulator)

        def refuse(action, number):
            if action == "GetRecords" and number > 3:
                silent.wait(30)
        proxy.refuse = refuse
        self.addCleanup(silent.set)
        _, url = self.listen("--health-window", "3s", source=self.source(port=proxy.port))
        wait_until("health is red", lambda: get(url, "/healthz")[0] == 503, 30)
        silent.set()
        wait_until("health is green", lambda: get(url, "/healthz")[0] == 200, 60)

    def test_health_is_red_when_a_load_falls_silent(self):
        for i in range(10):
            self.simulator.put(i)
        silent, proxy = threading.Event(), Refusals(self, self.simulator)

        def refuse(action, number):
            if action == "Scan":
                silent.wait(60)
        proxy.refuse = refuse
        self.addCleanup(silent.set)
        _, url = self.listen("--health-window", "3s", source=self.source(port=proxy.port, snapshot="initial", segments="2"))
        wait_until("health is red", lambda: get(url, "/healthz")[0] == 503, 30)
        self.assertRegex(get(url, "/healthz")[2], "segment load:00001:00./002 has neither moved nor been proven empty")
        self.assertEqual((self.relay(url)["state"], get(url, "/readyz")[0]), ("loading", 503))
        silent.set()
        wait_until("health is green", lambda: get(url, "/healthz")[0] == 200, 60)
        wait_until("it is ready", lambda: get(url, "/readyz")[0] == 200, 60)

    def test_metrics_are_as_prometheus_reads_them(self):
        _, url = self.listen()
        for i in range(10):
            self.simulator.put(i)
        self.wait_applied(url, 10)
        wait_until("metrics have the relay", lambda: "ctk_changes_applied_total{" in get(url, "/metrics")[2], 10)
        status, headers, text = get(url, "/metrics")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        for wanted in (r'ctk_changes_read_total{relay="dynamodb:demo@\S*"} 10', "ctk_changes_applied_total{", "ctk_dead_letters_total{",
                       r'ctk_lag_seconds{relay="[^"]+",shard="[^"]+"} [0-9.]+', "ctk_seconds_to_data_loss{",
                       r'ctk_aws_calls_total{operation="dynamodb:GetRecords",outcome="ok"} \d+', r'ctk_write_seconds_bucket{le="\+Inf"} [1-9]',
                       "ctk_memory_bytes{", r"ctk_healthy{[^}]+} 1", "ctk_ready{", "ctk_build_info{version="):
            self.assertRegex(text, wanted)
        if shutil.which("promtool") is None:
            self.skipTest("promtool is not installed (Debian's prometheus)")
        checked = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, timeout=60)
        self.assertEqual((checked.returncode, checked.stdout.decode(), checked.stderr.decode()), (0, "", ""))

    def test_other_names_and_pages_of_the_web_are_kept_out(self):
        """DNS rebinding: a page of the web asks under a name that resolves to this machine."""
        _, url = self.listen()
        for path in ("/", "/metrics", "/healthz", "/readyz", "/status.json", "/page.json"):
            self.assertEqual(get(url, path, Host="evil.example")[0], 421, path)
            status, headers, _ = get(url, path)
            self.assertIn(status, (200, 503), path)
            self.assertEqual((headers["Cache-Control"], headers["X-Content-Type-Options"]), ("no-store", "nosniff"))
            self.assertIsNone(headers["Access-Control-Allow-Origin"])
        self.assertEqual(get(url, "/etc/passwd")[0], 404)

    def test_a_token_is_asked_for_and_never_shown(self):
        token = "the-token-of-this-test"
        process, url = self.listen("--listen-token", token, address="0.0.0.0:0")
        url = url.replace("0.0.0.0", "127.0.0.1")
        for path in ("/metrics", "/healthz", "/readyz", "/status.json", "/page.json"):
            self.assertEqual(get(url, path)[0], 401, path)
            self.assertEqual(get(url, path, Authorization="Bearer wrong")[0], 401, path)
            self.assertIn(get(url, path, Authorization=f"Bearer {token}")[0], (200, 503), path)
        self.assertEqual(get(url, "/")[0], 200, "the page holds nothing, and asks for the token")
        everything = "".join(get(url, path, Authorization=f"Bearer {token}")[2] for path in ("/status.json", "/page.json", "/metrics"))
        for secret in (token, "secret-of-the-source"):
            self.assertNotIn(secret, everything)
        self.stop_ctk_reading(process)
        self.assertNotIn(token, "".join(self.lines))

    def test_a_short_token_is_taken_with_a_warning(self):
        process, url = self.listen("--listen-token", "abc", address="0.0.0.0:0")
        url = url.replace("0.0.0.0", "127.0.0.1")
        self.assertEqual((get(url, "/metrics")[0], get(url, "/metrics", Authorization="Bearer abc")[0]), (401, 200))
        self.stop_ctk_reading(process)
        self.assertIn("the listen-token is short: whoever can reach this port may guess it", "".join(self.lines))

    def test_who_may_ask_has_to_be_said_where_others_can(self):
        _, err = self.run_ctk("load", self.source(), self.target.url(), "--listen", "0.0.0.0:0", expect=2)
        self.assertRegex(err, "other machines can reach 0.0.0.0, and nothing says who may ask")
        self.assertFalse(self.target.path.exists())

    def test_a_port_that_is_taken_is_said_before_anything_is_touched(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            _, err = self.run_ctk("load", self.source(), self.target.url(), "--listen", f"127.0.0.1:{port}", expect=1)
        self.assertRegex(err, f"cannot listen on 127.0.0.1:{port}")
        self.assertFalse(self.target.path.exists())

    def test_slow_and_hostile_clients_cost_the_relay_nothing(self):
        process, url = self.listen()
        port = int(url.rpartition(":")[2])
        clients = []
        for i in range(800):  # half requests, and some that never say a word
            client = socket.create_connection(("127.0.0.1", port), timeout=20)
            with contextlib.suppress(ConnectionError):  # the oldest are closed
                client.sendall(b"GET /status.json HTTP/1.1\r\nHost: 127.0.0.1\r\n" if i % 2 else b"")
            clients.append(client)
            if i % 200 == 199:
                self.assertEqual(get(url, "/healthz")[0], 200, "a probe is answered while they stand")
        for i in range(20):
            self.simulator.put(i)
        wait_until("the changes are there", lambda: len(self.target.rows("demo") or ()) == 20, 30, process)
        for client in clients:
            client.close()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.addCleanup(connection.close)
        try:
            connection.putrequest("GET", "/status.json")
            connection.putheader("X-Long", "x" * 1_000_000)
            connection.endheaders()
            self.assertGreaterEqual(connection.getresponse().status, 400)
        except (ConnectionError, http.client.HTTPException):
            pass  # it hung up in the middle of it
        wait_until("it answers", lambda: get(url, "/healthz")[0] == 200, 30)

    def test_the_page_is_whole_and_shut_to_others(self):
        _, url = self.listen()
        _, headers, page = get(url, "/")
        policy = headers["Content-Security-Policy"]
        self.assertRegex(policy, r"^default-src 'none'; script-src 'sha256-\S+'; style-src 'sha256-\S+'; connect-src 'self'")
        self.assertNotIn("unsafe", policy)
        self.assertNotRegex(page, r"\b(src|href)=.?(https?:)?//")

    def dead_letter_keys(self, url):
        letters = json.loads(get(url, "/page.json")[2])["relays"][0]["dead_letters"]
        return [json.loads(letter["key"])["sk"]["S"] for letter in letters]

    def in_a_browser(self, url):
        shown = subprocess.run(["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={self.home}/browser",
                                "--virtual-time-budget=5000", "--dump-dom", url + "/"], capture_output=True, timeout=120)
        return shown.stdout.decode()

    @unittest.skipUnless(shutil.which("chromium"), "chromium is not installed")
    def test_in_a_browser_what_was_loaded_before_this_run_says_so(self):
        self.simulator.put(1)
        source = self.source() + "&snapshot=initial"
        for heading in ("The load is complete", "It was before this run."):
            process, url = self.listen(source=source)
            wait_until("the load is complete", lambda: get(url, "/readyz")[0] == 200, 30, process)
            dom = self.in_a_browser(url)
            self.assertIn(heading, dom)
            self.assertLess(dom.index("<h2>dynamodb:demo@"), dom.index("<h3>Shards</h3>"), "parts of a relay stand under it")
            self.stop_ctk_reading(process)
        self.assertNotIn("of 4 segments", dom)

    @unittest.skipUnless(shutil.which("chromium"), "chromium is not installed")
    def test_in_a_browser_hostile_names_are_text(self):
        self.simulator.put(1)
        process, url = self.listen("--key-type.sk=bigint")
        self.simulator.dynamodb("PutItem", TableName="demo", Item={"pk": {"S": HOSTILE}, "sk": {"S": HOSTILE}})
        wait_until("there is a dead letter", lambda: self.dead_letter_keys(url) == [HOSTILE], 30, process)
        dom = self.in_a_browser(url)
        self.assertIn("all is well", dom)
        self.assertIn("&lt;img src=x onerror=", dom, "the key of the dead letter")
        self.assertNotIn("<img", dom)
        self.assertIn("<title>ctk</title>", dom)

    def test_what_becomes_a_dead_letter_is_a_line_of_the_log(self):
        self.simulator.put(1)
        process, url = self.listen("--key-type.sk=bigint")
        self.wait_applied(url, 1)
        for number in range(3):
            self.simulator.dynamodb("PutItem", TableName="demo", Item={"pk": {"S": "a"}, "sk": {"S": f"no {number}"}})
        wait_until("they are kept", lambda: self.relay(url)["totals"]["dead_letters"] == 3, 30, process)
        self.stop_ctk_reading(process)
        said = [line for line in self.lines if "kept as a dead letter" in line]
        self.assertEqual(len(said), 1, "one a minute")
        self.assertRegex(said[0], r'level=warn .* shard=shardId-\S+ table=demo key=.*no 0.* reason=".*key-type.sk=text')

    def test_status_prints_the_same_once(self):
        process, url = self.listen()
        for i in range(10):
            self.simulator.put(i)
        self.wait_applied(url, 10)
        out, _ = self.run_ctk("status", url)
        self.assertRegex(out, r"dynamodb:demo@\S*: running, healthy, caught up|catching up")
        self.assertRegex(out, "read 10, applied 10, dead letters 0")
        self.assertEqual(set(self.run_json("status", url + "/")), {"relays", "version", "uptime_seconds"})
        self.stop_ctk_reading(process)
        _, err = self.run_ctk("status", url, expect=1)
        self.assertRegex(err, "refused|connect")
        stored = self.run_json("status", self.target.url())["relays"][0]
        self.assertRegex(stored["name"], "dynamodb:demo@")
        self.assertEqual((stored["state"], set(stored["shards"][0])), (None, {"id", "state", "position", "lag_seconds", "worker"}))
        self.assertRegex(self.run_ctk("status", self.target.url())[0], "1 shards?, 0 finished, read up to")

    def test_status_is_the_check_of_a_container(self):
        token = "the-token-of-this-test"
        silent, proxy = threading.Event(), Refusals(self, self.simulator)

        def refuse(action, number):
            if action == "GetRecords" and number > 3:
                silent.wait(60)
        proxy.refuse = refuse
        self.addCleanup(silent.set)
        _, url = self.listen("--health-window", "2s", "--listen-token", token, source=self.source(port=proxy.port))
        _, err = self.run_ctk("status", url, expect=1)
        self.assertRegex(err, "asks for another token.*\n.*--listen-token")
        self.run_ctk("status", url, "--listen-token", token)
        wait_until("it is red", lambda: get(url, "/healthz", Authorization=f"Bearer {token}")[0] == 503, 30)
        out, _ = self.run_ctk("status", url, "--listen-token", token, expect=1)
        self.assertRegex(out, "NOT healthy(.|\n)*Not well:\n.*neither moved nor been proven empty")

    def test_status_of_what_does_not_listen(self):
        _, err = self.run_ctk("status", self.simulator.url, expect=1)
        self.assertRegex(err, "is this the URL of a --listen")
        _, err = self.run_ctk("status", f"http://127.0.0.1:{free_port()}", expect=1)
        self.assertIn("does a relay run there with --listen?", err)

    def test_status_names_both_of_its_forms(self):
        """Where nothing is named that is one of them."""
        for words in ([], ["127.0.0.1:8080"], ["localhost:8080"], ["nothing"]):
            _, err = self.run_ctk("status", *words, expect=2)
            self.assertRegex(err, "http://HOST:PORT")
        _, err = self.run_ctk("status", "sqlite:///demo.db?nonsense=1", expect=2)
        self.assertNotIn("http://HOST:PORT", err)

    def test_a_run_ends_as_it_does_without(self):
        process, url = self.listen()
        self.simulator.put(1)
        self.wait_applied(url, 1)
        self.stop_ctk_reading(process)


class Service(Listening):
    """A service manager's side of sd_notify(3): one message a look."""

    def setUp(self):
        super().setUp()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(str(self.home / "notify"))
        self.manager.settimeout(60)
        self.env = {"NOTIFY_SOCKET": str(self.home / "notify"), "WATCHDOG_USEC": "300000000"}

    def hear(self, word):
        """Messages up to the one that holds this line."""
        heard = []
        while not heard or word not in heard[-1].splitlines():
            heard.append(self.manager.recv(4096).decode())
        return heard

    def test_hears_of_start_life_and_end(self):
        process = self.start_ctk("load", self.source(), self.target.url(), env=self.env)
        self.hear("READY=1")
        self.assertEqual(self.hear("WATCHDOG=1")[-1].count("READY"), 0, "once")
        self.assertEqual(self.stop_ctk(process)[0], 0)
        self.hear("STOPPING=1")

    def test_hears_of_a_run_that_ends_by_itself_and_of_many_relays(self):
        (self.home / "empty.ndjson").touch()
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/empty.ndjson", self.target.url(), env=self.env)
        self.assertIn("READY=1", "".join(self.hear("STOPPING=1")))
        (self.home / "fleet.toml").write_text(f'[[relay]]\nsource = "{self.source()}"\ntarget = "{self.target.url()}"\n')
        process = self.start_ctk("load", "--config", self.home / "fleet.toml", env=self.env)
        self.assertRegex(self.hear("READY=1")[-1], "STATUS=1 of 1 healthy; following")
        self.assertEqual(self.stop_ctk(process)[0], 0)


if __name__ == "__main__":
    unittest.main()
