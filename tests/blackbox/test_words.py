"""What the program says to people: never a secret, however its URL is written; nothing that a terminal obeys."""
import concurrent.futures
import json
import os
import unittest

from harness import Case, ctk

SECRET = "Sup3rS3cret"
SOURCES = ["dynamodb+cdc", "kinesis+dynamodb+cdc", "kinesis+dynamodb", "dynamodb", "file+dynamodb+cdc", "dynamo"]
TARGETS = ["crate", "https", "postgresql", "mysql", "mariadb", "odbc", "sqlite", "ndjson", "postgre"]
SLASHES = ["", "/", "//", "///", "////", "// ", "//127.0.0.1:1/", "///x/"]
SPELLINGS = ["u:{}@h/db", "u%3A{}%40h/db", "u:{}", "u:{}/db?table=x", "u:{}@127.0.0.1:99999/db", ":{}@/x"]
SHORT = ["--start-timeout=1ms", "--give-up=1ms"]


class Secrets(Case):
    def setUp(self):
        super().setUp()
        (self.home / "x.ndjson").write_text("")

    def assert_in_no_output(self, lines, secret=SECRET):
        def said(line):
            code, out, err = ctk(*line, cwd=self.home, env={"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "none"})
            return line, code, out + err
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for line, code, text in pool.map(said, lines):
                with self.subTest(line=" ".join(line)):
                    self.assertNotIn(secret, text)
                    self.assertIn(code, range(6))

    def urls(self, schemes):
        # What is a path of its own in a file's URL is shown as it is.
        for scheme in schemes:
            for slashes in SLASHES:
                for spelling in SPELLINGS:
                    is_file = scheme.startswith(("file", "sqlite", "ndjson"))
                    if not is_file or ("@" in spelling and slashes.strip("/ ") == ""):
                        yield f"{scheme}:{slashes}{spelling.format(SECRET)}"

    def test_of_a_source(self):
        urls = list(self.urls(SOURCES))
        self.assert_in_no_output(["load", url, "sqlite:///x.db", SHORT[0]] for url in urls)
        for first, command in enumerate(("check", "verify", "plan")):
            options = SHORT[:1] if command != "plan" else []
            self.assert_in_no_output([command, url, "sqlite:///x.db", *options] for url in urls[first::3])

    def test_of_a_target(self):
        urls = list(self.urls(TARGETS))
        self.assert_in_no_output(["load", "file+dynamodb+cdc:x.ndjson", url, *SHORT] for url in urls)
        for command in (["shell", "-c", "SELECT 1"], ["status"], ["positions", "list"], ["dead-letters", "list"]):
            self.assert_in_no_output([*command, url, "--timeout=1s", "--start-timeout=1ms"] for url in urls[::5])

    def test_of_a_configuration_file(self):
        lines = []
        for number, url in enumerate(list(self.urls(SOURCES + TARGETS))[::3]):
            scheme = url.split(":")[0]
            source, target = (url, "sqlite:///x.db") if scheme in SOURCES else ("file+dynamodb+cdc:x.ndjson", url)
            path = self.home / f"{number}.toml"
            path.write_text(f"exit-on-failure = true\n[[relay]]\nsource = {json.dumps(source)}\n"
                            f"target = {json.dumps(target)}\nstart-timeout = \"1ms\"\n")
            lines.append(["check", "--config", str(path)])
        self.assert_in_no_output(lines)

    def test_of_members_and_options(self):
        load = ["load", "file+dynamodb+cdc:x.ndjson"]
        lines = [[*load, f"odbc:///?dsn=x;PWD={SECRET}"], [*load, f"odbc:///DSN=x;PWD={SECRET}"],
                 [*load, f"odbc:///?dsn=x&uid=u&pwd={SECRET}"], [*load, "odbc:", f"--dsn=x;PWD={SECRET}"],
                 [*load, f"odbc:///?dsn=x%3BPWD%3D{SECRET}"], [*load, f"odbc:PWD={SECRET}"],
                 [*load, f"postgresql://127.0.0.1:1/x?connections=u:{SECRET}@x"],
                 ["load", "dynamodb+cdc://aws/orders?region=x", "sqlite:///x.db", f"--endpoint-url=http:/u:{SECRET}@h"],
                 ["load", f"dynamodb+cdc://aws/AKIA:{SECRET}@orders?region=x", "sqlite:///x.db"]]
        self.assert_in_no_output([*line, "--start-timeout=1ms"] for line in lines)

    def test_short_ones(self):
        self.assert_in_no_output([["shell", "postgresql:/app:s3cret@h/db", "-c", "x"], ["status", "mysql:app:s3cret@h/db"], ["status", "mysql:app:s3cret"],
                                  ["check", "dynamodb:/AKIA:s3cret@aws/orders", "sqlite:///x.db"]], secret="s3cret")
        self.assert_in_no_output([["shell", "postgresql:/u:p@h/db", "-c", "x"], ["check", "dynamodb:/k:p@aws/orders", "sqlite:///x.db"],
                                  ["check", "dynamodb:/k:p@h", "sqlite:///x.db"]], secret=":p@")
        self.assert_in_no_output([["shell", "odbc:///?dsn=x;PWD=p", "-c", "x"]], secret="PWD=p")
        self.assert_in_no_output([["load", url.format("u:p4"), "sqlite:///x.db"] for url in (
            "dynamodb+cdc:{}", "dynamodb+cdc:///{}/", "dynamodb://127.0.0.1:1/{}", "kinesis+dynamodb+cdc:{}")], secret="p4")
        self.assert_in_no_output([["load", "file+dynamodb+cdc:x.ndjson", url.format("u:p4")] for url in (
            "postgresql:///x/{}", "mysql:///x/{}", "crate://127.0.0.1:1/{}/x/y")], secret="p4")
        self.assert_in_no_output([["status", "postgresql://u%3Ap4%40h/db"]], secret="p4")

    def test_names_of_files_are_shown(self):
        _, error = self.run_ctk("load", "file+dynamodb+cdc:///no/2026:backup-of@host.ndjson", "sqlite:///x.db", expect=1)
        self.assertIn("/no/2026:backup-of@host.ndjson", error)


class Terminals(Case):
    NAME = "\x1b[5mv\u009b31m\u202e\x7f"

    def load(self, *options):
        change = {"eventName": "INSERT", "tableName": "t",
                  "dynamodb": {"ApproximateCreationDateTime": 1700000000000, "Keys": {"k": {"S": "a"}},
                               "NewImage": {"k": {"S": "a"}, self.NAME: {"Q": "1"}}}}
        (self.home / "x.ndjson").write_text(json.dumps(change) + "\n")
        return self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/x.ndjson", f"sqlite:///{self.home}/x.db?table=t",
                            *options, expect=4)

    def assert_obeyed_by_none(self, text):
        for sign in self.NAME:
            if not sign.isprintable():
                self.assertNotIn(sign, text)

    def test_names_out_of_data_are_escaped(self):
        _, error = self.load()
        self.assertIn("1 dead letter: NewImage.\\x1b[5mv\\u009b31m\\u202e\\x7f: unknown type Q", error)
        self.assert_obeyed_by_none(error)
        for form in ("logfmt", "json"):
            _, error = self.load("--log-level=debug", f"--log-format={form}")
            self.assertIn("unknown type Q", error)
            self.assert_obeyed_by_none(error)

    def test_a_dead_letter_is_shown_escaped(self):
        self.load()
        target = f"sqlite:///{self.home}/x.db"
        letter = self.run_json("dead-letters", "list", target)[0]
        self.assertIn(self.NAME, letter["reason"])
        out, _ = self.run_ctk("dead-letters", "show", letter["id"], target)
        self.assertIn("\\x1b[5mv", out)
        self.assert_obeyed_by_none(out)


if __name__ == "__main__":
    unittest.main()
