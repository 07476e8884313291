"""`ctk shell` at a terminal: what a person types there, Ctrl-C, Tab, and what they see."""
import json
import os
import secrets
import signal
import sqlite3
import unittest

from faulting import CuttingProxy, SilentCrateDb
from harness import Case, CrateTarget, crate_address
from servers import Postgres, wait_until
from terminal import CTRL_C, CTRL_D, TAB, Terminal

PROMPT = r"ctk> "
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"


class AtTerminal(Case):
    def open(self, url, **options):
        terminal = Terminal("shell", url, env={"XDG_STATE_HOME": str(self.home)}, **options)
        self.addCleanup(terminal.close)
        terminal.expect(PROMPT)
        wait_until("keys are the program's", lambda: not terminal.echoes())  # a Ctrl-D before that is the terminal's own
        return terminal

    def assert_answers(self, terminal):
        terminal.enter("SELECT 40 + 2 AS answer;")
        self.assertRegex(terminal.expect(r"\(1 row\)"), r"answer\s+-+\s+42\s")
        terminal.expect(PROMPT)

    def assert_leaves(self, terminal, keys="\\q\r"):
        terminal.type(keys)
        self.assertEqual(terminal.code(), 0)


class OnSqlite(AtTerminal):
    def setUp(self):
        super().setUp()
        self.path = self.home / "prompt.db"
        connection = sqlite3.connect(self.path)
        connection.executescript("CREATE TABLE warehouse (shelf TEXT PRIMARY KEY, pieces INTEGER NOT NULL)")
        connection.close()
        self.url = f"sqlite:///{self.path}"
        self.terminal = self.open(self.url)

    def is_locked(self):
        connection = sqlite3.connect(self.path, timeout=0)
        try:
            connection.execute("BEGIN IMMEDIATE")
            return False
        except sqlite3.OperationalError:
            return True
        finally:
            connection.close()

    def test_leaving(self):
        for keys in ("\\q\r", "exit\r", "quit;\r", CTRL_D):
            with self.subTest(keys):
                self.assert_leaves(self.open(self.url), keys)

    def test_ctrl_c_drops_what_was_typed(self):
        self.terminal.type("SELECT nonsense")
        self.terminal.expect("nonsense")
        self.terminal.type(CTRL_C)
        self.terminal.expect(PROMPT)
        self.terminal.enter("SELECT 'an open text;")
        self.terminal.expect(r"  '> ")
        self.terminal.type(CTRL_C)
        self.terminal.expect(PROMPT)
        self.terminal.type(CTRL_C)
        self.terminal.expect(PROMPT)
        self.assert_answers(self.terminal)
        self.assert_leaves(self.terminal)

    def test_ctrl_c_stops_the_statement(self):
        self.terminal.enter(f"INSERT INTO warehouse SELECT x, x FROM ({ENDLESS});")
        wait_until("the statement runs", self.is_locked)
        self.terminal.type(CTRL_C)
        self.terminal.expect("the statement was stopped: interrupted")
        self.terminal.expect(PROMPT)
        self.assertFalse(self.is_locked())
        self.assert_answers(self.terminal)
        self.assert_leaves(self.terminal)

    def test_ctrl_c_stops_the_wait_for_a_lock(self):
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        self.terminal.enter("SELECT 1; INSERT INTO warehouse VALUES ('a', 1); SELECT 'not this';")
        self.terminal.expect(r"\(1 row\)\r\n")
        self.terminal.type(CTRL_C)
        self.assertNotIn("not this", self.terminal.expect("the statement was stopped.*\r\n" + PROMPT))
        self.assert_answers(self.terminal)
        self.assert_leaves(self.terminal)

    def test_it_takes_the_terminal_back_after_a_pause(self):
        self.terminal.type("SELECT 40 + 2")
        wait_until("the line is edited", lambda: not self.terminal.echoes())
        self.terminal.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.terminal.process.pid, os.WUNTRACED)
        self.terminal.echo()  # as the program that had it meanwhile left it
        self.terminal.process.send_signal(signal.SIGCONT)
        wait_until("the line is edited again", lambda: not self.terminal.echoes())
        self.terminal.expect(r"ctk> SELECT 40 \+ 2")
        self.terminal.enter(" AS answer;")
        self.terminal.expect(r"42\s+\(1 row\)")
        self.assert_leaves(self.terminal)

    def test_an_interrupt_ends_a_script_and_its_statement(self):
        script = self.start_ctk("shell", self.url, "-c", f"INSERT INTO warehouse SELECT x, x FROM ({ENDLESS}); SELECT 1")
        wait_until("the statement runs", self.is_locked)
        script.send_signal(signal.SIGINT)
        out, err = script.communicate(timeout=60)
        self.assertEqual((script.returncode, out), (-signal.SIGINT, b""))
        self.assertIn(b"the statement was stopped", err)

    def test_words_besides_sql(self):
        for words in ("\\?", "help", "help;"):
            self.terminal.enter(words)
            self.terminal.expect("list a table's columns")
            self.terminal.expect(PROMPT)
        self.terminal.enter("\\d")
        self.terminal.expect(r"main\s+\| warehouse \| table")
        self.terminal.enter("\\d warehouse")
        self.terminal.expect(r"shelf\s+\| TEXT\s+\| true\s+\| true")
        self.terminal.enter("\\d nowhere")
        self.terminal.expect("there is no table nowhere")
        self.terminal.enter("\\copy t from stdin")
        self.terminal.expect(r"unknown command \\copy")
        self.terminal.enter("\\x")
        self.terminal.enter("SELECT 1 AS one;")
        self.terminal.expect(r"-- row 1\s+one \| 1")
        self.assert_leaves(self.terminal)

    def test_tab_completes_words_tables_and_columns(self):
        self.terminal.enter("sel" + TAB + "she" + TAB + "fro" + TAB + "ware" + TAB + ";")
        self.terminal.expect(r"shelf\s+-+\s+\(0 rows\)")
        self.terminal.enter("CREATE TABLE yard (gate);")
        self.terminal.expect("OK")
        self.terminal.enter("SELECT gat" + TAB + "FROM yar" + TAB + ";")
        self.terminal.expect(r"gate\s+-+\s+\(0 rows\)")
        self.assert_leaves(self.terminal)

    def test_only_rows_are_counted(self):
        self.terminal.enter("INSERT INTO warehouse VALUES ('a', 1), ('b', 2);")
        self.terminal.expect("OK, 2 rows\r\n")
        self.terminal.enter("CREATE TABLE other (a);")
        self.terminal.expect("OK\r\n")
        self.terminal.enter("/* none */ DELETE FROM warehouse WHERE pieces > 5;")
        self.terminal.expect("OK, 0 rows\r\n")
        self.assert_leaves(self.terminal)

    def test_a_trigger_is_one_statement(self):
        self.terminal.enter("CREATE TRIGGER t AFTER INSERT ON warehouse BEGIN")
        self.terminal.expect("END> ")
        self.terminal.enter("DELETE FROM warehouse WHERE shelf = CASE new.shelf WHEN 'x' THEN 'y' END;")
        self.terminal.expect("END> ")
        self.terminal.enter("END;")
        self.terminal.expect("OK\r\n")
        self.terminal.expect(PROMPT)
        self.assert_leaves(self.terminal)

    def test_the_history_keeps_lines(self):
        self.terminal.enter("SELECT 'a' -- not b")
        self.terminal.expect("  -> ")
        self.terminal.enter(", 'c' AS third;")
        self.terminal.expect(r"\(1 row\)")
        self.assert_leaves(self.terminal)
        history = self.home / "ctk" / "history"
        self.assertNotIn("not b ,", history.read_text())
        self.assertEqual(history.stat().st_mode & 0o777, 0o600)
        again = self.open(self.url)
        again.type("\x1b[A\x1b[A")
        again.expect("not b")
        again.type("\r")
        again.expect(r"a +\| c")
        self.assert_leaves(again)

    def test_characters_of_many_bytes(self):
        self.terminal.enter("SELECT 'Grüße ✓' AS greeting;")
        self.assertNotIn("\\303", self.terminal.expect(r"\(1 row\)"))
        self.assert_leaves(self.terminal)

    def test_a_statement_that_ends_its_transaction(self):
        self.terminal.enter("BEGIN; INSERT INTO warehouse VALUES ('a', 1);")
        self.terminal.expect("OK, 1 row\r\n" + PROMPT)
        self.terminal.enter("INSERT INTO warehouse VALUES ('a', 2);")
        self.assertNotIn("undone", self.terminal.expect("UNIQUE constraint failed.*\r\n" + PROMPT))
        self.terminal.enter("INSERT OR ROLLBACK INTO warehouse VALUES ('a', 2);")
        self.terminal.expect("the transaction is over: all that it did is undone")
        self.assert_answers(self.terminal)
        self.assert_leaves(self.terminal)

    def test_a_transaction_that_is_left_open(self):
        self.terminal.enter("BEGIN; INSERT INTO warehouse VALUES ('a', 1);")
        self.terminal.expect("OK, 1 row\r\n" + PROMPT)
        self.terminal.enter("\\q")
        self.terminal.expect("the transaction is rolled back: nothing of it is stored")
        self.assertEqual(self.terminal.code(), 0)

    def test_bytes_that_are_no_characters_are_refused(self):
        self.terminal.type(b"INSERT INTO warehouse VALUES ('a\xff\xe9b',\r")
        self.terminal.expect("  -> ")
        self.terminal.enter(" 1); SELECT 'not this';")
        self.assertNotRegex(self.terminal.expect("(?s)the statement is not run: bytes that are no UTF-8 were typed.*\r\n" + PROMPT),
                            r"\(1 row\)|OK")
        self.terminal.type(b"SELECT '\xff")
        self.terminal.expect("SELECT '")
        self.terminal.type(CTRL_C)
        self.terminal.expect(PROMPT)
        self.terminal.type(b"SELECT \xff\x7f 40 + 2 AS answer;\r")  # wiped out again
        self.terminal.expect(r"42\s+\(1 row\)")
        self.assert_leaves(self.terminal)

    def test_a_history_that_cannot_be_written(self):
        terminal = Terminal("shell", self.url, env={"XDG_STATE_HOME": "/dev/null/nowhere"})
        self.addCleanup(terminal.close)
        terminal.expect(PROMPT)
        self.assert_answers(terminal)
        self.assert_leaves(terminal)


class OnPostgres(AtTerminal):
    @classmethod
    def setUpClass(cls):
        cls.server = Postgres()
        cls.addClassCleanup(cls.server.stop)

    def running(self):
        return self.server.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(600)%' "
                               "AND pid <> pg_backend_pid()").strip()

    def test_ctrl_c_stops_the_statement_on_the_server(self):
        terminal = self.open(self.server.url())
        terminal.enter("SELECT pg_sleep(600);")
        wait_until("the statement runs", lambda: self.running() == "1")
        terminal.type(CTRL_C)
        terminal.expect("the statement was stopped: ERROR: +canceling statement due to user request")
        terminal.expect(PROMPT)
        self.assertEqual(self.running(), "0")
        self.assert_answers(terminal)
        self.assert_leaves(terminal)

    def test_an_interrupt_ends_a_script_and_its_statement(self):
        script = self.start_ctk("shell", self.server.url(), "-c", "SELECT pg_sleep(600); SELECT 1")
        wait_until("the statement runs", lambda: self.running() == "1")
        script.send_signal(signal.SIGINT)
        out, _ = script.communicate(timeout=60)
        self.assertEqual((script.returncode, out), (-signal.SIGINT, b""))
        wait_until("the statement is stopped", lambda: self.running() == "0")

    def test_a_signal_ends_a_script_and_its_statement(self):
        for ending in (signal.SIGTERM, signal.SIGHUP):
            script = self.start_ctk("shell", self.server.url(), "-c", "SELECT pg_sleep(600); SELECT 1")
            wait_until("the statement runs", lambda: self.running() == "1")
            script.send_signal(ending)
            out, err = script.communicate(timeout=60)
            self.assertEqual((script.returncode, out), (-ending, b""))
            self.assertIn(b"the statement was stopped", err)
            self.assertEqual(self.running(), "0")
        terminal = self.open(self.server.url())
        terminal.enter("SELECT pg_sleep(600); SELECT 'not this';")
        wait_until("the statement runs", lambda: self.running() == "1")
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.code(), -signal.SIGTERM)
        self.assertEqual(self.running(), "0")
        terminal = self.open(self.server.url())
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.code(), -signal.SIGTERM)

    def test_a_server_that_falls_silent(self):
        proxy = CuttingProxy(self.server.port, 0)
        self.addCleanup(proxy.stop)
        terminal = self.open(self.server.url().replace(str(self.server.port), str(proxy.port)))
        self.assert_answers(terminal)
        proxy.speaking.clear()
        terminal.type("SELECT * FROM now" + TAB + "here")
        terminal.expect("nowhere", seconds=4)
        terminal.type(CTRL_C)
        terminal.expect(PROMPT)
        proxy.speaking.set()
        self.assert_answers(terminal)
        proxy.speaking.clear()
        terminal.enter("SELECT 1; SELECT 'not this';")
        terminal.expect("not this';\r\n")
        terminal.type(CTRL_C)
        before = terminal.expect("did not stop the statement within 5s, and it may still run there", seconds=30)
        before += terminal.expect(PROMPT)
        self.assertNotIn("not this", before)
        proxy.speaking.set()
        self.assert_answers(terminal)
        self.assert_leaves(terminal)

    def test_tab_leaves_a_transaction_alone(self):
        self.server.sql("CREATE TABLE locked (a int)")
        terminal = self.open(self.server.url())
        terminal.enter("BEGIN; INSERT INTO locked VALUES (1);")
        terminal.expect("OK, 1 row")
        terminal.enter("SELECT count(*) AS loc" + TAB + "al FRO" + TAB + "locked;")
        terminal.expect(r"local\s+-+\s+1\s+\(1 row\)")
        terminal.enter("COMMIT;")
        terminal.expect("OK\r\n" + PROMPT)
        self.assert_leaves(terminal)
        self.assertEqual(self.server.sql("SELECT count(*) FROM locked").strip(), "1")

    def test_the_schema_of_the_url_counts(self):
        self.server.sql('CREATE SCHEMA "My shop"; CREATE TABLE "My shop".wares (a int); CREATE TABLE public.others (a int)')
        for where in ({"schema": "My%20shop"}, {"table": '"My%20shop".wares'}):
            with self.subTest(where):
                self.run_ctk("shell", self.server.url(**where), "-c", "INSERT INTO wares VALUES (1); SELECT * FROM others; "
                             "SET search_path = public; SELECT * FROM others")
        terminal = self.open(self.server.url(schema="My%20shop"))
        terminal.enter("CREATE TABLE made_here (a int);")
        terminal.expect("OK\r\n" + PROMPT)
        self.end_sessions()
        terminal.enter("SELECT 1;")
        terminal.expect("a new session")
        terminal.enter("SELECT count(*) AS wares FROM wares;")
        terminal.expect(r"wares\s+-+\s+2\s+\(1 row\)")
        self.assert_leaves(terminal)
        made = self.server.sql("SELECT table_schema FROM information_schema.tables WHERE table_name = 'made_here'")
        self.assertEqual(made.strip(), "My shop")
        default, _ = self.run_ctk("shell", self.server.url(options="-csearch_path%3Dpg_temp,public"), "--format", "csv",
                                  "-c", "SHOW search_path")
        self.assertEqual(default, 'search_path\n"pg_temp,public"\n')

    def end_sessions(self):
        self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ctk'")

    def test_the_commit_of_a_failed_transaction(self):
        self.server.sql("CREATE TABLE failed (a int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
        terminal = self.open(self.server.url())
        for commit in ("COMMIT", "/* so */ end work"):
            terminal.enter("BEGIN; INSERT INTO failed VALUES (1); SELECT 1/0; " + commit + ";")
            terminal.expect("division by zero")
            terminal.expect("it was rolled back: nothing of it is stored")
            terminal.expect(PROMPT)
        terminal.enter("BEGIN; SELECT 1/0; ROLLBACK;")
        terminal.expect("division by zero\r\nOK\r\n")
        self.assert_leaves(terminal)
        self.assertEqual(self.server.sql("SELECT count(*) FROM failed").strip(), "0")

    def test_a_session_that_is_lost_in_a_transaction(self):
        self.server.sql("CREATE TABLE lost (a int)")
        terminal = self.open(self.server.url())
        terminal.enter("BEGIN; INSERT INTO lost VALUES (10);")
        terminal.expect("OK, 1 row\r\n" + PROMPT)
        self.end_sessions()
        terminal.enter("INSERT INTO lost VALUES (11); INSERT INTO lost VALUES (12); COMMIT;")
        terminal.expect("the transaction is lost with the connection")
        terminal.expect("is not run outside of it")
        terminal.expect("there is nothing to commit")
        terminal.expect(PROMPT)
        self.assertEqual(self.server.sql("SELECT count(*) FROM lost").strip(), "0")
        terminal.enter("INSERT INTO lost VALUES (13);")
        terminal.expect("OK, 1 row\r\n" + PROMPT)
        self.end_sessions()
        terminal.enter("SELECT 1;")
        terminal.expect("a new session, without what was SET")
        self.assert_answers(terminal)
        self.assert_leaves(terminal)
        _, err = self.run_ctk("shell", self.server.url(), expect=1, stdin=b"BEGIN; INSERT INTO lost VALUES (14);\n"
                              b"SELECT pg_terminate_backend(pg_backend_pid());\nINSERT INTO lost VALUES (15); COMMIT;")
        self.assertIn("the transaction is lost", err)
        self.assertEqual(self.server.sql("SELECT a FROM lost").strip(), "13")

    def test_a_script_that_ends_within_a_transaction(self):
        self.server.sql("CREATE TABLE unfinished (a int)")
        for script in (b"BEGIN; INSERT INTO unfinished VALUES (1);",
                       b"BEGIN; INSERT INTO unfinished VALUES (2); COMMIT AND CHAIN; INSERT INTO unfinished VALUES (3)"):
            _, err = self.run_ctk("shell", self.server.url(), expect=1, stdin=script)
            self.assertIn("rolled back: nothing of it is stored", err)
        self.assertEqual(self.server.sql("SELECT a FROM unfinished").strip(), "2")
        terminal = self.open(self.server.url())
        terminal.enter("BEGIN; SELECT 1/0;")
        terminal.expect("division by zero\r\n" + PROMPT)
        terminal.enter("\\q")
        terminal.expect("the transaction is rolled back: nothing of it is stored")
        self.assertEqual(terminal.code(), 0)

    def test_notices_are_shown(self):
        script = b"COMMIT; DO $$ BEGIN RAISE NOTICE E'so \\x1b[2J'; RAISE WARNING 'and so'; END $$; DROP TABLE IF EXISTS nix;"
        out, err = self.run_ctk("shell", self.server.url(), stdin=script)
        self.assertEqual(out, "")
        self.assertEqual([line for line in err.splitlines() if line != "OK"],
                         ["ctk: WARNING:  there is no transaction in progress", r"ctk: NOTICE:  so \x1b[2J", "ctk: WARNING:  and so",
                          'ctk: NOTICE:  table "nix" does not exist, skipping'])
        _, err = self.run_ctk("shell", self.server.url(), "-q", stdin=script)
        self.assertEqual(err, "ctk: WARNING:  there is no transaction in progress\nctk: WARNING:  and so\n")
        _, err = self.run_ctk("shell", self.server.url(), "-q", "--log-format", "json", "-c", "COMMIT")
        self.assertEqual(json.loads(err)["peer"], "WARNING:  there is no transaction in progress")

    def test_copy_is_refused_with_its_line(self):
        self.server.sql("CREATE TABLE copied (a int)")
        for copy in (b"COPY copied FROM STDIN", b"COPY copied TO STDOUT"):
            _, err = self.run_ctk("shell", self.server.url(), stdin=b"INSERT INTO copied VALUES (1);\n" + copy + b";", expect=1)
            self.assertIn("ctk: line 2: COPY to or from the client is not possible here", err)
            self.assertIn("use psql for it", err)
        self.assertEqual(self.server.sql("SELECT count(*) FROM copied").strip(), "2")

    def test_errors_do_nothing_to_a_terminal(self):
        _, err = self.run_ctk("shell", self.server.url(), "-c", r"SELECT E'\x1b]0;x\x07'::int", expect=1)
        self.assertIn(r'integer: "\x1b]0;x\x07"', err)
        self.assertNotIn("\x1b", err)

    def test_words_besides_sql(self):
        self.server.sql("CREATE TABLE depot (shelf text PRIMARY KEY, pieces numeric(9,2))")
        terminal = self.open(self.server.url())
        terminal.enter("\\d")
        terminal.expect(r"public +\| depot +\| table")
        terminal.enter("\\d depot")
        terminal.expect(r"shelf +\| text +\| false +\| true\r\n pieces +\| numeric\(9,2\) +\| true +\| false")
        terminal.enter("SELECT pie" + TAB + "FROM dep" + TAB + ";")
        terminal.expect(r"pieces\s+-+\s+\(0 rows\)")
        self.assert_leaves(terminal)

    def test_the_caret_points_at_what_is_meant(self):
        _, err = self.run_ctk("shell", self.server.url(), stdin="SELECT 1;\n\nSELECT 'ü',\n\tnothing;".encode(), expect=1)
        self.assertEqual(err, 'ctk: line 3: PostgreSQL refused the statement: ERROR:  column "nothing" does not exist\n'
                              "LINE 2:  nothing\n"
                              "         ^\n")

    def test_statements_are_cut_as_the_server_cuts_them(self):
        script = (rb"SELECT E'a\'b;c' AS a; /* one /* two; */ ; */ SELECT $t$;$$;$t$ AS b;"
                  b"CREATE FUNCTION twice(x int) RETURNS int BEGIN ATOMIC; SELECT CASE x WHEN 1 THEN 2 END; SELECT 2 * x; END;"
                  b"SELECT twice(4) AS c; SET standard_conforming_strings = off; SELECT 'a\\';b' AS d;")
        out, _ = self.run_ctk("shell", self.server.url(), "-q", "--format", "json", stdin=script)
        self.assertEqual(out, '[{"a":"a\'b;c"}]\n[{"b":";$$;"}]\n[{"c":8}]\n[{"d":"a\';b"}]\n')


class OnSilentCrateDb(AtTerminal):
    def serve(self, **how):
        server = SilentCrateDb(**how)
        self.addCleanup(server.stop)
        return server

    def interrupt(self, server):
        terminal = self.open(server.url)
        terminal.enter("SELECT endless;")
        wait_until("the statement runs", lambda: any("endless" in statement for statement in server.asked))
        terminal.type(CTRL_C)
        terminal.expect("CrateDB did not stop the statement, which may still run there; its answer is not waited for", seconds=30)
        return terminal

    def test_a_user_who_may_not_see_jobs(self):
        terminal = self.interrupt(self.serve(refused=["sys.jobs"]))
        terminal.expect("looking for it in sys.jobs: SchemaUnknownException")
        terminal.expect("hint: GRANT DQL ON TABLE sys.jobs")
        terminal.expect(PROMPT, seconds=5)
        self.assert_answers(terminal)
        self.assert_leaves(terminal)

    def test_a_server_that_falls_silent(self):
        terminal = self.interrupt(self.serve(endless=["endless", "sys.jobs"]))
        terminal.expect("no answer for 5s")
        terminal.expect(PROMPT, seconds=5)
        self.assert_answers(terminal)
        self.assert_leaves(terminal)

    def test_tab_waits_a_second_for_names(self):
        terminal = self.open(self.serve(endless=["information_schema"]).url)
        terminal.type("SELECT now" + TAB + "here")
        terminal.expect("nowhere", seconds=4)
        terminal.type(CTRL_C)
        terminal.expect(PROMPT)
        self.assert_answers(terminal)
        self.assert_leaves(terminal)

    def test_the_schema_of_the_url_counts(self):
        server = self.serve()
        # A connection heeds the first one that it gets.
        for schema, said in (("/doc", "doc"), ("/my_shop/orders", "my_shop"), ("/", None), ("/sch%C3%B6n", None)):
            with self.subTest(schema):
                server.schemas.clear()
                self.run_ctk("shell", server.url.removesuffix("/doc") + schema, "-c", "SELECT 1")
                self.assertEqual(server.schemas, {said})

    def test_a_script_of_such_a_user(self):
        server = self.serve(refused=["sys.jobs"])
        script = self.start_ctk("shell", server.url, "-c", "SELECT endless; SELECT 1")
        wait_until("the statement runs", lambda: any("endless" in statement for statement in server.asked))
        script.send_signal(signal.SIGTERM)
        out, err = script.communicate(timeout=60)
        self.assertEqual((script.returncode, out), (-signal.SIGTERM, b""))
        self.assertIn(b"which may still run there", err)


@unittest.skipUnless(crate_address(), "needs a CrateDB at CTK_TEST_CRATEDB_URL")
class OnCrateDb(AtTerminal):
    def setUp(self):
        super().setUp()
        self.name = f"ctk_prompt_{secrets.token_hex(6)}"
        self.target = CrateTarget(crate_address(), self.name)
        self.endless = f"SELECT count(*) AS {self.name} FROM generate_series(1, 1000000) a(x), generate_series(1, 1000000) b(y)"

    def running(self):
        return self.target.sql(f"SELECT count(*) FROM sys.jobs WHERE stmt LIKE 'SELECT count(*) AS {self.name}%'")[0][0]

    def test_ctrl_c_stops_the_statement_on_the_server(self):
        terminal = self.open(self.target.url())
        terminal.enter(self.endless + ";")
        wait_until("the statement runs", lambda: self.running() == 1)
        terminal.type(CTRL_C)
        terminal.expect("the statement was stopped")
        terminal.expect(PROMPT)
        wait_until("the statement is stopped", lambda: self.running() == 0)
        self.assert_answers(terminal)
        self.assert_leaves(terminal)

    def test_words_besides_sql(self):
        self.addCleanup(self.target.drop)
        self.target.sql(f'CREATE TABLE "{self.name}".depot (shelf TEXT PRIMARY KEY, pieces BIGINT)')
        terminal = self.open(self.target.url())
        terminal.enter("\\d")
        terminal.expect(rf"{self.name} +\| depot +\| table")
        terminal.enter(f"\\d {self.name}.depot")
        terminal.expect(r"shelf +\| text +\| false +\| true\r\n pieces +\| bigint +\| true +\| false")
        self.assert_leaves(terminal)

    def test_statements_are_cut_as_the_server_cuts_them(self):
        script = rb"SELECT E'a\'b;c' AS a; SELECT /* one /* two; */ 2 AS b; SELECT $t$;$$;$t$ AS c"
        out, _ = self.run_ctk("shell", self.target.url(), "--format", "json", stdin=script)
        self.assertEqual(out, '[{"a":"a\'b;c"}]\n[{"b":2}]\n[{"c":";$$;"}]\n')


if __name__ == "__main__":
    unittest.main()
