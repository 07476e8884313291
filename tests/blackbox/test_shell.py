"""What people and scripts do around a load: shell, show, positions, dead-letters, completion, .env, pipes."""
import json
import os
import signal
import subprocess
import unittest

from harness import Case, PROGRAM, clean_environment

INSERT = ('{"eventID":"1","eventName":"INSERT","tableName":"demo","dynamodb":{"ApproximateCreationDateTime":1720740000000,'
          '"Keys":{"pk":{"S":"a"},"sk":{"N":"1"}},"NewImage":{"pk":{"S":"a"},"sk":{"N":"1"},"n":{"N":"1.50"}}}}\n')


class Around(Case):
    def setUp(self):
        super().setUp()
        self.url = f"sqlite:///{self.home}/around.db"
        (self.home / "events.ndjson").write_text(INSERT + "not json\n")
        self.counts = self.run_json("load", f"file+dynamodb+cdc://{self.home}/events.ndjson", self.url, expect=4)

    def shell(self, *arguments, **options):
        return self.run_ctk("shell", self.url, *arguments, **options)

    def test_formats(self):
        sql = "SELECT 1 AS n, 'a,\"b' AS t, NULL AS x"
        self.assertEqual(json.loads(self.shell("-c", sql, "--format", "json")[0]), [{"n": 1, "t": 'a,"b', "x": None}])
        self.assertEqual(self.shell("-c", sql, "--format", "csv")[0], 'n,t,x\n1,"a,""b",\n')
        self.assertEqual(self.shell("-c", sql, "--format=vertical")[0], '-- row 1\nn | 1\nt | a,"b\nx | NULL\n(1 row)\n')
        self.assertIn("(1 row)", self.shell("--command", sql + ";")[0])

    def test_many_statements_and_standard_input(self):
        two = self.shell("-c", "SELECT 1 AS a; SELECT 2 AS b", "-c", "SELECT ';' AS c", "--format", "json")[0]
        self.assertEqual(two, '[{"a":1}]\n[{"b":2}]\n[{"c":";"}]\n')
        piped = self.shell("--format", "json", stdin=b"SELECT 1 AS a; -- no; end\nSELECT\n 2 AS b")[0]
        self.assertEqual(piped, '[{"a":1}]\n[{"b":2}]\n')

    def test_an_error_stops_with_the_servers_words(self):
        out, err = self.shell("--format", "json", stdin=b"SELECT 1 AS a; SELEC 2; SELECT 3;", expect=1)
        self.assertEqual(out, '[{"a":1}]\n')
        self.assertIn('near "SELEC": syntax error', err)

    def test_the_line_of_a_script_is_said(self):
        self.assertIn("ctk: line 3: SQLite refused", self.shell(stdin=b"SELECT 1;\r\n\r\nSELECT\r\n nope;", expect=1)[1])
        self.assertIn("ctk: line 2: SQLite refused", self.shell("-c", "SELECT 1;\nSELECT nope", expect=1)[1])
        self.assertIn("ctk: SQLite refused", self.shell("-c", "SELECT nope", expect=1)[1])

    def test_a_script_that_ends_within_a_transaction(self):
        lost = "rolled back: nothing of it is stored"
        count = ["--format", "csv", "-c", "SELECT count(*) FROM kept"]
        self.shell("-c", "CREATE TABLE kept (a)")
        self.assertIn(lost, self.shell(stdin=b"BEGIN; INSERT INTO kept VALUES (1);", expect=1)[1])
        self.assertIn(lost, self.shell(stdin=b"SAVEPOINT one;\nINSERT INTO kept VALUES (1)", expect=1)[1])
        self.assertIn(lost, self.shell("-q", "-c", "BEGIN", "-c", "INSERT INTO kept VALUES (1)", expect=1)[1])
        self.assertEqual(self.shell(*count)[0], "count(*)\n0\n")
        self.shell("-c", "BEGIN", "-c", "INSERT INTO kept VALUES (1); COMMIT")
        self.shell(stdin=b"BEGIN; INSERT INTO kept VALUES (2); ROLLBACK;")
        self.assertEqual(self.shell(*count)[0], "count(*)\n1\n")

    def test_encodings_of_scripts(self):
        script = "SELECT 'ü' AS a;"
        marked = self.shell("--format", "json", stdin=script.encode("utf-8-sig"))[0]
        self.assertEqual(marked, '[{"a":"ü"}]\n')
        for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
            self.assertIn("standard input is UTF-16 text", self.shell(stdin=script.encode(encoding), expect=1)[1])
        self.assertIn("NUL byte", self.shell(stdin=b"SELECT 'a\0b';", expect=1)[1])

    def test_cells_do_nothing_to_a_terminal(self):
        sql = "SELECT char(27) || '[31m' || char(155) || char(10) || 'x' || char(8238) AS c, '日本' AS w, 1 AS one"
        table = self.shell("-c", sql)[0]
        self.assertIn(r" \x1b[31m\u009b\nx\u202e | 日本 |   1", table)
        self.assertIn(" | w    | one\n", table)
        self.assertIn(r"c   | \x1b[31m\u009b" + "\nx\\u202e\n", self.shell("-c", sql, "--format", "vertical")[0])
        self.assertEqual(json.loads(self.shell("-c", sql, "--format", "json")[0])[0]["c"], "\x1b[31m\x9b\nx\u202e")
        self.assertEqual(self.shell("-c", sql, "--format", "csv")[0], 'c,w,one\n"\x1b[31m\x9b\nx\u202e",日本,1\n')

    def test_json_is_utf_8(self):
        out = self.shell("--format", "json", "-c", "SELECT CAST(x'ff41' AS TEXT) AS x, CAST(x'e280' AS TEXT) AS y")[0]
        self.assertEqual(json.loads(out), [{"x": "\ufffdA", "y": "\ufffd\ufffd"}])

    def test_what_is_typed_wrongly(self):
        for arguments, code, words in (
                (["-f", "script.sql"], 2, "unknown option -f"), (["-f", "script.sql"], 2, "shell TARGET < FILE"),
                (["SELECT 1"], 2, "SQL is given by -c"), (["-c", ""], 2, "option --command"), (["-c"], 2, "needs a value"),
                (["--format", "xml"], 2, "table, json, csv or vertical"), (["--layout", "document"], 2, "unknown option --layout")):
            with self.subTest(arguments):
                self.assertIn(words, self.shell(*arguments, expect=code)[1])
        self.assertIn("a SQLite file is sqlite:///around.db", self.run_ctk("shell", "around.db", expect=2)[1])
        for arguments in (["shell", "-c", "SELECT 1"], ["show", "table", "demo"], ["dead-letters", "list"], ["positions", "list"]):
            with self.subTest(arguments):
                missing = self.run_ctk(*arguments, "--target", "sqlite:////nowhere/around.db", expect=1)[1]
                self.assertIn("there is no file /nowhere/around.db", missing)

    def test_closed_descriptors(self):
        for redirection, code, words in (("<&-", 1, "standard input cannot be read"), (">&-", 1, "cannot write"),
                                         ("> /dev/full", 1, "cannot write")):
            with self.subTest(redirection):
                statement = "" if "<" in redirection else "-c 'SELECT 1'"
                ended = subprocess.run(["sh", "-c", f'exec "$0" shell "$1" {statement} {redirection}', PROGRAM, self.url],
                                       env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       timeout=60)
                self.assertEqual(ended.returncode, code)
                self.assertIn(words, ended.stderr)

    def test_show_table(self):
        shown = self.run_json("show", "table", "demo", self.url)
        self.assertEqual(list(shown), ["table", "columns", "key", "rows", "living", "marked", "size_bytes", "positions",
                                       "dead_letters"])
        self.assertEqual((shown["key"], shown["rows"], shown["living"]), (["pk", "sk"], 1, 1))
        text = self.run_ctk("show", "table", "demo", self.url)[0]
        self.assertIn("Rows 1: 1 living, 0 marked", text)
        self.assertIn("Dead letters 0, and 1 that tell no table", text)
        self.assertIn("nix", self.run_ctk("show", "table", "nix", self.url, expect=1)[1])

    def test_dead_letters(self):
        letter, = self.run_json("dead-letters", "list", self.url)
        self.assertEqual((letter["position"], letter["change"]), ("2", "not json"))
        self.assertEqual(self.run_json("dead-letters", "show", letter["id"], self.url), letter)
        self.assertIn("not valid JSON", self.run_ctk("dead-letters", "show", letter["id"], self.url)[0])
        self.run_ctk("dead-letters", "show", "nix", self.url, expect=1)

    def test_positions_of_nothing(self):
        self.assertEqual(self.run_json("positions", "list", self.url), [])
        self.run_ctk("positions", "reset", "nix", self.url, expect=1)
        self.run_ctk("positions", "reset", self.url, expect=2)

    def test_dot_env_never_overrides(self):
        (self.home / ".env").write_text(f"CRATEDB_CLUSTER_URL={self.url}\n")
        self.assertIn("demo", self.run_ctk("show", "table", "demo", cwd=self.home)[0])
        other = {"CRATEDB_CLUSTER_URL": "sqlite:////nonexistent/x.db"}
        self.run_ctk("show", "table", "demo", cwd=self.home, env=other, expect=1)

    def test_a_reader_that_leaves_ends_it_quietly(self):
        sql = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 200000) SELECT x FROM c"
        process = subprocess.Popen([PROGRAM, "shell", self.url, "-c", sql], env=clean_environment(),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        self.assertEqual(process.wait(60), -signal.SIGPIPE)

    def test_json_log_lines_only(self):
        _, err = self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events.ndjson", self.url, "--log-format", "json",
                              expect=4)
        for line in err.splitlines():
            self.assertIn("msg", json.loads(line))
        _, err = self.shell("-c", "SELEC", "--log-format=json", expect=1)
        self.assertEqual(json.loads(err)["level"], "error")

    def test_quiet(self):
        _, err = self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events.ndjson", self.url, "-q", expect=4)
        self.assertRegex(err, r"^1 dead letter: [^\n]*\n$", "why it is no 0")
        (self.home / "events.ndjson").write_text(INSERT)
        _, err = self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events.ndjson", self.url, "-q")
        self.assertEqual(err, "")

    def test_completion_and_manual(self):
        self.assertIn("complete -o default -F _ctk ctk", self.run_ctk("completion", "bash")[0])
        self.assertIn("#compdef ctk", self.run_ctk("completion", "zsh")[0])
        self.assertIn("complete -c ctk", self.run_ctk("completion", "fish")[0])
        self.assertIn(".TH CTK 1", self.run_ctk("man")[0])

    @unittest.skipUnless(os.path.exists("/usr/bin/script"), "needs script(1) for a terminal")
    def test_a_prompt_on_a_terminal(self):
        asked = f"{PROGRAM} shell {self.url}"
        environment = clean_environment() | {"TERM": "xterm", "XDG_STATE_HOME": str(self.home)}
        said = subprocess.run(["script", "-qec", asked, "/dev/null"], env=environment, timeout=60, text=True,
                              input="SELECT 40 +\n2 AS answer;\n\\q\n", stdout=subprocess.PIPE)
        self.assertRegex(said.stdout, r"answer\s+-+\s+42\s+\(1 row\)")
        self.assertEqual(said.returncode, 0)
        self.assertIn("answer", (self.home / "ctk" / "history").read_text())


if __name__ == "__main__":
    unittest.main()
