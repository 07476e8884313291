"""`ctk kcl-processor` under Amazon's own MultiLangDaemon, with the properties and the command of examples/kcl.

Beside a lively table's changes the stream has marks, items that are written once: whenever a lease's checkpoint is looked at,
all marks before it have to be in the target.
"""
import os
import pathlib
import shutil
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import PROGRAM, MariadbTarget, PostgresTarget, clean_environment  # noqa: E402
from java_library import multilang  # noqa: E402
from lease_world import LONG, SHARDS, KinesisWorld  # noqa: E402
from servers import TESTS, Mariadb, Postgres, Server, wait_until  # noqa: E402

GRACE = 3  # seconds that a daemon waits for its other children once one of them has died


class Daemon(Server):
    """examples/kcl as a user runs it. Its properties are the example's, but for what is appended: where the services are,
    and shorter pauses."""

    def __init__(self, case):
        super().__init__("multilang")
        case.addCleanup(self.stop)
        folder = pathlib.Path(self.home, "kcl")
        shutil.copytree(TESTS.parent / "examples/kcl", folder)
        settings = case.settings | {
            "streamName": case.table, "applicationName": case.table, "regionName": "us-east-1",
            "kinesisEndpoint": case.kinesis.url, "dynamoDBEndpoint": case.dynamodb.url, "metricsLevel": "NONE", "failoverTimeMillis": 4000,
            "shardSyncIntervalMillis": 1000, "parentShardPollIntervalMillis": 500, "idleTimeBetweenReadsInMillis": 250,
            "shutdownGraceMillis": GRACE * 1000}
        with open(folder / "ctk.properties", "a") as properties:
            properties.writelines(f"{name} = {value}\n" for name, value in settings.items())
        (folder / "ctk").symlink_to(PROGRAM)
        self.began = time.monotonic()
        self.spawn(["sh", folder / "run.sh"], env=clean_environment() | {
            "PATH": f"{folder}:{os.environ['PATH']}", "CLASSPATH": case.library.classpath(), "CTK_TARGET": case.target.url(),
            "JAVA_TOOL_OPTIONS": "-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Daws.cborEnabled=false",
            "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"})

    def children(self):
        """The processes of ctk."""
        found = set()
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            try:
                found |= {int(word) for word in task.read_text().split()}
            except OSError:
                pass  # a thread that has ended
        return found


def is_alive(process):
    return pathlib.Path(f"/proc/{process}").exists()


class UnderTheDaemon(KinesisWorld):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.postgres, cls.mariadb = Postgres(), Mariadb()
        cls.addClassCleanup(cls.postgres.stop)
        cls.addClassCleanup(cls.mariadb.stop)

    def setUp(self):
        super().setUp()
        self.marks = []  # (shard, sequence number, key)

    def put(self, count):
        events, marked = [], []
        for number in range(count):
            events.append(self.model.write_anything())
            if number % 4 == 0:
                name = f"mark-{len(self.marks) + len(marked)}"
                marked.append((len(events), name))
                events.append(self.model.put(name))
        done = self.put_events(events)
        self.marks += [done[i] + ((name, 0),) for i, name in marked]

    def check_checkpoints(self):
        """None is past what is written. The checkpoints are read first."""
        leases = self.rows()
        rows = self.target.rows("demo") or {}
        for shard, sequence, key in self.marks:
            if self.has_reached(leases, shard, sequence):
                self.assertIn(key, rows, f"{shard} is checkpointed behind {sequence}, which is not written")
        return rows

    def wait_equal(self, what, daemon):
        try:
            wait_until(what, lambda: self.check_checkpoints() == self.model.rows(), LONG, daemon.process)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{daemon.log()[-20000:]}") from None
        print(f"{self.table}: {what}: {time.monotonic() - daemon.began:.1f} s after the daemon's start", file=sys.stderr)

    def live(self, library, target, **settings):
        self.library, self.target, self.settings = library, target, settings
        self.put(300)
        daemon = Daemon(self)
        self.wait_equal("the backlog is written", daemon)
        self.assertEqual(len(daemon.children()), SHARDS, "a child for each shard")

        self.put(300)
        os.kill(min(daemon.children()), signal.SIGKILL)
        wait_until("a daemon ends whose child was killed", lambda: daemon.process.poll() is not None, LONG)
        self.check_checkpoints()
        daemon = Daemon(self)
        self.wait_equal("another goes on behind a killed child", daemon)

        children = daemon.children()
        self.put(300)
        daemon.process.kill()
        daemon.process.wait()
        wait_until("its children end", lambda: not any(map(is_alive, children)), 60)
        self.check_checkpoints()
        daemon = Daemon(self)
        self.wait_equal("another goes on behind a killed daemon", daemon)

        parents = self.reshard()
        self.put(300)
        self.wait_equal("shards were split and merged", daemon)
        wait_until("the parents' ends are checkpointed",
                   lambda: self.ends() >= parents, LONG, daemon.process)
        wait_until("each open shard has its child", lambda: len(daemon.children()) == SHARDS, LONG, daemon.process)
        self.check_checkpoints()

        daemon.process.terminate()
        daemon.process.wait(120)
        self.assert_holds(self.target, self.model)

    def ends(self):
        return {shard for shard, row in self.rows().items() if row["checkpoint"]["S"] == "SHARD_END"}

    def test_kcl_2_into_postgres(self):
        self.live(multilang("2.5.4"), PostgresTarget(self.postgres, self.table))

    def test_kcl_3_into_mariadb(self):
        self.live(multilang("3.1.3"), MariadbTarget(self.mariadb, self.table),
                  clientVersionConfig="CLIENT_VERSION_CONFIG_COMPATIBLE_WITH_2X")


if __name__ == "__main__":
    unittest.main()
