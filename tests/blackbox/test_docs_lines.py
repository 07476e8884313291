"""Command lines of the documentation that are not ctk's own: each is run, as far as it can be on any machine, or is held to the files
that it speaks of. (Blocks that are marked to be run, and lines of ctk: test_docs.py, test_in_use.py.)

    KINDS      which test tries a line
    NOT_RUN    what no test can run, and why; what such a line names is looked at all the same"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import unittest

import harness
import test_docs
from servers import TESTS, Mariadb
from simulator import Simulator

ROOT = TESTS.parent
BUILD = pathlib.Path(harness.PROGRAM).parent
PAGES = [*test_docs.PAGES, ROOT / "CONTRIBUTING.md"]

# The beginning of a line, and the test that tries it.
KINDS = {
    "./dev ": "OfTheFrontDoor.test_each_verb_is_there",
    "./dev simulate ": "OfTheFrontDoor.test_lives_are_simulated",
    "cmake --preset ": "OfTheFrontDoor.test_what_the_inner_loop_names_is_there",
    "sudo cmake --install build": "Installation.test_what_is_built_is_installed_whole_and_stripped",
    "sudo install ": "OfTheService.test_the_settings_of_an_instance_are_made",
    "sudo systemctl ": "OfTheService.test_the_unit_is_the_packages",
    "journalctl ": "OfTheService.test_the_unit_is_the_packages",
    "sudo systemd-run ": "OfTheService.test_a_check_with_the_units_settings",
    "aws dynamodb ": "OfAws.test_a_stream_is_switched_on_and_fed",
    "aws kinesis ": "OfAws.test_a_stream_is_switched_on_and_fed",
    "aws cloudformation ": "OfAws.test_the_stack_is_given_what_its_template_asks_for",
    "CTK_TARGET=": "Start.test_as_bootstrap_with_words_from_the_environment",
    "apt-get ": "OfMariadb.test_the_example_from_nothing",
    "mariadb ": "OfMariadb.test_the_example_from_nothing",
    "echo ": "OfMariadb.test_the_example_from_nothing",
}
NOT_RUN = {
    "sudoedit /etc/ctk/orders.env": "an editor, for a person",
    "sudo systemctl enable --now ctk@orders": "takes a machine that systemd runs: tried by hand (docs/install.md)",
    "journalctl -u ctk@orders -f": "the same, and it never ends",
    "apt-get install mariadb-server": "installs on the machine that tests; ./dev test has done that",
    "aws cloudformation package": "takes an account at AWS; ./dev interop lambda runs the zip under AWS's emulator",
    "aws cloudformation deploy": "the same",
    "./dev demo": "builds all first; ctk demo is test_demo.py's",
    "./dev build": "what these tests run was built by it",
    "./dev package lambda": "builds for ten minutes; the zip of another build is test_packages.py's",
    "cmake --preset release": "builds; so these tests have been",
}


def lines():
    """(page, line) of the blocks that nobody runs: without comments, going on after \\, one command of a && each."""
    for page in PAGES:
        for what, language, text in test_docs.blocks(page):
            if what or language not in ("shell", "sh"):
                continue
            for line in text.replace("\\\n", " ").splitlines():
                line = re.sub(r"(^|\s)#\s.*", "", line).strip()
                if not line or re.match(r"ctk |export ", line):
                    continue
                for part in line.split(" && ") if line.startswith("./dev") else [line]:
                    yield test_docs.page_name(page), part


def lines_of(*beginnings):
    return [line for _, line in lines() if line.startswith(beginnings)]


class EveryLine(unittest.TestCase):
    def test_is_of_a_kind_that_is_tried(self):
        suites = {path.stem: path.read_text() for path in (TESTS / "blackbox").glob("test_*.py")}
        found = list(lines())
        self.assertGreater(len(found), 15)
        for page, line in found:
            with self.subTest(page, line=line):
                tried = [test for beginning, test in KINDS.items() if line.startswith(beginning)]
                not_run = [beginning for beginning in NOT_RUN if line.startswith(beginning)]
                self.assertTrue(tried or not_run, "no test runs this line: give it to one, or say why none can")
        for beginning in [*KINDS, *NOT_RUN]:
            with self.subTest(beginning=beginning):
                self.assertTrue(any(line.startswith(beginning) for _, line in found), "no page has such a line any more")
        for name in KINDS.values():
            suite, test = name.split(".")
            with self.subTest(name=name):
                self.assertTrue(any(f"class {suite}(" in text and f"def {test}(" in text for text in suites.values()))


class OfTheFrontDoor(unittest.TestCase):
    def test_each_verb_is_there(self):
        shown = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True).stdout
        verbs = set(re.findall(r"^  ([a-z]+) ", shown, re.MULTILINE))
        for line in lines_of("./dev "):
            with self.subTest(line):
                self.assertIn(shlex.split(line)[1], verbs)

    def test_lives_are_simulated(self):
        simulate = BUILD / "tests/simulate"
        self.assertTrue(simulate.exists(), "ninja -C build simulate")
        for line in lines_of("./dev simulate "):
            with self.subTest(line):
                words = shlex.split(re.sub(r"--runs \d+", "--runs 2", line))[2:]
                run = subprocess.run([simulate, *words], capture_output=True, text=True, timeout=120)
                self.assertEqual(run.returncode, 0, run.stdout[-2000:] + run.stderr)
                self.assertTrue(run.stdout)

    def test_what_the_inner_loop_names_is_there(self):
        presets = {each["name"]: each["binaryDir"] for each in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]}
        for line in lines_of("cmake --preset "):
            configure, build, run = line.split(" && ")
            self.assertEqual(presets[configure.split()[-1]], "${sourceDir}/build")
            self.assertEqual(build.split()[:3], ["ninja", "-C", "build"])
            room = build.split()[3].removesuffix("_test")
            self.assertTrue(list((ROOT / "src" / room).glob("*_test.cc")))
            self.assertEqual(run, f"build/{room}_test")


class OfTheService(harness.Case):
    UNIT = (ROOT / "packaging/systemd/ctk@.service").read_text()
    SETTINGS = ROOT / "packaging/systemd/example.env"

    def here(self, line):
        return line.replace("/etc/ctk/", f"{self.home}/etc/").replace("/var/lib/ctk/", f"{self.home}/var/")

    def made(self):
        """The file of settings, made as the page says, of what the package installs."""
        (self.home / "etc").mkdir()
        shutil.copy(self.SETTINGS, self.home / "etc/example.env")
        (line,) = lines_of("sudo install ")
        subprocess.run(shlex.split(self.here(line))[1:], check=True)
        return self.home / "etc/orders.env"

    def test_the_settings_of_an_instance_are_made(self):
        # That the package brings it: Packages.test_a_debian_package_is_as_debian_wants_it.
        made = self.made()
        self.assertEqual(made.read_text(), self.SETTINGS.read_text())
        self.assertEqual(made.stat().st_mode & 0o777, 0o600)

    def test_the_unit_is_the_packages(self):
        for line in lines_of("sudo systemctl ", "journalctl "):
            template, instance = re.search(r"\b(ctk@)(\w+)\b", line).groups()
            self.assertTrue((ROOT / f"packaging/systemd/{template}.service").exists())
            self.assertIn(self.UNIT.split("EnvironmentFile=")[1].split()[0].replace("%i", instance), lines_of("sudoedit ")[0])
        self.assertIn("WantedBy=", self.UNIT.partition("[Install]")[2], "it can be enabled")

    def test_a_check_with_the_units_settings(self):
        (line,) = lines_of("sudo systemd-run ")
        words = shlex.split(line)
        given = {word.partition("=")[0]: word.partition("=")[2] for before, word in zip(words, words[1:]) if before == "-p"}
        units = dict(re.findall(r"^(EnvironmentFile|WorkingDirectory)=(\S+)", self.UNIT, re.MULTILINE))
        # The folder is made by the unit's first start.
        units = {name: value.replace("%i", "orders").replace("%S", "-/var/lib") for name, value in units.items()}
        self.assertEqual(given, units)
        simulator = Simulator(self, "--table", "orders:pk:sk")
        text = self.made().read_text().replace("//aws/", f"//AKID:secret@127.0.0.1:{simulator.port}/").replace("eu-central-1", "us-east-1")
        text = re.sub(r"(?m)^CRATEDB_CLUSTER_URL=.*", "CRATEDB_CLUSTER_URL=sqlite:///orders.db?table=orders", text)
        settings = dict(each.split("=", 1) for each in text.splitlines() if each and not each.startswith("#"))
        # As systemd fills them in: ${NAME} is one word.
        ran = [re.sub(r"\$\{(\w+)\}", lambda name: settings[name[1]], word) for word in words[words.index("ctk") + 1:]]
        out, _ = self.run_ctk(*ran, env=settings, cwd=self.home)
        self.assertIn("ok source: ", out)
        self.assertIn("ok target: SQLite", out)


class OfAws(harness.Case):
    def called(self, simulator, line):
        """Runs a line by the aws command, or, where there is none, makes the call that it stands for."""
        if shutil.which("aws"):
            environment = harness.clean_environment() | {
                "AWS_ENDPOINT_URL": simulator.url, "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": "", "HOME": os.environ.get("HOME", "")}
            run = subprocess.run(shlex.split(line), env=environment, capture_output=True, text=True, timeout=60)
            return self.assertEqual(run.returncode, 0, run.stderr)
        _, service, verb, *options = shlex.split(line)
        name = lambda words: "".join(word.capitalize() for word in words.split("-"))  # noqa: E731

        def value(text):
            if "=" in text:
                return {each.split("=")[0]: value(each.split("=")[1]) for each in text.split(",")}
            return {"true": True, "false": False}.get(text, int(text) if text.isdigit() else text)
        members = {name(flag.removeprefix("--")): value(given)
                   for flag, given in zip(options[::2], options[1::2])}
        getattr(simulator, service)(name(verb), **members)

    def test_a_stream_is_switched_on_and_fed(self):
        simulator = Simulator(self, "--table", "orders:pk:sk")
        simulator.dynamodb("UpdateTable", TableName="orders", StreamSpecification={"StreamEnabled": False})
        ran = lines_of("aws dynamodb ", "aws kinesis ")
        self.assertEqual(len(ran), 3)
        for line in ran:
            self.called(simulator, line.replace("eu-central-1:123456789012", "us-east-1:000000000000"))
        table = simulator.dynamodb("DescribeTable", TableName="orders")["Table"]
        self.assertEqual(table["StreamSpecification"], {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        for source in ("dynamodb+cdc://AKID:secret@127.0.0.1:{}/orders?region=us-east-1",
                       "kinesis+dynamodb+cdc://AKID:secret@127.0.0.1:{}/cdc-stream?region=us-east-1&source-table=orders"):
            out, _ = self.run_ctk("check", source.format(simulator.port))
            if "kinesis" in source:
                self.assertIn("ok kinesis times: microseconds", out)

    def test_the_stack_is_given_what_its_template_asks_for(self):
        template = (ROOT / "examples/lambda/template.yaml").read_text()
        asked = template.partition("\nParameters:\n")[2].partition("\n\n")[0]
        required = {name for name, about in re.findall(r"^  (\w+):\n((?:    .*\n?)+)", asked, re.MULTILINE) if "Default:" not in about}
        package, deploy = (shlex.split(line) for line in lines_of("aws cloudformation "))
        self.assertTrue((ROOT / package[package.index("--template-file") + 1]).exists())
        self.assertEqual(package[package.index("--output-template-file") + 1], deploy[deploy.index("--template-file") + 1])
        given = {word.partition("=")[0] for word in deploy[deploy.index("--parameter-overrides") + 1:]}
        self.assertEqual(given, required)


class OfMariadb(harness.Case):
    def test_the_example_from_nothing(self):
        """All of the block, in its order, on a server of this test's."""
        page = ROOT / "docs/targets/mysql.md"
        found = test_docs.blocks(page)
        at = next(i for i, (_, _, text) in enumerate(found) if text.startswith("apt-get install"))
        (_, _, text), (_, _, shown) = found[at:at + 2]
        first, *rest = text.splitlines()
        installed = (ROOT / "tools/dev/install.sh").read_text()
        for package in shlex.split(first)[2:]:
            self.assertRegex(installed, rf"[\s(]{package}[\s)]")
        server = Mariadb()
        self.addCleanup(server.stop)
        tools = self.home / "tools"
        tools.mkdir()
        (tools / "ctk").symlink_to(pathlib.Path(harness.PROGRAM).resolve())
        # The server's own user, as root is one on Debian's: without a password, by the socket.
        mariadb = tools / "mariadb"
        mariadb.write_text(f'#!/bin/sh\nexec {shutil.which("mariadb")} --no-defaults -h 127.0.0.1 -P {server.port} -u ctk -psecret "$@"\n')
        mariadb.chmod(0o755)
        script = "\n".join(rest).replace("@localhost/shop?", f"@localhost/shop?unix-socket={server.home}/socket&")
        script = script.replace('@localhost/shop"', f'@localhost/shop?unix-socket={server.home}/socket"')
        run = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=self.home, capture_output=True, text=True, timeout=60,
                             env=harness.clean_environment() | {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(self.home)})
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(run.stdout, shown)


if __name__ == "__main__":
    unittest.main()
