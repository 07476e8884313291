"""What a newcomer meets first: `./dev` on a bare machine, an installation, and the list of what a test run left out."""
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

import harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(harness.PROGRAM).parent

# Answers for a machine without any index: nothing is to be had before `update`.
APT_GET = """#!/bin/sh
echo "$@" >> calls
case "$*" in
  *--simulate*) test -e updated || { echo "E: Unable to locate package" >&2; exit 100; } ;;
  update*) touch updated ;;
  install*) test -e updated ;;
esac
"""


def tool(folder, name, text):
    path = pathlib.Path(folder, name)
    path.write_text(text)
    path.chmod(0o755)


class Installing(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ctk-door-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def need(self, *packages):
        """Runs need_packages with tools that only write down how they were called; those calls, and what was said."""
        tool(self.folder, "dpkg-query", "#!/bin/sh\nexit 1\n")
        tool(self.folder, "apt-get", APT_GET)
        tool(self.folder, "sudo", '#!/bin/sh\nexec "$@"\n')
        script = f'source "{ROOT}/tools/dev/install.sh"; need_packages "$@"'
        run = subprocess.run(["bash", "-euo", "pipefail", "-c", script, "test", *packages], cwd=self.folder, text=True,
                             capture_output=True, env=os.environ | {"PATH": f"{self.folder}:{os.environ['PATH']}"})
        self.assertEqual(run.returncode, 0, run.stderr)
        return (self.folder / "calls").read_text().splitlines(), run.stderr

    def test_an_empty_index_is_filled_before_anything_is_installed(self):
        calls, said = self.need("g++", "cmake")
        self.assertEqual([call.split()[0] for call in calls], ["install", "update", "install"], calls)
        self.assertIn("--simulate", calls[0])
        self.assertNotIn("Unable to locate", said)

    def test_an_index_that_serves_is_left_alone(self):
        (self.folder / "updated").touch()
        calls, _ = self.need("g++")
        self.assertEqual([call.split()[0] for call in calls], ["install", "install"], calls)

    def test_a_big_package_is_named_before_it_comes(self):
        _, said = self.need("npm")
        self.assertIn("174 MB", said)


class Beside(unittest.TestCase):
    """Two parts of a verb at once."""
    PARTS = """
        wait_for() { until [[ -e $1 ]]; do sleep 0.05; done; }
        early() { echo early; touch early; }
        late() { wait_for early; echo late; }
        fails() { wait_for "$1"; echo oh no; return 7; }
        fails_early() { fails endless; }
        fails_late() { fails server; }
        endless() { touch endless; sleep 1000; touch went-on; }
        serving() { python3 server.py; }
    """
    # As the suites start servers: in a session of their own, ended by whoever started them.
    SERVER = """
import pathlib, subprocess
server = subprocess.Popen(["sleep", "1000"], start_new_session=True)
try:
    pathlib.Path("pid").write_text(str(server.pid))
    pathlib.Path("pid").rename("server")
    server.wait()
finally:
    server.kill()
    server.wait()
"""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ctk-beside-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "server.py").write_text(self.SERVER)

    def start(self, first, second, also=""):
        script = f'''source "{ROOT}/tools/dev/install.sh"; source "{ROOT}/tools/dev/beside.sh"; {self.PARTS}
                     {also}
                     beside log "$@"; echo after'''
        return subprocess.Popen(["bash", "-euo", "pipefail", "-c", script, "test", first, second], cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def run_beside(self, first, second, also=""):
        run = self.start(first, second, also)
        out, said = run.communicate(timeout=60)
        return run.returncode, out, said

    def expect_no_server(self):
        server = int((self.folder / "server").read_text())
        self.assertRaises(ProcessLookupError, os.kill, server, 0)

    def test_both_are_shown_one_after_the_other(self):
        code, out, said = self.run_beside("early", "late")
        self.assertEqual((code, out), (0, "late\nafter\n"), said)
        self.assertEqual(said, "./dev: what early said (log):\nearly\n")

    def test_the_order_in_which_they_end_is_all_the_same(self):
        code, out, said = self.run_beside("late", "early")
        self.assertEqual((code, out), (0, "early\nafter\n"), said)
        self.assertTrue(said.endswith("late\n"), said)

    def test_both_may_have_ended_before_anyone_waits(self):
        """Bash forgets a job that has ended when it tells of another."""
        late = "wait() { until [[ -z $(jobs -r) ]]; do sleep 0.05; done; builtin wait \"$@\"; }"
        code, out, said = self.run_beside("early", "late", late)
        self.assertEqual((code, out), (0, "late\nafter\n"), said)
        code, out, said = self.run_beside("fails_server", "late", late + "; fails_server() { touch server; fails server; }")
        self.assertEqual(code, 7, said)
        self.assertIn("./dev: fails_server failed\n", said)
        self.assertNotIn("after", out)

    def test_one_that_fails_ends_the_other(self):
        for first, second in (("fails_early", "endless"), ("endless", "fails_early")):
            code, out, said = self.run_beside(first, second)
            self.assertEqual(code, 7, said)
            self.assertIn("./dev: fails_early failed\n", said)
            self.assertIn("oh no", out + said)
            self.assertNotIn("after", out)
            self.assertFalse((self.folder / "went-on").exists())
            (self.folder / "endless").unlink()

    def test_servers_of_the_one_that_is_ended_are_gone(self):
        code, _, said = self.run_beside("serving", "fails_late")
        self.assertEqual(code, 7, said)
        self.expect_no_server()

    def test_nothing_is_left_behind_where_it_is_stopped(self):
        for how in (signal.SIGINT, signal.SIGTERM):
            run = self.start("serving", "endless")
            harness.wait_until("both run", lambda: all((self.folder / name).exists() for name in ("server", "endless")))
            run.send_signal(how)
            out, said = run.communicate(timeout=60)
            self.assertEqual((run.returncode, out), (130, ""), said)
            self.expect_no_server()
            for name in ("server", "endless"):
                (self.folder / name).unlink()


class Checking(unittest.TestCase):
    """tools/dev/check.py, on a build folder that has three programs."""
    TESTS = """
        add_test(unit.quick "{0}/quick") \nset_tests_properties(unit.quick PROPERTIES LABELS unit)
        add_test(unit.slow "{0}/slow") \nset_tests_properties(unit.slow PROPERTIES LABELS "unit;long")
        add_test(other "{0}/other")
    """

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ctk-checking-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "CTestTestfile.cmake").write_text(self.TESTS.format(folder.name))
        for name in ("quick", "slow", "other"):
            self.program(name, "true")

    def program(self, name, command):
        tool(self.folder, name, f'#!/bin/sh\necho "{name} $CTK_SIM_RUNS" >> {self.folder}/ran\n{command}\n')

    def check(self):
        """What it returns and says, and which programs it has run with how many lives."""
        (self.folder / "ran").unlink(missing_ok=True)
        env = {name: value for name, value in os.environ.items() if name != "CTK_SIM_RUNS"}
        run = subprocess.run(["python3", ROOT / "tools/dev/check.py", self.folder], capture_output=True, text=True, env=env)
        ran = self.folder / "ran"
        return run.returncode, run.stdout + run.stderr, ran.read_text().splitlines() if ran.exists() else []

    def test_what_has_changed_runs_until_it_passes(self):
        self.assertEqual(self.check()[::2], (0, ["quick 100"]))
        code, said, ran = self.check()
        self.assertEqual((code, ran), (0, []), said)
        self.assertIn("no unit test's program has changed", said)
        self.program("quick", "false")
        for _ in range(2):
            code, said, ran = self.check()
            self.assertNotEqual(code, 0, said)
            self.assertEqual(ran, ["quick 100"])

    def test_those_that_take_long_are_named_and_left(self):
        code, said, ran = self.check()
        self.assertEqual((code, ran), (0, ["quick 100"]), said)
        self.assertIn("left to ./dev test: unit.slow\n", said)


class Packaging(unittest.TestCase):
    def test_a_form_that_there_is_not_is_told_before_anything_is_built(self):
        run = subprocess.run([ROOT / "dev", "package", "rpm"], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn("deb, wheel, archive or lambda", run.stderr)


class Installation(unittest.TestCase):
    def install(self, build, prefix):
        return subprocess.run(["cmake", "--install", str(build), "--prefix", str(prefix)], capture_output=True, text=True)

    def test_what_is_built_is_installed_whole_and_stripped(self):
        with tempfile.TemporaryDirectory(prefix="ctk-install-") as prefix:
            run = self.install(BUILD, prefix)
            self.assertEqual(run.returncode, 0, run.stderr)
            program = pathlib.Path(prefix, "bin/ctk")
            for name in ("share/man/man1/ctk.1", "share/bash-completion/completions/ctk", "share/zsh/vendor-completions/_ctk",
                         "share/fish/vendor_completions.d/ctk.fish"):
                self.assertTrue(pathlib.Path(prefix, name).stat().st_size > 0, name)
            self.assertLess(program.stat().st_size, pathlib.Path(harness.PROGRAM).stat().st_size)
            self.assertIn("ctk ", subprocess.run([program, "--version"], capture_output=True, text=True).stdout)

    def test_nothing_is_installed_of_what_is_not_built(self):
        with tempfile.TemporaryDirectory(prefix="ctk-install-") as folder:
            # Another build folder of the same project, in which nothing was built: its install script only.
            script = pathlib.Path(BUILD, "cmake_install.cmake").read_text().replace(str(BUILD), f"{folder}/build")
            pathlib.Path(folder, "cmake_install.cmake").write_text(script)
            run = subprocess.run(["cmake", f"-DCMAKE_INSTALL_PREFIX={folder}/prefix", "-P", f"{folder}/cmake_install.cmake"],
                                 capture_output=True, text=True)
            self.assertNotEqual(run.returncode, 0)
            self.assertIn("./dev build first", " ".join(run.stderr.split()))
            self.assertFalse(pathlib.Path(folder, "prefix").exists())


class Skipped(unittest.TestCase):
    LOG = """x_test.cc:64: Skipped
no vectors beside this repository

[  SKIPPED ] Vectors.Sign (0 ms)
y_test.cc:7: Skipped
no vectors beside this repository

test_zstd (test_file.Files) ... skipped 'the zstd command is not here'
test_plain (test_file.Files) ... ok
"""

    def test_each_reason_is_printed_once_with_its_count(self):
        with tempfile.TemporaryDirectory(prefix="ctk-skipped-") as folder:
            log = pathlib.Path(folder, "Testing/Temporary/LastTest.log")
            log.parent.mkdir(parents=True)
            log.write_text(self.LOG)
            run = subprocess.run(["python3", ROOT / "tools/dev/skipped.py", folder], capture_output=True, text=True)
        self.assertEqual(run.stdout.splitlines(), [f"skipped in {folder}: 2 tests: no vectors beside this repository",
                                                   f"skipped in {folder}: 1 test: the zstd command is not here"])


if __name__ == "__main__":
    unittest.main()
