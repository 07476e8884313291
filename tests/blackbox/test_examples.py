"""examples/: alerts and dashboard, against what a relay really counts."""
import json
import re
import shutil
import subprocess
import unittest

from listening import Listening, get
from servers import TESTS, wait_until

EXAMPLES = TESTS.parent / "examples"
NAME = re.compile(r"\bctk_[a-z_]+")


def base_name(name):
    """A histogram's series bear its name and more."""
    return re.sub(r"_(bucket|sum|count)$", "", name)


class Examples(Listening):
    """A relay that has met what there is to be counted."""

    def metrics(self):
        _, url = self.listen("--positions=dynamodb", "--failover-time=3s")
        self.simulator.put(1)
        self.wait_applied(url, 1)
        wait_until("the relay is counted", lambda: "ctk_healthy{" in get(url, "/metrics")[2], 10)
        return set(re.findall(r"^# TYPE (\S+)", get(url, "/metrics")[2], re.MULTILINE))

    def test_all_that_is_named_is_counted(self):
        """In alerts, dashboard and documentation; and what is counted is documented."""
        counted = self.metrics()
        alerts = (EXAMPLES / "prometheus/alerts.yml").read_text()
        expressions = [target["expr"] for panel in json.loads((EXAMPLES / "grafana/ctk.json").read_text())["panels"]
                       for target in panel["targets"]]
        reference = (TESTS.parent / "docs/reference/metrics.md").read_text()
        documented = set(re.findall(r"^\| `(\w+)`", reference, re.MULTILINE)) - {"ctk_http_errors_total"}
        for where, names in (("alerts", NAME.findall(alerts)), ("dashboard", NAME.findall(" ".join(expressions)))):
            self.assertEqual({base_name(name) for name in names} - counted, set(), where)
        self.assertEqual(documented ^ counted, set())

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed (Debian's prometheus)")
    def test_alerts_fire_and_keep_silent(self):
        for words in (["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]):
            done = subprocess.run(["promtool", *words], cwd=EXAMPLES / "prometheus", capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())

    def test_the_dashboard_can_be_imported(self):
        dashboard = json.loads((EXAMPLES / "grafana/ctk.json").read_text())
        self.assertEqual(dashboard["title"], "ctk")
        ids = [panel["id"] for panel in dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))
        for panel in dashboard["panels"]:
            self.assertTrue(panel["targets"] and panel["title"] and panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24, panel["title"])


if __name__ == "__main__":
    unittest.main()
