"""The simulated Kinesis to databases behind Debian's ODBC drivers: PostgreSQL, MariaDB and SQLite."""
import json
import unittest

from events import to_lines
from odbc import OdbcMariadbTarget, OdbcPostgresTarget, OdbcSqliteTarget, odbc_url
from relaying import Fencing, Hardships, Relaying
from servers import Mariadb, Postgres, SimulatedKinesis


def setUpModule():
    global postgres, mariadb
    postgres, mariadb = Postgres(), Mariadb()
    unittest.addModuleCleanup(postgres.stop)
    unittest.addModuleCleanup(mariadb.stop)


class Odbc(Hardships, Fencing, Relaying):
    @classmethod
    def setUpClass(cls):
        cls.kinesis = SimulatedKinesis()  # streams are named after test cases, which these classes share
        cls.addClassCleanup(cls.kinesis.stop)

    def table(self):
        """As SQL names it."""
        return self.target.table("demo") if hasattr(self.target, "table") else "demo"

    def test_the_commands_of_a_target(self):
        for _ in range(100):
            self.model.write_anything()
        (self.home / "events").write_text(to_lines(self.model.events))
        url = self.target.url()
        summary = self.run_json("load", f"file+dynamodb+cdc://{self.home}/events", url)
        self.assertEqual(summary["applied"], len(self.model.events))
        self.assert_holds(self.target, self.model)
        again = self.run_json("load", f"file+dynamodb+cdc://{self.home}/events", url)
        self.assertEqual(again["stale"], again["applied"])
        shown = self.run_json("show", "table", self.table(), url)
        self.assertEqual(shown["living"], len(self.model.rows()))
        counted = self.run_json("shell", "-c", f"SELECT count(*) AS n FROM {self.table()}", url)
        self.assertEqual(counted, [{"n": shown["rows"]}])
        self.assertEqual(self.run_json("dead-letters", "list", url), [])
        out, err = self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", url, "--dry-run")
        self.assertIn("INSERT INTO", out)
        self.assertNotIn("secret", out + err)


class OdbcToPostgres(Odbc):
    def make_target(self):
        return OdbcPostgresTarget(postgres, self.stream)

    def test_a_data_source_by_name(self):
        (self.home / "odbc.ini").write_text(
            f"[shop]\nDriver=PostgreSQL Unicode\nServername=127.0.0.1\nPort={postgres.port}\nDatabase=ctk\n")
        self.write(30)
        environment = {"ODBCINI": str(self.home / "odbc.ini")}
        url = f"odbc://ctk:secret@/?dsn=shop&table={self.stream}.demo"
        self.run_ctk("load", self.source(once="true"), url, env=environment)
        self.assert_holds(self.target, self.model)
        out, _ = self.run_ctk("shell", "-c", "SELECT 1 AS one", url, "--format", "json", env=environment)
        self.assertIn('"one":1', out.replace(" ", ""))
        _, err = self.run_ctk("shell", "-c", "SELECT 1", url.replace("shop", "ship"), env=environment, expect=1)
        self.assertIn("the ODBC data source ship is not known", err)
        self.assert_commands_answer("odbc://ctk:secret@/", "--dsn", "shop", env=environment)
        whole = f"DRIVER=PostgreSQL Unicode;SERVER=127.0.0.1;PORT={postgres.port};DATABASE=ctk;UID=ctk;PWD=secret"
        self.assert_commands_answer("odbc:///", "--connection", whole, "--dialect", "postgresql", env=environment)

    def assert_commands_answer(self, *target, env):
        """Those that look at a target, where its options are flags."""
        lines = [["shell", "-c", f"SELECT count(*) FROM {self.table()}"], ["show", "table", self.table()],
                 *([*line, "--schema", self.stream] for line in (["positions", "list"], ["dead-letters", "list"],
                                                                 ["dead-letters", "replay", "--all"], ["status"]))]
        counted, shown, positions, *_ = (json.loads(self.run_ctk(*line, *target, "--format", "json", env=env)[0]) for line in lines)
        self.assertEqual(counted, [{"count": shown["rows"]}])
        self.assertEqual({row["relay"] for row in positions}, {f"kinesis:{self.stream}@{self.stream}.demo"})

    def test_a_wrong_password(self):
        _, err = self.run_ctk("shell", "-c", "SELECT 1", self.target.url().replace("secret", "s3kr1t"), expect=1)
        self.assertIn("password", err)
        self.assertNotIn("s3kr1t", err)

    def test_an_address_where_nobody_answers(self):
        self.write(1)
        url = self.target.url().replace(str(postgres.port), "1")
        _, err = self.run_ctk("load", self.source(once="true"), url, "--start-timeout", "1s", expect=1)
        self.assertIn("cannot be reached", err)
        self.assertNotIn("secret", err)

    def test_a_driver_that_is_not_installed(self):
        _, err = self.run_ctk("shell", "-c", "SELECT 1", odbc_url("demo", "DRIVER=FreeTDS;SERVER=h;UID=u;PWD=secret"), expect=1)
        self.assertIn("tdsodbc", err)
        self.assertNotIn("secret", err)

    def test_what_is_not_understood(self):
        for url, said in (("odbc:///?table=demo", "neither"), ("odbc:///?dsn=a&connection=DRIVER%3Db", "both"),
                          ("odbc://host/?dsn=a", "host"), ("odbc:///?dsn=a&dialect=access", "dialect")):
            _, err = self.run_ctk("load", self.source(once="true"), url, expect=2)
            self.assertIn(said, err)


class OdbcToMariadb(Odbc):
    def make_target(self):
        return OdbcMariadbTarget(mariadb, self.stream)


class OdbcToSqlite(Odbc):
    def make_target(self):
        return OdbcSqliteTarget(self.home)


del Odbc

if __name__ == "__main__":
    unittest.main()
