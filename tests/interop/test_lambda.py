"""The packaged function under AWS's own runtime interface emulator: batches of both stream services, into SQLite."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))

from events import Model  # noqa: E402
from harness import PROGRAM, Case, SqliteTarget  # noqa: E402
from lambda_runtime import dynamodb_record, kinesis_record  # noqa: E402
from servers import TESTS, Server, free_port, wait_until  # noqa: E402


class Emulator(Server):
    """Lambda, as far as it goes on one machine, with the unpacked zip as its function."""

    def __init__(self, folder, **env):
        super().__init__("rie")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        self.spawn([os.environ["CTK_RIE"], "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
                    "--runtime-api-address", f"127.0.0.1:{free_port()}", str(folder / "bootstrap"), "handler"],
                   env={"PATH": "/usr/bin:/bin", "AWS_LAMBDA_FUNCTION_TIMEOUT": "10"} | env, cwd=folder)
        wait_until("the emulator listens", self.listens, process=self.process)

    def listens(self):
        try:
            urllib.request.urlopen(self.url.rpartition("/2015")[0], timeout=1)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def invoke(self, event):
        request = urllib.request.Request(self.url, json.dumps(event).encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:  # 502: the function has ended
            return json.loads(refused.read())


class Function(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="ctk-task-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        made = subprocess.run([sys.executable, TESTS.parent / "packaging/package.py", "lambda", PROGRAM, cls.folder / "made"],
                              check=True, capture_output=True, text=True)
        with zipfile.ZipFile(made.stdout.split()[-1]) as packed:
            packed.extractall(cls.folder)
            for member in packed.infolist():  # which forgets modes
                (cls.folder / member.filename).chmod(member.external_attr >> 16 & 0o777)

    def setUp(self):
        super().setUp()
        self.target, self.model = SqliteTarget(self.home), Model()

    def emulator(self, **env):
        emulator = Emulator(self.folder, CTK_TARGET=self.target.url(), **env)
        self.addCleanup(emulator.stop)
        return emulator

    def test_batches(self):
        for form in kinesis_record, dynamodb_record:
            with self.subTest(form.__name__):
                self.target, self.model = SqliteTarget(self.home, f"{form.__name__}.db"), Model()
                emulator = self.emulator()
                number = 0
                for count in 1, 300, 20:
                    batch = []
                    for _ in range(count):
                        number += 1
                        batch.append(form(number, self.model.write_anything()))
                    began = time.monotonic()
                    self.assertEqual(emulator.invoke({"Records": batch}), {"batchItemFailures": []}, emulator.log())
                    print(f"{form.__name__}: {count} records in {1000 * (time.monotonic() - began):.0f} ms", file=sys.stderr)
                self.assert_holds(self.target, self.model)

    def test_a_bad_record(self):
        emulator = self.emulator(CTK_OPTIONS="--on-error stop")
        batch = [kinesis_record(1, self.model.put("a")), kinesis_record(2, b"no JSON"), kinesis_record(3, Model().put("b"))]
        self.assertEqual(emulator.invoke({"Records": batch}), {"batchItemFailures": [{"itemIdentifier": "2"}]}, emulator.log())
        self.assert_holds(self.target, self.model)

    def test_an_event_that_is_none(self):
        said = self.emulator().invoke({"key1": "value1"})
        self.assertEqual(said["errorType"], "ctk.refused")
        self.assertIn("no Records", said["errorMessage"])

    def test_a_start_that_fails(self):
        said = self.emulator(CTK_OPTIONS="--nonsense").invoke({"Records": []})
        self.assertIn("nonsense", said["errorMessage"])


if __name__ == "__main__":
    unittest.main()
