"""CrateDB: a real one where CTK_TEST_CRATEDB_URL=crate://crate@127.0.0.1:4200 (or http://…) names it, else the fake."""
import json
import unittest
import uuid

from harness import CrateTarget, crate_address
from relaying import Hardships, Relaying
from servers import FakeCrateDb, SimulatedKinesis

ADDRESS = crate_address()


def setUpModule():
    global ADDRESS
    if not ADDRESS:
        fake = FakeCrateDb()
        unittest.addModuleCleanup(fake.stop)
        ADDRESS = fake.url
    Relaying.kinesis = SimulatedKinesis()
    unittest.addModuleCleanup(Relaying.kinesis.stop)


class ToCrateDb(Hardships, Relaying):
    def make_target(self):
        target = CrateTarget(ADDRESS, f"ctk_test_{uuid.uuid4().hex[:8]}")
        self.addCleanup(target.drop)
        return target

    def test_the_specified_commands(self):
        self.write(100)
        environment = {"CRATEDB_SQLALCHEMY_URL": self.target.url()}
        self.run_ctk("load", "table", self.source(once="true"), env=environment)
        self.assert_holds(self.target, self.model)
        out, _ = self.run_ctk("shell", "--command", f"SELECT * FROM {self.target.schema}.demo;", env=environment)
        self.assertIn("cdc_version", out)
        shown = json.loads(self.run_ctk("show", "table", f"{self.target.schema}.demo", "--format", "json", env=environment)[0])
        self.assertEqual(shown["living"], len(self.model.items))


if __name__ == "__main__":
    unittest.main()
