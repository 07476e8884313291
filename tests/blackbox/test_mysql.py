"""A real MySQL, where CTK_TEST_MYSQL_HOME names the folder of one: what MariaDB's suites ask of it, and what is its own."""
import unittest

import test_history
import test_kills
import test_mariadb
import test_replay
from events import to_lines
from harness import Case, MysqlTarget
from relaying import Relaying
from servers import Mysql, SimulatedKinesis


def setUpModule():
    if not Mysql.HOME:
        raise unittest.SkipTest(Mysql.MISSING)
    global mysql
    mysql = Mysql()
    unittest.addModuleCleanup(mysql.stop)
    for module in (test_history, test_kills, test_replay):
        module.SERVERS["mariadb"] = mysql
    Relaying.kinesis = SimulatedKinesis()
    unittest.addModuleCleanup(Relaying.kinesis.stop)


class ToMysql(test_mariadb.ToMariadb):
    def make_target(self):
        return MysqlTarget(mysql, self.stream)

    def make_user(self, name):
        mysql.sql(f"CREATE USER {name}@'%' IDENTIFIED WITH caching_sha2_password BY 'secret'")
        self.addCleanup(mysql.sql, f"DROP USER {name}@'%'")

    def test_digits_stay(self):
        """Whole in `aux`, and not rounded in `data`."""
        digits = "12345678901234567890123456789012345678"
        self.model.put("a", 1, n={"N": digits}, m={"M": {"n": {"N": digits}, "v": {"N": "1.5"}}})
        (self.home / "events").write_text(to_lines(self.model.events))
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", self.target.url())
        self.assert_holds(self.target, self.model)
        data, aux = mysql.sql(f"SELECT data, aux FROM `{self.stream}`.demo").split("\t")
        self.assertNotIn("12345", data)
        self.assertEqual(aux.count(digits), 2)

    def test_super_read_only_is_waited_for(self):
        """As a fail-over leaves the primary: also for those who may else write to one that is read-only."""
        self.write(20)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        mysql.sql("SET GLOBAL super_read_only = 1")
        self.addCleanup(mysql.sql, "SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0")
        self.write(20)
        self.assertIsNone(process.poll())
        mysql.sql("SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0")
        self.wait_for(self.target, self.model, process=process, seconds=90)


    def test_a_history_where_each_table_must_have_a_primary_key(self):
        mysql.sql("SET GLOBAL sql_require_primary_key = 1")
        self.addCleanup(mysql.sql, "SET GLOBAL sql_require_primary_key = 0")
        events = []
        for second in (1, 2):
            key = {"id": {"S": "a"}, "of": {"S": "b"}}
            events.append({"eventName": "MODIFY", "tableName": "demo", "dynamodb": {
                "ApproximateCreationDateTime": 1_700_000_000 + second, "Keys": key, "NewImage": key | {"v": {"N": str(second)}}}})
        (self.home / "events").write_text(to_lines(events))
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", self.target.url(history="kept"))
        self.assertEqual(mysql.sql(f"SELECT JSON_EXTRACT(data, '$.v') FROM `{self.stream}`.kept ORDER BY cdc_version"), "1\n2")


class OfMysql(test_mariadb.OddSettings, Case):
    make_server, make = Mysql, MysqlTarget


class History(test_history.InMariadb):
    make = MysqlTarget


class Kills(test_kills.OnMariadb):
    make = MysqlTarget


class Replay(test_replay.ToMariadb):
    make = MysqlTarget

    def forbid(self):
        """By a trigger: CHECK is enforced from 8.0.16 on."""
        for when in ("INSERT", "UPDATE"):
            self.target.server.sql(f"CREATE TRIGGER {self.name('no_bad_' + when)} BEFORE {when} ON {self.name('demo')} FOR EACH ROW "
                                   "SET NEW.pk = IF(NEW.pk = 'bad', NULL, NEW.pk)")

    def allow(self):
        for when in ("INSERT", "UPDATE"):
            self.target.server.sql(f"DROP TRIGGER {self.name('no_bad_' + when)}")


if __name__ == "__main__":
    unittest.main()
