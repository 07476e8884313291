"""The program from outside, and the targets it writes to."""
import decimal
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

from events import plain
from servers import TESTS, Postgres, wait_until

PROGRAM = os.environ.get("CTK_PROGRAM") or str(TESTS.parent / "build/ctk")
RUN_SECONDS = 120


def clean_environment():
    """No credentials, regions or targets of the machine reach the program."""
    foreign = ("AWS_", "CRATEDB_", "PG", "CTK_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"HOME": "/nonexistent", "NO_COLOR": "1"}


def start(*arguments, env=None, cwd=None, stdin=subprocess.DEVNULL, program=PROGRAM):
    return subprocess.Popen([program, *arguments], env=clean_environment() | (env or {}), cwd=cwd, stdin=stdin,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process, stdin=None, seconds=RUN_SECONDS):
    """Waits for the end; (exit code, standard output, standard error) as text."""
    try:
        out, err = process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"still running after {seconds} s; it said: {err.decode(errors='replace')}") from None
    return process.returncode, out.decode(), err.decode()


def ctk(*arguments, stdin=None, env=None, cwd=None):
    process = start(*arguments, env=env, cwd=cwd, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL)
    return finish(process, stdin)


def from_json(text):
    return json.loads(text, parse_float=decimal.Decimal, parse_int=decimal.Decimal) if text is not None else None


class Case(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="ctk-test-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)

    def run_ctk(self, *arguments, expect=0, **options):
        """Runs the program to its end and checks the exit code; its standard output and error."""
        code, out, err = ctk(*arguments, **options)
        self.assertEqual(code, expect, f"ctk {' '.join(map(str, arguments))}\n{out}\n{err}")
        return out, err

    def run_json(self, *arguments, expect=0, **options):
        out, _ = self.run_ctk(*arguments, "--format", "json", expect=expect, **options)
        return json.loads(out)

    def start_ctk(self, *arguments, **options):
        process = start(*arguments, **options)

        def stop():
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.addCleanup(stop)
        return process

    def stop_ctk(self, process):
        process.send_signal(signal.SIGTERM)
        return finish(process)

    def assert_holds(self, target, model, table="demo"):
        self.assertEqual(target.rows(table), model.rows())

    def wait_for(self, target, model, table="demo", process=None, seconds=60):
        """Until the target holds the model; fails with the difference."""
        try:
            wait_until("the target holds the model", lambda: target.rows(table) == model.rows(), seconds, process)
        except AssertionError as late:
            if process is not None and process.poll() is not None:
                raise AssertionError(f"{late}: {process.communicate()[1].decode(errors='replace')}") from None
            self.assert_holds(target, model, table)


class SqliteTarget:
    name = "sqlite"
    key = int  # reads the range key

    def __init__(self, home, file="target.db"):
        self.path = home / file

    def url(self, table="demo", **options):
        query = "".join(f"&{name}={value}" for name, value in options.items())
        return f"sqlite:///{self.path}?table={table}{query}"

    def query(self, sql):
        # Not "ro": without WAL (ODBC) a writer that was killed leaves a journal, which the next reader has to roll back.
        connection = sqlite3.connect(f"file:{self.path}?mode=rw", uri=True, timeout=20)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def rows(self, table):
        """(pk, sk) → attributes of the living items; nothing while there is no table."""
        try:
            found = self.query(f'SELECT pk, sk, data FROM "{table}_live"')
        except sqlite3.OperationalError:
            return None
        return {(pk, self.key(sk)): from_json(data) for pk, sk, data in found}


class PostgresTarget:
    name = "postgresql"
    key = int  # reads the range key

    def __init__(self, server, schema):
        self.server, self.schema = server, schema
        server.sql(f'CREATE SCHEMA "{schema}"')

    def table(self, name):
        """As the command line and SQL name it."""
        return f'"{self.schema}".{name}'

    def url(self, table="demo", **options):
        return self.server.url(table=f"{self.schema}.{table}", **options)

    def rows(self, table):
        try:
            found = self.server.sql(
                f"SELECT coalesce(json_agg(json_build_array(pk, sk::text, data::text)), '[]') FROM \"{self.schema}\".\"{table}_live\"")
        except AssertionError:
            return None
        return {(pk, self.key(sk)): from_json(data) for pk, sk, data in json.loads(found)}


class IntoPostgresTarget:
    """Of a case that makes its target: a schema of its own, on a server that all the tests of the class share."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = Postgres()
        cls.addClassCleanup(cls.server.stop)

    def make_target(self):
        return PostgresTarget(self.server, self.id().rpartition(".")[2][:40])


class MariadbTarget:
    name = "mariadb"
    key = int  # reads the range key

    def __init__(self, server, database):
        self.server, self.database = server, database
        server.sql(f"CREATE DATABASE `{database}`")

    def table(self, name):
        """As the command line and SQL name it: the URL names the database."""
        return name

    def url(self, table="demo", **options):
        return self.server.url(self.database, table=table, **options)

    def rows(self, table):
        try:
            found = self.server.sql(f"SELECT CONVERT(pk USING utf8mb4), TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM sk)), "
                                    f"data FROM `{self.database}`.`{table}_live`")
        except AssertionError:
            return None
        cells = (line.split("\t", 2) for line in found.split("\n") if line)
        return {(pk, self.key(sk)): from_json(data) for pk, sk, data in cells}


class MysqlTarget(MariadbTarget):
    """Its JSON rounds: what it would is in `aux` alone."""
    name = "mysql"

    def rows(self, table):
        try:
            found = self.server.sql(f"SELECT JSON_ARRAY(CONVERT(pk USING utf8mb4), CAST(sk AS CHAR), data, aux) "
                                    f"FROM `{self.database}`.`{table}_live`")
        except AssertionError:
            return None
        rows = (from_json(line) for line in found.split("\n") if line)
        return {(pk, self.key(decimal.Decimal(sk))): overlay(data, aux) for pk, sk, data, aux in rows}


def crate_address():
    """http://HOST:PORT of the real CrateDB that CTK_TEST_CRATEDB_URL (crate:// or http://) names; empty without one."""
    location = urllib.parse.urlsplit(os.environ.get("CTK_TEST_CRATEDB_URL", "").strip()).netloc
    return location and f"http://{location.rpartition('@')[2]}"


class CrateTarget:
    """A CrateDB behind `http`, real or fake, layout `ctk`."""
    name = "cratedb"
    key = int  # reads the range key

    def __init__(self, http, schema):
        self.http, self.schema = http.rstrip("/"), schema

    def url(self, table="demo", **options):
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"crate://crate@{self.http.split('//')[1]}/{self.schema}/{table}" + (f"?{query}" if query else "")

    def sql(self, statement):
        body = json.dumps({"stmt": statement}).encode()
        request = urllib.request.Request(self.http + "/_sql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read(), parse_float=decimal.Decimal, parse_int=decimal.Decimal)["rows"]

    def rows(self, table):
        """Layout `ctk`: `data` overlaid with `aux`, as the interface promises."""
        name = f'"{self.schema}"."{table}"'
        try:
            self.sql(f"REFRESH TABLE {name}")
            found = self.sql(f"SELECT pk['pk'], pk['sk'], data, aux FROM {name} WHERE NOT coalesce(cdc_deleted, false) LIMIT 100000")
        except urllib.error.HTTPError:
            return None
        return {(pk, self.key(sk)): overlay(data, aux) for pk, sk, data, aux in found}

    def drop(self):
        for kind, column in (("VIEW", "VIEW"), ("TABLE", "BASE TABLE")):
            for name, in self.sql("SELECT table_name FROM information_schema.tables "
                                  f"WHERE table_schema = '{self.schema}' AND table_type = '{column}'"):
                self.sql(f'DROP {kind} IF EXISTS "{self.schema}"."{name}"')


def overlay(data, aux):
    """`data` with what only `aux` holds laid over it; `aux` is a partial item in DynamoDB JSON."""
    whole = dict(data or {})
    for name, value in (aux or {}).items():
        under = whole.get(name)
        whole[name] = overlay(under, value["M"]) if "M" in value and isinstance(under, dict) else plain(value)
    return whole
