"""The simulated Kinesis to a real MariaDB, started here."""
import json
import random
import unittest

from events import to_lines
from harness import MariadbTarget
from relaying import Fencing, Hardships, Relaying
from servers import Mariadb, SimulatedKinesis


def setUpModule():
    global mariadb
    mariadb = Mariadb()
    unittest.addModuleCleanup(mariadb.stop)
    Relaying.kinesis = SimulatedKinesis()
    unittest.addModuleCleanup(Relaying.kinesis.stop)


class ToMariadb(Hardships, Fencing, Relaying):
    def make_target(self):
        return MariadbTarget(mariadb, self.stream)

    def test_a_wrong_password(self):
        self.write(5)
        _, err = self.run_ctk("load", self.source(once="true"), self.target.url().replace("secret", "s3kr1t"), expect=1)
        self.assertIn("password", err)
        self.assertNotIn("s3kr1t", err)

    def test_the_password_of_the_environment(self):
        self.write(5)
        self.run_ctk("load", self.source(once="true"), self.target.url().replace(":secret@", "@"), env={"MYSQL_PWD": "secret"})
        self.assert_holds(self.target, self.model)

    def test_the_option_file_of_the_user(self):
        self.write(5)
        (self.home / ".my.cnf").write_text("[client]\nuser=ctk\npassword=secret\ndefault-character-set=latin1\n")
        url = self.target.url().replace("ctk:secret@", "")
        self.run_ctk("load", self.source(once="true"), url, env={"HOME": str(self.home)})
        self.assert_holds(self.target, self.model)

    def test_the_local_socket(self):
        self.write(5)
        url = self.target.url().replace(f"@127.0.0.1:{mariadb.port}/", "@/") + f"&unix-socket={mariadb.home}/socket"
        self.run_ctk("load", self.source(once="true"), url)
        self.assert_holds(self.target, self.model)

    def test_files_arrive_too(self):
        for _ in range(200):
            self.model.write_anything()
        (self.home / "events").write_text(to_lines(self.model.events))
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", self.target.url())
        self.assert_holds(self.target, self.model)

    def test_digits_stay(self):
        digits = "12345678901234567890123456789012345678"
        self.model.put("a", 1, n={"N": digits})
        (self.home / "events").write_text(to_lines(self.model.events))
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", self.target.url())
        self.assertIn(digits, mariadb.sql(f"SELECT data FROM `{self.stream}`.demo"))

    def test_the_server_goes_away_and_comes_back(self):
        self.write(100)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        mariadb.halt()
        self.write(100)
        mariadb.start()
        self.write(100)
        self.wait_for(self.target, self.model, process=process, seconds=90)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)

    def test_each_change_is_applied_once_though_the_relay_is_killed(self):
        self.write(20)
        self.load_once()
        mariadb.sql(f"CREATE TABLE `{self.stream}`.applied (pk VARBINARY(2048), version VARCHAR(200)); "
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
        self.assertEqual(mariadb.sql(f"SELECT pk, version FROM `{self.stream}`.applied WHERE version IS NOT NULL "
                                     "GROUP BY pk, version HAVING COUNT(*) > 1"), "")

    def test_a_database_that_is_read_only_is_waited_for(self):
        self.write(20)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        mariadb.sql("CREATE USER IF NOT EXISTS plain@'%' IDENTIFIED BY 'secret'; "
                    f"GRANT ALL ON `{self.stream}`.* TO plain@'%'")
        self.stop_ctk(process)
        process = self.start_ctk("load", self.source(), self.target.url().replace("ctk:secret@", "plain:secret@"))
        mariadb.sql("SET GLOBAL read_only = 1")
        self.addCleanup(mariadb.sql, "SET GLOBAL read_only = 0")
        self.write(20)
        self.assertIsNone(process.poll())
        mariadb.sql("SET GLOBAL read_only = 0")
        self.wait_for(self.target, self.model, process=process, seconds=90)

    def test_a_url_of_mysql_is_told_of_mariadb(self):
        _, err = self.run_ctk("shell", "-c", "SELECT 1", self.target.url().replace("mariadb://", "mysql://"), expect=1)
        self.assertIn("mariadb://", err)

    def test_shell_and_show(self):
        self.write(40)
        self.load_once()
        url = self.target.url()
        out, _ = self.run_ctk("shell", "-c", "SELECT count(*) AS n FROM demo_live;", "--format", "json", url)
        self.assertEqual(json.loads(out), [{"n": len(self.model.items)}])
        shown = json.loads(self.run_ctk("show", "table", "demo", url, "--format", "json")[0])
        self.assertEqual(shown["living"], len(self.model.items))
        self.assertEqual(len(shown["positions"]), self.shards)
        _, err = self.run_ctk("show", "table", "demo_live", url, expect=1)
        self.assertIn("demo_live is a view, and not a table", err)
        self.assertEqual(len(self.run_json("positions", "list", url)), self.shards)


if __name__ == "__main__":
    unittest.main()
