"""The simulated Kinesis to a real MariaDB, started here."""
import json
import random
import unittest

from events import Model, to_lines
from harness import Case, MariadbTarget
from odbc import OdbcMariadbTarget
from relaying import Fencing, Hardships, OnAServer, Relaying
from servers import Mariadb, SimulatedKinesis, wait_until


def setUpModule():
    global mariadb
    mariadb = Mariadb()
    unittest.addModuleCleanup(mariadb.stop)
    Relaying.kinesis = SimulatedKinesis()
    unittest.addModuleCleanup(Relaying.kinesis.stop)


class ToMariadb(OnAServer, Hardships, Fencing, Relaying):
    password_variable = "MYSQL_PWD"

    def make_target(self):
        return MariadbTarget(mariadb, self.stream)

    def sql(self, statements):
        return self.target.server.sql(statements)

    def test_the_option_file_of_the_user(self):
        self.write(5)
        (self.home / ".my.cnf").write_text("[client]\nuser=ctk\npassword=secret\ndefault-character-set=latin1\n")
        url = self.target.url().replace("ctk:secret@", "")
        self.run_ctk("load", self.source(once="true"), url, env={"HOME": str(self.home)})
        self.assert_holds(self.target, self.model)

    def test_the_local_socket(self):
        self.write(5)
        url = self.target.url().replace(f"@127.0.0.1:{self.target.server.port}/", "@/")
        socket = f"{self.target.server.home}/socket"
        self.run_ctk("load", self.source(once="true"), f"{url}&unix-socket={socket}")
        self.assert_holds(self.target, self.model)
        self.assertEqual(self.run_json("dead-letters", "list", url, "--unix-socket", socket), [])

    def make_user(self, name):
        """Who signs in by a plugin of the client library."""
        self.sql("INSTALL SONAME 'auth_ed25519'")
        self.addCleanup(self.sql, f"DROP USER {name}@'%'; UNINSTALL SONAME 'auth_ed25519'")
        self.sql(f"CREATE USER {name}@'%' IDENTIFIED VIA ed25519 USING PASSWORD('secret')")

    def test_a_way_to_sign_in_that_the_client_library_lacks(self):
        self.make_user("other")
        self.sql(f"GRANT SELECT ON `{self.stream}`.* TO other@'%'")
        url = self.target.url().replace("ctk:secret@", "other:secret@")
        self.run_ctk("shell", "-c", "SELECT 1", url)
        _, err = self.run_ctk("shell", "-c", "SELECT 1", url, expect=1, env={"MARIADB_PLUGIN_DIR": str(self.home)})
        self.assertIn("no plugin for the way in which this user signs in", err)
        self.assertIn("libmariadb3", err)

    def test_digits_stay(self):
        digits = "12345678901234567890123456789012345678"
        self.model.put("a", 1, n={"N": digits})
        (self.home / "events").write_text(to_lines(self.model.events))
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", self.target.url())
        self.assertIn(digits, self.sql(f"SELECT data FROM `{self.stream}`.demo"))

    def test_each_change_is_applied_once_though_the_relay_is_killed(self):
        self.write(20)
        self.load_once()
        self.sql(f"CREATE TABLE `{self.stream}`.applied (pk VARBINARY(2048), version VARCHAR(200)); "
                    + "".join(f"CREATE TRIGGER `{self.stream}`.count_{when} BEFORE {when} ON `{self.stream}`.demo FOR EACH ROW "
                              f"INSERT INTO `{self.stream}`.applied VALUES (NEW.pk, {version}); "
                              for when, version in (("INSERT", "NULL"),
                                                    ("UPDATE", "IF(NEW.cdc_version = OLD.cdc_version, NULL, NEW.cdc_version)"))))
        for _ in range(10):
            process = self.start_relay()
            self.write(40)
            random.choice((self.wait_for, lambda *_, **__: None))(self.target, self.model, process=process)
            process.kill()
            self.stop_ctk(process)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process, seconds=90)
        self.stop_ctk(process)
        self.assertEqual(self.sql(f"SELECT pk, version FROM `{self.stream}`.applied WHERE version IS NOT NULL "
                                     "GROUP BY pk, version HAVING COUNT(*) > 1"), "")

    def test_a_database_that_is_read_only_is_waited_for(self):
        self.write(20)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        self.sql("CREATE USER IF NOT EXISTS plain@'%' IDENTIFIED BY 'secret'; "
                    f"GRANT ALL ON `{self.stream}`.* TO plain@'%'")
        self.stop_ctk(process)
        process = self.start_ctk("load", self.source(), self.target.url().replace("ctk:secret@", "plain:secret@"))
        self.sql("SET GLOBAL read_only = 1")
        self.addCleanup(self.sql, "SET GLOBAL read_only = 0")
        self.write(20)
        self.assertIsNone(process.poll())
        self.sql("SET GLOBAL read_only = 0")
        self.wait_for(self.target, self.model, process=process, seconds=90)

    def test_errors_that_pass_are_tried_again(self):
        """Locks that are not to be had, a deadlock, a node of Galera that is not ready: the transaction is made again, for as
        long as it takes, and nothing is parked. A trigger says so, and a table without transactions keeps how often."""
        self.write(20)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        self.sql(f"CREATE TABLE `{self.stream}`.tried (n INT) ENGINE = MyISAM; CREATE TRIGGER `{self.stream}`.trying "
                 f"BEFORE INSERT ON `{self.stream}`.demo FOR EACH ROW INSERT INTO `{self.stream}`.tried VALUES (1)")
        for number in (1205, 1213, 1047, 3572):
            with self.subTest(number=number):
                self.sql(f"TRUNCATE `{self.stream}`.tried; CREATE TRIGGER `{self.stream}`.failing "
                         f"BEFORE INSERT ON `{self.stream}`.demo FOR EACH ROW "
                         f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'not now'")
                self.write(20)
                wait_until("it is tried again", lambda: int(self.sql(f"SELECT COUNT(*) FROM `{self.stream}`.tried")) > 2,
                           process=process)
                self.sql(f"DROP TRIGGER `{self.stream}`.failing")
                self.wait_for(self.target, self.model, process=process)
        self.assertEqual(self.stop_ctk(process)[0], 0)
        self.assertEqual(self.run_json("dead-letters", "list", self.target.url()), [])

    def test_a_url_of_the_other_one_is_told_of_it(self):
        right = self.target.server.scheme
        wrong, = {"mariadb", "mysql"} - {right}
        _, err = self.run_ctk("shell", "-c", "SELECT 1", self.target.url().replace(f"{right}://", f"{wrong}://"), expect=1)
        self.assertIn(f"{right}://", err)


class OddSettings:
    """A server that is set as its administrator likes it."""
    SETTINGS = ["--lower-case-table-names=1", "--max-allowed-packet=1M", "--default-time-zone=-11:00",
                "--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,IGNORE_SPACE,NO_UNSIGNED_SUBTRACTION",
                "--character-set-server=latin1", "--transaction-isolation=SERIALIZABLE", "--autocommit=0"]

    def test_items_arrive_whatever_is_set(self):
        server = self.make_server(*self.SETTINGS)
        self.addCleanup(server.stop)
        target = self.make(server, "Shop")
        model = Model()
        for _ in range(300):
            model.write_anything()
        for number in range(4):
            model.put("long", number, text={"S": "\\ ' \" ; -- # /* ` \t ü \U0001f600 x " * 12_000}, b={"B": "AP8="})
        (self.home / "events").write_text(to_lines(model.events))
        source, url = f"file+dynamodb+cdc://{self.home}/events", target.url("Rank", history="Groups")
        for more in ([], ["--reset"]):
            self.run_ctk("load", source, url, *more)
            self.assert_holds(target, model, "Rank")
        self.assertEqual(self.run_json("show", "table", "Rank", target.url("Rank"))["living"], len(model.items))
        self.assertEqual(server.sql("SELECT COUNT(*) FROM `Shop`.`Groups`"), str(len(model.events)))

    def test_a_change_that_no_packet_holds_is_a_dead_letter(self):
        """Not even with its change: what is left of it says why, and what to do."""
        server = self.make_server("--max-allowed-packet=1M")
        self.addCleanup(server.stop)
        target, model = self.make(server, "shop"), Model()
        model.put("before", 1, v={"N": "1"})
        model.put("long", 1, text={"S": "\x01" * 390_000})
        model.put("behind", 1, v={"N": "2"})
        (self.home / "events").write_text(to_lines(model.events))
        load = ("load", f"file+dynamodb+cdc://{self.home}/events", target.url())
        self.run_ctk(*load, expect=4)
        self.assertEqual({key[0] for key in target.rows("demo")}, {"before", "behind"})
        for _ in range(2):
            letter, = self.run_json("dead-letters", "list", target.url())
            self.assertIn("max_allowed_packet", letter["reason"])
            self.assertIn("ctk verify --repair", letter["reason"])
            self.assertIn('"long"', letter["key"])
            self.run_ctk("dead-letters", "replay", "--all", target.url(), expect=4)
            self.run_ctk(*load, "--reset", expect=4)

    def test_a_table_of_a_lax_server_that_has_zero_dates(self):
        """Rows of it and rows without a date, where the server asks for dates that are none, and where it asks for nothing."""
        for mode in ("NO_ZERO_DATE,NO_ZERO_IN_DATE,STRICT_TRANS_TABLES", ""):
            with self.subTest(mode=mode):
                server = self.make_server(f"--sql-mode={mode}")
                self.addCleanup(server.stop)
                target = self.make(server, "shop")
                server.sql("SET sql_mode = ''; CREATE TABLE shop.demo (pk VARBINARY(2048), sk DECIMAL(65,30), PRIMARY KEY (pk, sk), "
                           "data LONGTEXT, made DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', due DATE DEFAULT '2024-00-00'); "
                           "INSERT INTO shop.demo (pk, sk) VALUES ('old', 1), ('a', 1)")
                model = Model()
                for pk in ("a", "b", "gone"):
                    model.put(pk, 1, v={"N": "1.5"})
                model.remove("gone", 1)
                (self.home / "events").write_text(to_lines(model.events))
                self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", target.url())
                asked = "SELECT CONVERT(pk USING utf8mb4) AS pk, made, due, data IS NULL AS bare FROM demo WHERE pk <> 'gone' ORDER BY pk"
                rows = json.loads(self.run_ctk("shell", "-c", asked, "--format", "json", target.url())[0])
                self.assertEqual([(row["pk"], row["made"][:10], row["due"], int(row["bare"])) for row in rows],
                                 [(pk, "0000-00-00", "2024-00-00", bare) for pk, bare in (("a", 0), ("b", 0), ("old", 1))])


class OfMariadb(OddSettings, Case):
    make_server, make = Mariadb, MariadbTarget


class OfMariadbByOdbc(OddSettings, Case):
    make_server, make = Mariadb, OdbcMariadbTarget


if __name__ == "__main__":
    unittest.main()
