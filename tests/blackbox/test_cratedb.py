"""CrateDB: a real one where CTK_TEST_CRATEDB_URL=crate://crate@127.0.0.1:4200 (or http://…) names it, else the fake."""
import json
import socket
import socketserver
import struct
import threading
import unittest
import uuid

from harness import Case, CrateTarget, crate_address
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
        _, err = self.run_ctk("show", "table", f"{self.target.schema}.demo_live", env=environment, expect=1)
        self.assertIn("demo_live is a view, and not a table", err)


class PostgresPort(socketserver.BaseRequestHandler):
    """What a CrateDB says first on the port of its PostgreSQL protocol."""

    @staticmethod
    def message(kind, body):
        return kind + struct.pack("!I", len(body) + 4) + body

    def handle(self):
        size, code = struct.unpack("!II", self.request.recv(8, socket.MSG_WAITALL))
        if size > 10000:  # "GET "
            return self.request.sendall(self.message(b"E", b"SFATAL\0Minvalid length of startup packet\0CXX000\0\0"))
        if code == 80877103:  # may we speak TLS?
            self.request.sendall(b"N")
            size, code = struct.unpack("!II", self.request.recv(8, socket.MSG_WAITALL))
        self.request.recv(size - 8, socket.MSG_WAITALL)
        said = {b"crate_version": b"6.4.3", b"server_version": b"14.0", b"client_encoding": b"UTF8"}
        settings = b"".join(self.message(b"S", name + b"\0" + value + b"\0") for name, value in said.items())
        self.request.sendall(self.message(b"R", struct.pack("!I", 0)) + settings + self.message(b"Z", b"I"))
        self.request.recv(1)


class TheOtherPort(Case):
    def setUp(self):
        super().setUp()
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), PostgresPort)
        server.daemon_threads = True
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{server.server_address[1]}"
        (self.home / "changes").write_text("")

    def load_into(self, target):
        _, err = self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/changes", target, "--start-timeout", "1s", expect=1)
        return err

    def test_crate_urls_are_told_of_the_http_port(self):
        err = self.load_into(f"crate://crate@{self.address}/doc/demo")
        self.assertIn("does not speak HTTP", err)
        self.assertIn("over HTTP, whose port is 4200", err)

    def test_postgresql_urls_are_told_of_crate(self):
        err = self.load_into(f"postgresql://crate@{self.address}/doc?table=doc.demo")
        self.assertEqual(err.splitlines()[0], f"ctk: what answers at {self.address}/doc is a CrateDB")
        self.assertIn("crate://", err)


if __name__ == "__main__":
    unittest.main()
