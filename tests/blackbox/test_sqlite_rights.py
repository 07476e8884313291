"""SQLite files that may not be written: said at once, with the file's name."""
import json
import os
import subprocess
import time
import unittest

from harness import PROGRAM, Case, clean_environment

EVENT = {"eventName": "INSERT", "tableName": "demo", "dynamodb": {
    "Keys": {"pk": {"S": "a"}}, "NewImage": {"pk": {"S": "a"}}, "ApproximateCreationDateTime": 1700000000}}


class SqliteRights(Case):
    def setUp(self):
        super().setUp()
        self.file = self.home / "target.db"
        (self.home / "events.ndjson").write_text(json.dumps(EVENT) + "\n")
        self.home.chmod(0o755)
        # Root may do everything.
        self.user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}

    def load(self):
        began = time.monotonic()
        run = subprocess.run([PROGRAM, "load", f"file+dynamodb+cdc://{self.home}/events.ndjson", f"sqlite:///{self.file}?table=demo"],
                             env=clean_environment(), capture_output=True, text=True, timeout=60, cwd="/", **self.user)
        self.assertLess(time.monotonic() - began, 25, "nothing was waited for")
        return run.returncode, run.stderr

    def assert_refused(self):
        code, err = self.load()
        self.assertEqual(code, 1, err)
        self.assertIn(str(self.file), err)
        self.assertIn("needs to write the file", err)

    def test_a_file_that_may_not_be_written(self):
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events.ndjson", f"sqlite:///{self.file}?table=demo")
        self.file.chmod(0o444)
        self.home.chmod(0o555)
        self.addCleanup(self.home.chmod, 0o755)
        self.assert_refused()

    def test_a_folder_that_takes_no_files(self):
        self.home.chmod(0o555)
        self.addCleanup(self.home.chmod, 0o755)
        self.assert_refused()

    def test_a_file_in_a_folder_that_takes_no_others(self):
        with open(self.file, "wb"):
            pass
        self.file.chmod(0o666)
        self.home.chmod(0o555)
        self.addCleanup(self.home.chmod, 0o755)
        self.assert_refused()


if __name__ == "__main__":
    unittest.main()
