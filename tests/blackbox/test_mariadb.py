"""The simulated Kinesis to a real MariaDB, started here."""
import random
import unittest

from events import Model, to_lines
from harness import Case, MariadbTarget
from relaying import Fencing, Hardships, OnAServer, Relaying
from servers import Mariadb, SimulatedKinesis


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
        url = self.target.url().replace(f"@127.0.0.1:{self.target.server.port}/", "@/") + f"&unix-socket={self.target.server.home}/socket"
        self.run_ctk("load", self.source(once="true"), url)
        self.assert_holds(self.target, self.model)

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


class OfMariadb(OddSettings, Case):
    make_server, make = Mariadb, MariadbTarget


if __name__ == "__main__":
    unittest.main()
