"""packaging/: packages of the program, made, unpacked and run. That it is built for them is `./dev package`'s affair."""
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import harness
from servers import TESTS

PACKAGING = TESTS.parent / "packaging"
EVENT = {"eventName": "INSERT", "tableName": "orders", "dynamodb": {
    "ApproximateCreationDateTime": 1700000000000, "Keys": {"id": {"S": "a"}}, "NewImage": {"id": {"S": "a"}, "total": {"N": "1"}}}}


class Packages(harness.Case):
    def make(self, form):
        run = subprocess.run([sys.executable, PACKAGING / "package.py", form, harness.PROGRAM, self.home / form], capture_output=True,
                             text=True, env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"})
        self.assertEqual(run.returncode, 0, run.stderr)
        path = pathlib.Path(run.stdout.splitlines()[-1])
        self.assertTrue(path.exists(), run.stdout)
        return path

    def assert_works(self, program):
        """With nothing of this environment."""
        (self.home / "events.ndjson").write_text(json.dumps(EVENT))
        for words in (["--version"], ["load", "file+dynamodb+cdc:events.ndjson", "sqlite:///orders.db?table=orders"]):
            run = subprocess.run([program, *words], cwd=self.home, env={}, capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stderr)
        out, _ = self.run_ctk("shell", f"sqlite:///{self.home}/orders.db", "-c", "SELECT id FROM orders_live;", "--format", "csv")
        self.assertEqual(out.split(), ["id", "a"])

    def test_an_archive_runs_by_itself_and_tells_what_it_holds(self):
        archive = self.make("archive")
        digest, name = pathlib.Path(f"{archive}.sha256").read_text().split()
        self.assertEqual((digest, name), (hashlib.sha256(archive.read_bytes()).hexdigest(), archive.name))
        shutil.unpack_archive(archive, self.home / "here")
        tree, = (self.home / "here").iterdir()
        self.assert_works(tree / "bin/ctk")
        sbom = json.loads(archive.with_name(archive.name.replace(".tar.gz", ".spdx.json")).read_text())
        told = {file for package in sbom["packages"] for file in package.get("comment", "").removeprefix("Files: ").split(", ") if file}
        held = {path.name for path in (tree / "lib").rglob("*") if path.is_file()} - {"ctk"}
        # A library is told by its file's own name, of which the archive's may be the beginning: libx.so.1 and libx.so.1.2.3.
        self.assertEqual({name for name in held if not any(file.startswith(name) or name.startswith("ld-") for file in told)}, set())
        self.assertEqual(len(told), len(held))
        missing = {package["name"] for package in sbom["packages"][1:]} - {path.name for path in (tree / "share/doc/ctk/licences").iterdir()}
        self.assertEqual(missing, set(), "each library's licence comes along")

    @unittest.skipUnless(importlib.util.find_spec("ensurepip"), "python3-venv is not installed")
    def test_a_wheel_is_installed_and_removed_by_pip(self):
        wheel = self.make("wheel")
        subprocess.run([sys.executable, "-m", "venv", self.home / "venv"], check=True, capture_output=True)
        pip = self.home / "venv/bin/pip"
        for words in (["install", "--no-index", wheel], ["check"]):
            run = subprocess.run([pip, *words], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assert_works(self.home / "venv/bin/ctk")
        subprocess.run([pip, "uninstall", "--yes", "ctk"], check=True, capture_output=True)
        self.assertFalse((self.home / "venv/bin/ctk").exists())
        self.assertFalse((self.home / "venv/lib/ctk/ctk").exists())

    @unittest.skipUnless(shutil.which("dh"), "debhelper is not installed")
    def test_a_debian_package_is_as_debian_wants_it(self):
        package = self.make("deb")
        subprocess.run(["dpkg-deb", "--extract", package, self.home / "tree"], check=True)
        self.assert_works(self.home / "tree/usr/bin/ctk")
        for name in ("usr/share/man/man1/ctk.1.gz", "usr/share/bash-completion/completions/ctk", "lib/systemd/system/ctk@.service",
                     "etc/ctk/example.env"):
            self.assertTrue((self.home / "tree" / name).exists(), name)
        conffiles = subprocess.run(["dpkg-deb", "--info", package, "conffiles"], check=True, capture_output=True, text=True).stdout
        self.assertEqual(conffiles.split(), ["/etc/ctk/example.env"])
        if shutil.which("lintian"):
            run = subprocess.run(["lintian", "--fail-on", "error,warning", "--allow-root", package], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


class Service(harness.Case):
    UNIT = PACKAGING / "systemd/ctk@.service"

    def settings(self):
        lines = (PACKAGING / "systemd/example.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def test_what_the_example_says_is_understood(self):
        """The unit's own words, as systemd puts them together, asked by `check --policy`."""
        settings = self.settings()
        self.assertIn("ExecStart=/usr/bin/ctk load ${CTK_SOURCE} $CTK_OPTIONS\n", self.UNIT.read_text())
        target = settings["CRATEDB_CLUSTER_URL"]
        self.run_ctk("check", settings["CTK_SOURCE"], "--policy", env={"CRATEDB_CLUSTER_URL": target})
        self.run_ctk("load", "file+dynamodb+cdc:/dev/null", *settings["CTK_OPTIONS"].replace(":8080", ":0").split(), "--dry-run",
                     env={"CRATEDB_CLUSTER_URL": target})

    def test_the_target_of_the_environment_may_be_any(self):
        (self.home / "events.ndjson").write_text(json.dumps(EVENT))
        self.run_ctk("load", "file+dynamodb+cdc:events.ndjson", cwd=self.home, env={"CRATEDB_CLUSTER_URL": "sqlite:///orders.db?table=orders"})
        self.assertTrue((self.home / "orders.db").exists())

    def assert_starts(self, words):
        """As a dry run of a file, with the command line's own flags: a source in AWS is only asked for its policy."""
        self.assertEqual(words[0], "load")
        self.run_ctk("check", words[1], "sqlite:///orders.db", "--policy")
        flags = [word.replace(":8080", ":0").replace("0.0.0.0", "127.0.0.1") for word in words[2:]]
        self.run_ctk("load", "file+dynamodb+cdc:/dev/null", "sqlite:///orders.db", "--dry-run", *flags)

    def test_the_tasks_of_kubernetes_and_ecs_are_understood(self):
        task = json.loads((PACKAGING / "examples/ecs/task-definition.json").read_text())
        container, = task["containerDefinitions"]
        self.assert_starts(container["command"])
        pods = (PACKAGING / "examples/kubernetes/ctk.yaml").read_text()
        words = re.findall(r"- (\S+)", re.search(r"args:\n(.*?)\n +envFrom", pods, re.DOTALL)[1])
        source = re.search(r"CTK_SOURCE: (\S+)", pods)[1]
        self.assert_starts([source if word == "$(CTK_SOURCE)" else word for word in words])
        recipe = (PACKAGING / "Containerfile").read_text()
        for word in container["healthCheck"]["command"][1:]:
            self.assertIn(f'"{word}"', recipe, "the image has its files where the task looks for them")

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_the_unit_may_do_little(self):
        run = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", self.UNIT], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
