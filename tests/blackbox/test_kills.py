"""kill -9, of the relay and of its database, again and again while changes stream: each change is brought once, in every
database that has transactions, reached by its own library and through ODBC.

A trigger before each INSERT keeps, in the relay's own transaction, what is brought to a row: also a change that the row has
already, which the guard would hide. CTK_TEST_KILLS says how many relays of each case are killed; of servers it is a twentieth."""
import collections
import contextlib
import os
import random
import sqlite3
import subprocess
import threading
import time
import unittest

from events import put_into
from harness import MariadbTarget, PostgresTarget, SqliteTarget
from odbc import OdbcMariadbTarget, OdbcPostgresTarget, OdbcSqliteTarget
from relaying import Relaying
from servers import Mariadb, Postgres, SimulatedKinesis, wait_until

KILLS = int(os.environ.get("CTK_TEST_KILLS") or 20)
CRASHES = max(2, KILLS // 20)  # of a database server, which takes longer to come back
SERVERS = {}


def setUpModule():
    SERVERS.update(postgres=Postgres(), mariadb=Mariadb())
    for server in SERVERS.values():
        unittest.addModuleCleanup(server.stop)


class InSqlite:
    make = SqliteTarget

    def make_target(self):
        return self.make(self.home)

    def watch(self):
        with contextlib.closing(sqlite3.connect(self.target.path)) as connection:
            connection.executescript("""
                CREATE TABLE brought (pk, sk, version, fence);
                CREATE TRIGGER bringing BEFORE INSERT ON demo BEGIN
                  INSERT INTO brought VALUES (NEW.pk, NEW.sk, NEW.cdc_version, (SELECT max(fence) FROM ctk_positions));
                END;""")

    def select(self, columns, table):
        return self.target.query(f"SELECT {columns} FROM {table}")


class InPostgres:
    make = PostgresTarget

    def make_target(self):
        return self.make(SERVERS["postgres"], self.place())

    def watch(self):
        self.target.server.sql(f"""
            SET search_path TO "{self.place()}";
            CREATE TABLE brought (pk text, sk numeric, version text, fence bigint);
            CREATE FUNCTION bring() RETURNS trigger LANGUAGE plpgsql SET search_path TO "{self.place()}" AS $$ BEGIN
              INSERT INTO brought VALUES (NEW.pk, NEW.sk, NEW.cdc_version, (SELECT max(fence) FROM ctk_positions));
              RETURN NEW;
            END $$;
            CREATE TRIGGER bringing BEFORE INSERT ON demo FOR EACH ROW EXECUTE FUNCTION bring()""")

    def select(self, columns, table):
        found = self.target.server.sql(f"SELECT {columns} FROM \"{self.place()}\".{table}")
        return [tuple(line.split("|")) for line in found.split("\n") if line]


class InMariadb:
    make = MariadbTarget

    def make_target(self):
        return self.make(SERVERS["mariadb"], self.place())

    def watch(self):
        self.target.server.sql(f"""
            USE `{self.place()}`;
            CREATE TABLE brought (pk VARBINARY(64), sk DECIMAL(65,30), version VARBINARY(160), fence BIGINT);
            CREATE TRIGGER bringing BEFORE INSERT ON demo FOR EACH ROW
              INSERT INTO brought VALUES (NEW.pk, NEW.sk, NEW.cdc_version, (SELECT max(fence) FROM ctk_positions));""")

    def select(self, columns, table):
        found = self.target.server.sql(f"SELECT {columns} FROM `{self.place()}`.{table}")
        return [tuple(line.split("\t")) for line in found.split("\n") if line]


class Kills:
    """Mixed into a Relaying whose target can watch() what is brought to its rows, and select() columns of a table."""

    @classmethod
    def setUpClass(cls):
        """Streams are called after their cases, whatever the target."""
        cls.kinesis = SimulatedKinesis()
        cls.addClassCleanup(cls.kinesis.stop)

    def setUp(self):
        super().setUp()
        self.write(20)
        self.load_once()
        self.watch()
        self.singles = []  # keys that change once
        self.ended = threading.Event()
        self.writer = threading.Thread(target=self.keep_writing)
        self.addCleanup(self.stop_writing)
        self.writer.start()

    def place(self):
        """The schema, or database: cases of several classes share a server."""
        return f"{type(self).__name__}-{self.stream}"

    def keep_writing(self):
        while not self.ended.wait(0.05):
            first = len(self.model.events)
            for _ in range(5):
                self.model.write_anything()
                self.singles.append(f"single-{len(self.singles)}")
                self.model.put(self.singles[-1], 1, text={"S": "once"})
            put_into(self.kinesis.client, self.stream, self.model.events[first:])

    def stop_writing(self):
        self.ended.set()
        self.writer.join()

    def count_brought(self):
        return int(self.select("count(*)", "brought")[0][0])

    def wait_for_more(self, process):
        """Until something is brought by whichever relay; or it has ended, since another one of its name has the shards."""
        before = self.count_brought()
        wait_until("something arrives", lambda: self.count_brought() > before or process.poll() is not None)

    def assert_each_is_brought_once(self):
        brought = self.select("pk, sk, version", "brought")
        often = [change for change, times in collections.Counter(brought).items() if times > 1]
        self.assertEqual(often, [], "brought again")
        # Of a key's changes a batch may bring the newest alone: of a key with one change that is all of them.
        self.assertEqual(sorted(pk for pk, _, _ in brought if pk.startswith("single-")), sorted(self.singles))
        newest = {}
        for pk, sk, version in brought:
            newest[pk, sk] = max(newest.get((pk, sk), ""), version)
        stored = {(pk, sk): version for pk, sk, version in self.select("pk, sk, cdc_version", "demo")}
        both = stored.keys() & newest.keys()  # some were there before it was looked at, and marks may have been swept
        self.assertEqual({key: stored[key] for key in both}, {key: newest[key] for key in both})

    def come_to_rest(self, process):
        self.stop_writing()
        self.wait_for(self.target, self.model, process=process, seconds=120)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.load_once()["read"], 0, "everything was stored")
        self.assert_holds(self.target, self.model)
        self.assert_each_is_brought_once()

    def test_the_relay_is_killed(self):
        """Of ten relays four somewhere in the time that the first one took to begin, three once something has arrived, and
        three while their successor starts."""
        moments = random.Random(3)
        began = time.monotonic()
        previous = self.start_relay()
        self.wait_for_more(previous)
        start = time.monotonic() - began
        for _ in range(KILLS):
            relay = self.start_relay()
            self.kill_after(previous, moments.uniform(0, start / 4))
            previous, way = relay, moments.random()
            if way < 0.4:
                self.kill_after(relay, moments.uniform(0, start))
            elif way < 0.7:
                self.wait_for_more(relay)
                self.kill_after(relay, moments.uniform(0, start / 4))
        self.kill_after(previous, 0)
        self.come_to_rest(self.start_relay())
        lives = {fence for fence, in self.select("fence", "brought")}
        self.assertGreater(len(lives), KILLS // 5, "relays that wrote before they were killed")

    @staticmethod
    def kill_after(process, seconds):
        """Once more does no harm."""
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()


class ServerKills(Kills):
    def test_the_database_is_killed(self):
        process = self.start_relay()
        for _ in range(CRASHES):
            self.wait_for_more(process)
            self.assertIsNone(process.poll())
            self.target.server.halt()
            self.target.server.start()
        self.come_to_rest(process)


class Sqlite(Kills, InSqlite, Relaying):
    pass


class OdbcSqlite(Sqlite):
    make = OdbcSqliteTarget


class OnPostgres(ServerKills, InPostgres, Relaying):
    pass


class OdbcPostgres(OnPostgres):
    make = OdbcPostgresTarget


class OnMariadb(ServerKills, InMariadb, Relaying):
    pass


class OdbcMariadb(OnMariadb):
    make = OdbcMariadbTarget


if __name__ == "__main__":
    unittest.main()
