"""The simulated Kinesis to a real PostgreSQL, started here."""
import json
import unittest

from events import to_lines
from harness import PostgresTarget
from relaying import Fencing, Hardships, Relaying
from servers import Postgres, SimulatedKinesis


def setUpModule():
    global postgres
    postgres = Postgres()
    unittest.addModuleCleanup(postgres.stop)
    Relaying.kinesis = SimulatedKinesis()
    unittest.addModuleCleanup(Relaying.kinesis.stop)


class ToPostgres(Hardships, Fencing, Relaying):
    def make_target(self):
        return PostgresTarget(postgres, self.stream)

    def test_a_wrong_password(self):
        self.write(5)
        _, err = self.run_ctk("load", self.source(once="true"), self.target.url().replace("secret", "s3kr1t"), expect=1)
        self.assertIn("password", err)
        self.assertNotIn("s3kr1t", err)

    def test_the_password_of_the_environment(self):
        self.write(5)
        self.run_ctk("load", self.source(once="true"), self.target.url().replace(":secret@", "@"), env={"PGPASSWORD": "secret"})
        self.assert_holds(self.target, self.model)

    def test_a_database_that_is_not_there(self):
        _, err = self.run_ctk("load", self.source(once="true"), self.target.url().replace("/ctk?", "/nowhere?"), expect=1)
        self.assertIn("nowhere", err)

    def test_files_arrive_too(self):
        for _ in range(200):
            self.model.write_anything()
        (self.home / "events").write_text(to_lines(self.model.events))
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", self.target.url())
        self.assert_holds(self.target, self.model)

    def test_a_type_is_jsonb(self):
        self.model.put("a", 1, n={"N": "12345678901234567890123456789012345678"})
        self.write(0)
        (self.home / "events").write_text(to_lines(self.model.events))
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", self.target.url())
        self.assertEqual(postgres.sql(f"SELECT data->>'n' FROM \"{self.stream}\".demo"), "12345678901234567890123456789012345678")

    def test_the_server_goes_away_and_comes_back(self):
        self.write(100)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        postgres.halt()
        self.write(100)
        postgres.start()
        self.write(100)
        self.wait_for(self.target, self.model, process=process, seconds=90)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)

    def test_a_dropped_table_pauses_the_relay(self):
        self.write(20)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        postgres.sql(f'ALTER TABLE "{self.stream}".demo RENAME TO away')
        self.write(20)
        self.assertIsNone(process.poll())
        postgres.sql(f'ALTER TABLE "{self.stream}".away RENAME TO demo')
        self.wait_for(self.target, self.model, process=process, seconds=90)

    def test_shell_and_show(self):
        self.write(40)
        self.load_once()
        url = self.target.url()
        out, _ = self.run_ctk("shell", "-c", f'SELECT count(*) AS n FROM "{self.stream}".demo_live;', "--format", "json", url)
        self.assertEqual(json.loads(out), [{"n": len(self.model.items)}])
        shown = json.loads(self.run_ctk("show", "table", f'"{self.stream}".demo', url, "--format", "json")[0])
        self.assertEqual(shown["living"], len(self.model.items))
        self.assertEqual(len(shown["positions"]), self.shards)


if __name__ == "__main__":
    unittest.main()
