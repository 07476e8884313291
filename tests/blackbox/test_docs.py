"""docs/ and README.md: what is said to run runs and prints what is shown, other command lines are at least understood, links lead
somewhere, the tests that are named exist, and docs/reference is what the program says.

A comment before a fenced block says what is done with it. The blocks of a page are run in order in one folder, in which `ctk` is on
the PATH; the ports 8000 and 8080 of its commands are replaced by free ones.

    <!-- run -->             run by bash; it has to succeed
    <!-- run, exit N -->     it has to end with N
    <!-- start -->           started, and left running until the page's end; what it says `--listen` is waited for
    <!-- prints -->          what the block before has printed on standard output; `…` stands for anything
    <!-- file NAME -->       is put into a file of that name
"""
import ast
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import unittest

import harness
from servers import TESTS, wait_until

ROOT = TESTS.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"(?:^<!-- (run(?:, exit \d)?|start|prints|file \S+) -->\n)?^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OURS = {"load", "check", "plan", "verify"}  # take a source: `check --policy` understands their words without asking anybody
ONLY_OF_OTHERS = {"--dry-run", "--reset", "--repair", "--listen", "--health-window", "--listen-token", "--sample", "--settle", "--show", "--price"}
WITHOUT_VALUE = {"--dry-run", "--reset", "--repair"}
# Lines that are neither marked nor understood by `check --policy`, by page and beginning, and the test that runs them.
TRIED_ELSEWHERE = {
    ("docs/start.md", "demo"): "Demo.test_ends_by_itself_and_tells_the_story",
    ("docs/history.md", "load file+dynamodb+cdc:orders.ndjson"): "Documentation.test_the_example",
    ("docs/targets/mysql.md", "load file+dynamodb+cdc:orders.ndjson mariadb:"): "OfMariadb.test_the_example_from_nothing",
    ("docs/targets/mysql.md", "shell -c"): "OfMariadb.test_the_example_from_nothing",
}
RUN_AS_THEY_STAND = {"README.md", "docs/in-use.md"}  # by test_in_use.py
NOT_OURS = {"ctk cfr", "ctk info"}  # commands of the Python tool of that name


def page_name(page):
    return str(page.relative_to(ROOT))


def blocks(page):
    return [(found[1] or "", found[2], found[3]) for found in BLOCK.finditer(page.read_text())]


def is_there(address):
    with socket.socket() as client:
        return client.connect_ex(address) == 0


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


class Session:
    """One page's blocks, run in one folder."""

    def __init__(self, case):
        self.case, self.printed, self.exports = case, "", ""
        tools = case.home / ".tools"
        tools.mkdir()
        (tools / "ctk").symlink_to(pathlib.Path(harness.PROGRAM).resolve())
        self.environment = harness.clean_environment() | {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(case.home)}
        self.ports = {"8000": free_port(), "8080": free_port()}

    def here(self, text):
        """With the ports that are free here."""
        return re.sub(r"\b(127\.0\.0\.1|localhost):(8000|8080)\b", lambda found: f"{found[1]}:{self.ports[found[2]]}", text)

    def bash(self, text, **options):
        script = f"set -euo pipefail\n{self.exports}{self.here(text)}"
        return subprocess.Popen(["bash", "-c", script], cwd=self.case.home, env=self.environment, stdin=subprocess.DEVNULL,
                                text=True, start_new_session=True, **options)

    def run(self, text, code):
        process = self.bash(text, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.printed, said = process.communicate(timeout=60)
        self.case.assertEqual(process.returncode, code, f"{text}\n{self.printed}\n{said}")
        self.exports += "".join(re.findall(r"^export .*\n", text, re.MULTILINE))

    def start(self, text):
        process = self.bash(text, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.case.addCleanup(process.wait)
        self.case.addCleanup(os.killpg, process.pid, signal.SIGKILL)
        port = int(re.search(r"--listen 127\.0\.0\.1:(\d+)", self.here(text))[1])
        wait_until(f"{text} listens", lambda: is_there(("127.0.0.1", port)), 20, process)

    def prints(self, text):
        shown = r".*?".join(re.escape(part) for part in self.here(text).rstrip().split("…"))
        if not re.fullmatch(shown, self.printed.rstrip(), re.DOTALL):
            self.case.assertEqual(self.printed, text)

    def do(self, what, text):
        verb, _, rest = what.partition(" ")
        if verb == "file":
            (self.case.home / rest).write_text(text)
        elif verb == "start":
            self.start(text)
        elif verb == "prints":
            self.prints(text)
        else:
            self.run(text, int(rest.removeprefix("exit ") or 0))


def command_lines(text):
    """Words of the lines of a block that call ctk, without comments; lines that end in \\ go on."""
    for line in text.replace("\\\n", " ").split("\n"):
        words = shlex.split(line, comments=True)
        if words[:1] == ["ctk"]:
            yield words[1:]


def as_policy_question(words):
    """`ctk load …` as a `ctk check … --policy`, which understands the same options and asks nobody."""
    kept, skip = [], False
    for word in words[1:]:
        flag = word.partition("=")[0]
        if skip or flag in ONLY_OF_OTHERS:
            skip = not skip and flag not in WITHOUT_VALUE and "=" not in word
            continue
        kept.append(word)
    if kept[0] == "table":
        kept.pop(0)
    return ["check", *kept, *([] if "--policy" in kept else ["--policy"])]


class Pages(harness.Case):
    def test_what_is_said_to_run_runs(self):
        ran = 0
        for page in PAGES:
            todo = [(what, text) for what, _, text in blocks(page) if what]
            if not todo:
                continue
            with self.subTest(page_name(page)):
                session = Session(self)
                for what, text in todo:
                    session.do(what, text)
                    ran += 1
            self.doCleanups()
            self.setUp()
        self.assertGreater(ran, 10)

    def test_every_other_command_line_is_understood(self):
        looked_at = 0
        for page, words in self.other_lines():
            if words[0] not in OURS or any(word.startswith("file+") for word in words) or "--config" in words:
                continue
            with self.subTest(page, line=" ".join(words)):
                self.run_ctk(*as_policy_question(words), env={"CRATEDB_SQLALCHEMY_URL": "crate://crate@localhost:4200/doc/demo"})
                looked_at += 1
        self.assertGreater(looked_at, 10)

    def test_a_line_that_cannot_be_asked_about_is_run_by_another_test(self):
        """So a new one is marked to be run, or given to a test."""
        left = set(TRIED_ELSEWHERE)
        for page, words in self.other_lines():
            if page in RUN_AS_THEY_STAND or (words[0] in OURS and "--config" not in words
                                             and not any(word.startswith("file+") for word in words)):
                continue
            line = " ".join(words)
            found = {(where, begin) for where, begin in TRIED_ELSEWHERE if where == page and line.startswith(begin)}
            with self.subTest(page, line=line):
                self.assertTrue(found, "no test runs this line: mark its block `<!-- run -->`, or name the test that does")
            left -= found
        self.assertEqual(left, set(), "no page has such a line any more")
        suites = "\n".join(path.read_text() for path in (TESTS / "blackbox").glob("test_*.py"))
        for name in TRIED_ELSEWHERE.values():
            suite, test = name.split(".")
            self.assertRegex(suites, rf"class {suite}\([^)]*\):\n(?:(?!class ).*\n)*    def {test}\(")

    def other_lines(self):
        """(page, words) of the lines of ctk in blocks that are not marked, whatever the block says it is written in."""
        for page in PAGES:
            if "reference" in page.parts:
                continue
            for what, language, text in blocks(page):
                lines = text if language in ("shell", "sh") else "\n".join(re.findall(r"^ctk .*", text, re.MULTILINE))
                if not what:
                    yield from ((page_name(page), words) for words in command_lines(lines))

    def test_commands_within_sentences_are_there(self):
        """Their commands and flags stand in the reference, which is what the program says."""
        _, *sections = re.split(r"^## ", (ROOT / "docs/reference/commands.md").read_text(), flags=re.MULTILINE)
        flags = {section.partition("\n")[0].removeprefix("ctk "): set(re.findall(r"--[a-z][\w-]*", section)) for section in sections}
        everywhere = flags.pop("Every command")
        for like_load in ("check", "plan"):
            flags[like_load] |= flags["load"]
        flags |= {"version": set(), "--version": set(), "help": set(), "--help": set()}
        looked_at = 0
        for page in PAGES:
            if "reference" in page.parts:
                continue
            sentences = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL).replace("\n", " ")
            for code in set(re.findall(r"`(ctk [^`]+)`", sentences)) - NOT_OURS:
                with self.subTest(page_name(page), code=code):
                    words = code.split()[1:]
                    known = flags.get(" ".join(words[:2])) or flags.get(words[0])
                    self.assertIsNotNone(known, "no such command")
                    given = {word.partition("=")[0] for word in words if word.startswith("--") and word not in flags}
                    self.assertLessEqual(given, known | everywhere)
                    looked_at += 1
        self.assertGreater(looked_at, 50)

    def test_the_reference_is_what_the_program_says(self):
        run = subprocess.run([sys.executable, ROOT / "tools/docs/reference.py", harness.PROGRAM], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


class Words(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for page in PAGES:
            text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                path, _, anchor = target.partition("#")
                if "://" in target:
                    continue
                place = (page.parent / path).resolve() if path else page
                with self.subTest(page_name(page), link=target):
                    self.assertTrue(place.exists())
                    if anchor and place.suffix == ".md":
                        heads = re.findall(r"^#+ (.*)$", place.read_text(), re.MULTILINE)
                        self.assertIn(anchor, {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads})

    def test_every_page_is_in_the_contents(self):
        listed = set(re.findall(r"\s([\w\-/]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
        there = {str(page.relative_to(ROOT / "docs")) for page in PAGES[1:]}
        decisions = {name for name in there if name.startswith("decisions/") and name != "decisions/index.md"}
        self.assertEqual(there - decisions, listed)

    def test_every_statement_of_what_it_does_when_names_a_test(self):
        rows = [line for line in (ROOT / "docs/when.md").read_text().splitlines() if line.startswith("| ") and "| held by |" not in line]
        self.assertGreater(len(rows), 40)
        for row in rows:
            with self.subTest(row):
                self.assertRegex(row.rstrip("| ").rpartition(" | ")[2], r"^`[A-Z]\w+\.\w+")

    def test_the_tests_that_are_named_exist(self):
        """What stands before a * only has to begin a name."""
        cpp = {f"{suite}.{name}" for path in [*(ROOT / "src").rglob("*_test.cc"), *(ROOT / "tests").rglob("*_test.cc")]
               for suite, name in re.findall(r"^\s*(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+)",
                                             path.read_text(), re.MULTILINE)}
        classes = [(found.name, [getattr(base, "id", "") for base in found.bases],
                    {part.name for part in found.body if isinstance(part, ast.FunctionDef) and part.name.startswith("test_")})
                   for path in (ROOT / "tests").rglob("*.py") for found in ast.parse(path.read_text()).body
                   if isinstance(found, ast.ClassDef)]

        def tests_of(name):
            """Its own and those of its bases, whichever file these are in."""
            return set().union(*(own.union(*(tests_of(base) for base in bases if base)) for cls, bases, own in classes if cls == name))
        python = {f"{name}.{test}" for name, _, _ in classes for test in tests_of(name)}
        named = 0
        for page in (ROOT / "docs").rglob("*.md"):
            for name in re.findall(r"`([A-Z]\w+\.(?:test_\w+|[A-Z]\w+)\*?)`", page.read_text()):
                with self.subTest(page_name(page), test=name):
                    known = python if ".test_" in name else cpp
                    begins = name.endswith("*")
                    self.assertTrue(any(test.startswith(name[:-1]) if begins else test == name for test in known))
                    named += 1
        self.assertGreater(named, 40)


@unittest.skipUnless(shutil.which("mkdocs"), "mkdocs is not installed")
class Site(harness.Case):
    def test_it_is_made_without_a_warning(self):
        site = self.home / "site"
        run = subprocess.run(["mkdocs", "build", "--strict", "--quiet", "--site-dir", site], cwd=ROOT, capture_output=True, text=True,
                             env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertTrue((site / "index.html").stat().st_size > 0)
        outside = [(page.name, found) for page in site.rglob("*.html")
                   for found in re.findall(r'(?:src|href)="(https?://[^"]+)"[^>]*(?:>\s*</script|rel="stylesheet")', page.read_text())]
        self.assertEqual(outside, [], "it is read without a network")


if __name__ == "__main__":
    unittest.main()
