"""docs/in-use.md and README.md: their command lines are run as they stand there, but for where AWS and the databases are. One that goes
on for ever is stopped once it says that it reads, or, where it loads first, that the table is whole."""
import json
import re
import shlex
import signal
import subprocess
import unittest

from harness import PROGRAM, Case, CrateTarget, clean_environment
from servers import TESTS, FakeCrateDb, Mariadb, Postgres, wait_until
from simulator import Simulator

PAGES = ("README.md", "docs/in-use.md")
EVENT = {"eventName": "INSERT", "tableName": "orders", "dynamodb": {
    "ApproximateCreationDateTime": 1700000000000, "Keys": {"id": {"S": "a"}}, "NewImage": {"id": {"S": "a"}}}}
# Spoken to by somebody else's program: test_kcl_processor.py, test_lambda.py.
ELSEWHERE = ("kcl-processor", "lambda")


class InUse(Case):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "orders:pk:sk", "--stream", "cdc-stream:1")
        stream = self.simulator.kinesis("DescribeStreamSummary", StreamName="cdc-stream")["StreamDescriptionSummary"]["StreamARN"]
        self.simulator.dynamodb("EnableKinesisStreamingDestination", TableName="orders", StreamArn=stream)
        self.simulator.put(1, table="orders")
        self.postgres, self.mariadb, self.crate = Postgres(), Mariadb(), FakeCrateDb()
        for server in (self.postgres, self.mariadb, self.crate):
            self.addCleanup(server.stop)
        self.mariadb.sql("CREATE DATABASE shop")
        self.postgres.sql("CREATE DATABASE odbc")
        (self.home / "events").write_text(json.dumps(EVENT) + "\n")
        (self.home / "odbc.ini").write_text(f"[shop]\nDriver=PostgreSQL Unicode\nServername=127.0.0.1\nPort={self.postgres.port}\n"
                                            "Database=odbc\n")
        (self.home / "relays.toml").write_text(f'[[relay]]\nsource = "{self.here("dynamodb+cdc://aws/orders")}?region=us-east-1"\n'
                                               'target = "sqlite:///relays.db?table=orders"\n')
        self.environment = clean_environment() | {"ODBCINI": str(self.home / "odbc.ini"), "HOME": str(self.home)}

    def here(self, line):
        """The line, with the places of this test."""
        crate = self.crate.url.split("//")[1]
        for there, place in ((r"//(\S+?:\S+?@)?aws/", f"//k:s@127.0.0.1:{self.simulator.port}/"), ("eu-central-1", "us-east-1"),
                             (r"postgresql://user:pw@localhost/db", f"postgresql://ctk:secret@127.0.0.1:{self.postgres.port}/ctk"),
                             (r"mariadb://user:pw@localhost/", f"mariadb://ctk:secret@127.0.0.1:{self.mariadb.port}/"),
                             (r"odbc://user:pw@", "odbc://ctk:secret@"), (r"crate://(crate@)?localhost:4200", f"crate://crate@{crate}"),
                             (r"/path/events\.\w+", f"{self.home}/events"), (r"127\.0\.0\.1:(8000|8080)\b", "127.0.0.1:0")):
            line = re.sub(there, place, line)
        return line

    def run_line(self, line):
        """To its end, or until it says that it goes on; it has to end well."""
        said = self.home / "said"
        words = shlex.split(self.here(line), comments=True)
        with said.open("wb") as out:
            process = subprocess.Popen([PROGRAM, *words[1:]], cwd=self.home, env=self.environment, stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=out)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        goes_on = 'msg="ready' if "snapshot=initial" in line else "msg=reading|listening on"
        if words[1] in ("load", "record", "simulator") and not any(word.startswith("file+") for word in words):
            wait_until(f"{line} goes on", lambda: re.search(goes_on, said.read_text()), 60, process)
            if "kinesis" in line:  # other lines look at what this one has written
                wait_until(f"{line} writes", lambda: CrateTarget(self.crate.url, "testdrive").rows("demo"), 60, process)
            process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 0, said.read_text())

    def test_every_line(self):
        ran = 0
        for page in PAGES:
            for block in re.findall(r"^```shell\n(.*?)^```$", (TESTS.parent / page).read_text(), re.MULTILINE | re.DOTALL):
                for line in block.splitlines():
                    if line.startswith("export "):
                        name, _, value = self.here(line).removeprefix("export ").partition("=")
                        self.environment[name] = value
                    if not line.startswith("ctk ") or line.split()[1] in ELSEWHERE:
                        continue
                    with self.subTest(page, line=line):
                        self.run_line(line)
                        ran += 1
        self.assertGreater(ran, 15)


if __name__ == "__main__":
    unittest.main()
