"""The simulated Kinesis to a real PostgreSQL behind PgBouncer, which gives each transaction another session."""
import unittest

from harness import PostgresTarget, finish
from relaying import Fencing, Hardships, Relaying
from servers import PgBouncer, Postgres, SimulatedKinesis


def setUpModule():
    global postgres, bouncer
    postgres = Postgres()
    unittest.addModuleCleanup(postgres.stop)
    bouncer = PgBouncer(postgres)
    unittest.addModuleCleanup(bouncer.stop)
    Relaying.kinesis = SimulatedKinesis()
    unittest.addModuleCleanup(Relaying.kinesis.stop)


class PooledTarget(PostgresTarget):
    def url(self, table="demo", **options):
        return bouncer.url(table=f"{self.schema}.{table}", **options)


class ThroughPgBouncer(Hardships, Fencing, Relaying):
    def make_target(self):
        return PooledTarget(postgres, self.stream)

    def test_two_relays_at_once(self):
        """Their statements meet in the same sessions."""
        self.write(300)
        other = PooledTarget(postgres, self.stream + "-other")
        options = {"batch-rows": 20}
        first = self.start_ctk("load", self.source(), self.target.url(**options))
        second = self.start_ctk("load", self.source(), other.url(layout="document", **options))
        third = self.start_ctk("load", self.source(positions_name="third"), other.url(table="third", **options))
        self.write(700)
        for process, target, table in ((first, self.target, "demo"), (third, other, "third")):
            self.wait_for(target, self.model, table, process=process)
        for process in (first, second, third):
            code, _, err = self.stop_ctk(process)
            self.assertEqual(code, 0, err)
            self.assertNotIn("prepared statement", err)

    def test_nothing_is_left_in_the_sessions(self):
        self.write(100)
        self.load_once()
        query = "SELECT current_setting('plan_cache_mode') || ' ' || current_setting('client_min_messages') AS s"
        for _ in range(5):
            out, _ = self.run_ctk("shell", "-c", query + ";", "--format", "csv", self.target.url())
            self.assertEqual(out.split("\n")[1], "auto notice")

    def test_sessions_are_cut_off_all_the_time(self):
        self.write(400)
        process = self.start_ctk("load", self.source(once="true"), self.target.url(**{"batch-rows": 5}))
        while process.poll() is None:
            postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                         "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND random() < 0.3")
        code, _, err = finish(process)
        self.assertEqual(code, 0, err)
        self.assert_holds(self.target, self.model)


if __name__ == "__main__":
    unittest.main()
