"""The simulated Kinesis to a real PostgreSQL, started here."""
import itertools
import time
import unittest

from events import Model, to_lines
from harness import Case, PostgresTarget
from relaying import Fencing, Hardships, OnAServer, Relaying
from servers import Postgres, SimulatedKinesis


def setUpModule():
    global postgres
    postgres = Postgres()
    unittest.addModuleCleanup(postgres.stop)
    Relaying.kinesis = SimulatedKinesis()
    unittest.addModuleCleanup(Relaying.kinesis.stop)


class ToPostgres(OnAServer, Hardships, Fencing, Relaying):
    password_variable = "PGPASSWORD"

    def make_target(self):
        return PostgresTarget(postgres, self.stream)

    def test_a_database_that_is_not_there(self):
        _, err = self.run_ctk("load", self.source(once="true"), self.target.url().replace("/ctk?", "/nowhere?"), expect=1)
        self.assertIn("nowhere", err)

    def test_a_type_is_jsonb(self):
        self.model.put("a", 1, n={"N": "12345678901234567890123456789012345678"})
        self.write(0)
        (self.home / "events").write_text(to_lines(self.model.events))
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/events", self.target.url())
        self.assertEqual(postgres.sql(f"SELECT data->>'n' FROM \"{self.stream}\".demo"), "12345678901234567890123456789012345678")

    def test_a_dropped_table_pauses_the_relay(self):
        self.write(20)
        process = self.start_relay()
        self.wait_for(self.target, self.model, process=process)
        postgres.sql(f'ALTER TABLE "{self.stream}".demo RENAME TO away')
        self.write(20)
        self.assertIsNone(process.poll())
        postgres.sql(f'ALTER TABLE "{self.stream}".away RENAME TO demo')
        self.wait_for(self.target, self.model, process=process, seconds=90)

    def test_a_right_that_is_withdrawn_is_waited_for(self):
        self.write(20)
        role = f"revoked_{id(self)}"
        postgres.sql(f"""CREATE ROLE {role} LOGIN PASSWORD 'secret' IN ROLE pg_write_all_data, pg_read_all_data;
                         GRANT USAGE, CREATE ON SCHEMA "{self.stream}" TO {role}""")
        process = self.start_ctk("load", self.source(), self.target.url().replace("ctk:secret@", f"{role}:secret@"))
        self.wait_for(self.target, self.model, process=process)
        postgres.sql(f'ALTER TABLE "{self.stream}".demo OWNER TO ctk; REVOKE pg_write_all_data FROM {role}')
        self.write(20)
        self.assertIsNone(process.poll())
        postgres.sql(f'GRANT INSERT, UPDATE, DELETE ON "{self.stream}".demo TO {role}')
        self.wait_for(self.target, self.model, process=process, seconds=90)



class Rights(Case):
    """What a user may not, and what row security refuses."""
    roles = itertools.count(1)

    def setUp(self):
        super().setUp()
        self.role = f"role{next(self.roles)}"
        self.schema = self.role + "-schema"
        postgres.sql(f"""CREATE ROLE {self.role} LOGIN PASSWORD 'secret'; CREATE SCHEMA "{self.schema}";
                         GRANT USAGE, CREATE ON SCHEMA "{self.schema}" TO {self.role}""")
        self.path = self.home / "events.ndjson"

    def url(self, admin=False, **options):
        url = postgres.url(table=f"{self.schema}.demo", **options)
        return url if admin else url.replace("ctk:secret@", f"{self.role}:secret@")

    def write_file(self, keys):
        model = Model()
        for key in keys:
            model.put(key, 1)
        self.path.write_text(to_lines(model.events))
        return f"file+dynamodb+cdc://{self.path}"

    def as_admin_first(self):
        """Everything is the admin's; the role may write."""
        self.run_ctk("load", self.write_file(["first"]), self.url(admin=True))
        postgres.sql(f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{self.schema}" TO {self.role}')

    def load_quickly(self, source, expect):
        began = time.monotonic()
        _, err = self.run_ctk("load", source, self.url(), expect=expect)
        self.assertLess(time.monotonic() - began, 25, "nothing was waited for")
        return err

    def test_a_role_without_insert_is_told_so_at_once(self):
        self.as_admin_first()
        postgres.sql(f'REVOKE INSERT ON "{self.schema}".demo FROM {self.role}')
        err = self.load_quickly(self.write_file(["a"]), expect=1)
        self.assertIn(f"INSERT on {self.schema}.demo", err)
        self.assertIn(self.role, err)

    def test_a_role_that_may_make_no_table_is_told_so_at_once(self):
        postgres.sql(f'REVOKE CREATE ON SCHEMA "{self.schema}" FROM {self.role}')
        err = self.load_quickly(self.write_file(["a"]), expect=1)
        self.assertIn("CREATE", err)
        self.assertIn(self.schema, err)

    def test_a_role_that_only_reads_is_tried_for_the_time_of_a_start(self):
        postgres.sql(f"ALTER ROLE {self.role} SET default_transaction_read_only = on")
        began = time.monotonic()
        _, err = self.run_ctk("load", self.write_file(["a"]), self.url(), "--start-timeout", "2s", expect=1)
        self.assertLess(time.monotonic() - began, 20)
        self.assertIn("read-only", err)

    def test_a_row_that_row_security_refuses_is_parked(self):
        self.as_admin_first()
        postgres.sql(f"""ALTER TABLE "{self.schema}".demo ENABLE ROW LEVEL SECURITY;
                         CREATE POLICY p ON "{self.schema}".demo USING (true) WITH CHECK (pk <> 'bad')""")
        self.load_quickly(self.write_file(["a", "bad", "c"]), expect=4)
        self.assertEqual(postgres.sql(f'SELECT string_agg(pk, \' \' ORDER BY pk) FROM "{self.schema}".demo'), "a c first")
        letter, = self.run_json("dead-letters", "list", self.url())
        self.assertIn("row-level security", letter["reason"])

    def test_row_security_that_refuses_all_ends_the_run(self):
        self.as_admin_first()
        postgres.sql(f'ALTER TABLE "{self.schema}".demo ENABLE ROW LEVEL SECURITY')
        err = self.load_quickly(self.write_file(["a", "b", "c"]), expect=1)
        self.assertIn("row-level security", err)

    def test_a_constraint_that_refuses_all_ends_the_run(self):
        self.as_admin_first()
        postgres.sql(f"""ALTER TABLE "{self.schema}".demo ADD CHECK (pk = 'first')""")
        err = self.load_quickly(self.write_file([f"k{i}" for i in range(120)]), expect=1)
        self.assertIn("were all refused", err)


if __name__ == "__main__":
    unittest.main()
