"""packaging/: packages of the program, made, unpacked and run. That it is built for them is `./dev package`'s affair."""
import hashlib
import importlib.util
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import unittest
import zipfile

import harness
from lambda_runtime import Function, kinesis_record
from servers import TESTS, free_port, wait_until
from simulator import Simulator

PACKAGING = TESTS.parent / "packaging"
EVENT = {"eventName": "INSERT", "tableName": "orders", "dynamodb": {
    "ApproximateCreationDateTime": 1700000000000, "Keys": {"id": {"S": "a"}}, "NewImage": {"id": {"S": "a"}, "total": {"N": "1"}}}}


class Packaging(harness.Case):
    def make(self, form, root=TESTS.parent):
        """Dated by the test; a second one takes the first one's place."""
        run = subprocess.run([sys.executable, root / "packaging/package.py", form, harness.PROGRAM, self.home / form], capture_output=True,
                             text=True, env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"})
        self.assertEqual(run.returncode, 0, run.stderr)
        path = pathlib.Path(run.stdout.splitlines()[-1])
        self.assertTrue(path.exists(), run.stdout)
        return path


class Packages(Packaging):
    def other_checkout(self):
        """What packages take from the sources, as somebody else has it: checked out long ago, for the owner alone."""
        root = self.home / "checkout"
        for name in ("packaging", "examples"):
            shutil.copytree(TESTS.parent / name, root / name)
        shutil.copy(TESTS.parent / "LICENSE", root)
        for path in (root, *root.rglob("*")):
            path.chmod(path.stat().st_mode & 0o700)
            os.utime(path, (1_000_000_000, 1_000_000_000))
        return root

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
        self.assertLessEqual({"libdl.so.2", "libpthread.so.0"}, held, "for drivers of an older machine")
        (self.home / "linked").symlink_to(tree / "bin/ctk")
        self.assert_works(self.home / "linked")
        missing = {package["name"] for package in sbom["packages"][1:]} - {path.name for path in (tree / "share/doc/ctk/licences").iterdir()}
        self.assertEqual(missing, set(), "each library's licence comes along")
        self.assertEqual(self.make("archive", self.other_checkout()).with_name(name + ".sha256").read_text().split()[0], digest, "the same program, the same bytes")

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
                     "etc/ctk/example.env", "usr/share/doc/ctk/examples/config/relays.toml"):
            self.assertTrue((self.home / "tree" / name).exists(), name)
        conffiles = subprocess.run(["dpkg-deb", "--info", package, "conffiles"], check=True, capture_output=True, text=True).stdout
        self.assertEqual(conffiles.split(), ["/etc/ctk/example.env"])
        if shutil.which("lintian"):
            run = subprocess.run(["lintian", "--fail-on", "error,warning", "--allow-root", package], capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(package.read_bytes(), self.make("deb", self.other_checkout()).read_bytes(), "the same program, the same bytes")

    def test_a_zip_is_a_function_of_lambda(self):
        packed = self.make("lambda")
        self.assertLess(packed.stat().st_size, 20_000_000)
        with zipfile.ZipFile(packed) as members:
            members.extractall(self.home / "task")
            for member in members.infolist():  # which forgets modes
                (self.home / "task" / member.filename).chmod(member.external_attr >> 16 & 0o777)
        target = harness.SqliteTarget(self.home)
        function = Function(self, env={"CTK_TARGET": target.url("orders")}, cwd=self.home, program=self.home / "task/bootstrap", words=())
        self.assertEqual(function.invoke([kinesis_record(1, EVENT)]), [])
        self.assertEqual(target.query("SELECT id FROM orders_live"), [("a",)])
        function.stop()
        self.assertEqual(packed.read_bytes(), self.make("lambda").read_bytes(), "the same program gives the same bytes")


@unittest.skipUnless(os.geteuid() == 0, "only root may run a program in a tree of its own")
class Image(Packaging):
    """The image without a builder: what its recipe does is done in a tree, and what it starts is started there, as its user."""
    RECIPE = (PACKAGING / "Containerfile").read_text()

    def said(self, instruction):
        """Of the last stage; lists of words are JSON."""
        text, = re.findall(rf"^{instruction} ((?:.*\\\n)*.*)", self.RECIPE.rpartition("\nFROM ")[2], re.MULTILINE)
        return text.replace("\\\n", "")

    def tree(self):
        """Every step after the build, with its folders elsewhere."""
        image = self.home / "image"
        run = re.search(r"^RUN ((?:.*\\\n)*.*)", self.RECIPE, re.MULTILINE)[1].replace("\\\n", "")
        steps = re.split(r"&& \./dev package archive\s+&& ", run)[-1]
        self.assertTrue(steps.startswith("mkdir -p /image/"), steps)
        here = steps.replace("build-package/packages", str(self.make("archive").parent)).replace("/image", str(image))
        done = subprocess.run(["sh", "-euc", here], cwd=self.home, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return image

    def test_its_steps_make_a_tree_that_runs_and_says_how_it_is(self):
        image, simulator = self.tree(), Simulator(self, "--table", "orders:pk:sk")
        simulator.put(1, table="orders")
        environment = dict(word.split("=", 1) for word in shlex.split(self.said("ENV")))
        inside = [shutil.which("chroot", path="/usr/sbin:/usr/bin"), f"--userspec={self.said('USER')}", str(image)]
        start, check = json.loads(self.said("ENTRYPOINT")), json.loads(self.said("HEALTHCHECK").partition(" CMD ")[2])
        at = self.said("WORKDIR")
        self.assertEqual(environment["HOME"], at)

        def run(*words):
            return subprocess.run([*inside, *words], env=environment, capture_output=True, text=True, timeout=60)
        helped = run(*start, *json.loads(self.said("CMD")))
        self.assertEqual(helped.returncode, 0, helped.stderr)
        self.assertTrue(helped.stdout.startswith("Usage: ctk "))
        port = free_port()
        check = [word.replace(":8080", f":{port}") for word in check]
        self.assertEqual(run(*check).returncode, 1, "nothing runs there yet")
        words = ["load", f"dynamodb+cdc://k:s@127.0.0.1:{simulator.port}/orders?region=us-east-1&snapshot=initial",
                 f"sqlite:///{at}/orders.db", "--listen", f"127.0.0.1:{port}"]
        relay = subprocess.Popen([*inside, *start, *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(relay.wait)
        self.addCleanup(relay.kill)
        wait_until("the image's own check says that all is well", lambda: run(*check).returncode == 0, 30, relay)
        target = harness.SqliteTarget(image / at[1:], "orders.db")
        wait_until("the item is there", lambda: target.rows("orders"), 30, relay)
        self.assertEqual((image / at[1:] / "orders.db").stat().st_uid, int(self.said("USER").split(":")[0]))
        held = {str(path.relative_to(image)) for path in image.rglob("*") if path.is_file()}
        self.assertFalse({name for name in held if re.search(r"(^|/)(sh|bash|apt\w*|dpkg)$", name)}, "no shell, no package manager")


class Service(harness.Case):
    UNIT = PACKAGING / "systemd/ctk@.service"

    def settings(self):
        lines = (PACKAGING / "systemd/example.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))

    def test_what_the_example_says_is_understood(self):
        """The unit's own words, as systemd puts them together, asked by `check --policy`."""
        settings = self.settings()
        self.assertIn("ExecStart=/usr/bin/ctk load $CTK_SOURCE $CTK_OPTIONS\n", self.UNIT.read_text())
        target = settings["CRATEDB_CLUSTER_URL"]
        self.run_ctk("check", settings["CTK_SOURCE"], "--policy", env={"CRATEDB_CLUSTER_URL": target})
        self.run_ctk("load", "file+dynamodb+cdc:/dev/null", *settings["CTK_OPTIONS"].replace(":8080", ":0").split(), "--dry-run",
                     env={"CRATEDB_CLUSTER_URL": target})

    def test_the_target_of_the_environment_may_be_any(self):
        (self.home / "events.ndjson").write_text(json.dumps(EVENT))
        self.run_ctk("load", "file+dynamodb+cdc:events.ndjson", cwd=self.home, env={"CRATEDB_CLUSTER_URL": "sqlite:///orders.db?table=orders"})
        self.assertTrue((self.home / "orders.db").exists())

    def test_only_a_relay_that_has_a_file_is_told_to_read_it_again(self):
        """The unit's own line: without such a file the signal would end the relay."""
        line = re.search(r"^ExecReload=((?:.*\\\n)*.*)", self.UNIT.read_text(), re.MULTILINE)[1].replace("\\\n", "")
        for options, ended in (("--config /etc/ctk/shop.toml", -signal.SIGHUP), ("--listen 127.0.0.1:8080", None)):
            relay = subprocess.Popen(["env", "--default-signal=HUP", "sleep", "600"])  # these tests may run under nohup
            self.addCleanup(relay.wait)
            self.addCleanup(relay.kill)
            run = subprocess.run(shlex.split(line), env=os.environ | {"CTK_OPTIONS": options, "MAINPID": str(relay.pid)},
                                 capture_output=True, text=True)
            if ended:
                self.assertEqual((run.returncode, relay.wait(10)), (0, ended), run.stderr)
            else:
                self.assertEqual((run.returncode, relay.poll()), (1, None))
                self.assertIn("systemctl restart", run.stderr)

    def after(self, script, *words):
        """What a script of the package asks of systemd, which is taken for running."""
        running, asked = self.home / "systemd", self.home / "asked"
        running.mkdir(exist_ok=True)
        asked.write_text("")
        for name in ("systemctl", "deb-systemd-invoke"):
            (self.home / name).write_text(f'#!/bin/sh\necho "$@" >> {asked}\n')
            (self.home / name).chmod(0o755)
        text = (PACKAGING / "debian" / script).read_text().replace("/run/systemd/system", str(running)).replace("/etc/", f"{self.home}/etc/")
        subprocess.run(["sh", "-c", text, script, *words], check=True, env={"PATH": f"{self.home}:{os.environ['PATH']}"})
        return asked.read_text().splitlines()

    def test_an_upgrade_restarts_what_runs_and_removing_stops_it(self):
        reload, instances = "--system daemon-reload", "ctk@*.service"
        self.assertEqual(self.after("ctk.postinst", "configure"), [reload])
        self.assertEqual(self.after("ctk.postinst", "configure", "0.0.9"), [reload, f"try-restart {instances}"])
        self.assertEqual(self.after("ctk.prerm", "upgrade", "0.2"), [])
        self.assertEqual(self.after("ctk.prerm", "remove"), [f"stop {instances}"])
        enabled = self.home / "etc/systemd/system/multi-user.target.wants/ctk@orders.service"
        enabled.parent.mkdir(parents=True)
        enabled.symlink_to("/lib/systemd/system/ctk@.service")
        described = self.home / "etc/ctk/orders.env"
        described.parent.mkdir()
        described.write_text("")
        self.assertEqual(self.after("ctk.postrm", "remove"), [reload])
        self.assertTrue(enabled.is_symlink(), "a package that comes again finds it enabled")
        self.after("ctk.postrm", "purge")
        self.assertFalse(enabled.is_symlink())
        self.assertTrue(described.exists())

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
