"""TLS to the databases: who names a mode that looks at the certificate gets no session where it is another's."""
import pathlib
import shutil
import subprocess
import unittest

from harness import Case
from servers import Mariadb, Mysql, Postgres


class Authority:
    """One that signs servers' certificates."""

    def __init__(self, home, name):
        self.home, self.name = home, name
        self.certificate, self.key = home / f"{name}.pem", home / f"{name}.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-out",
                self.certificate, "-days", "1", "-subj", f"/CN={name}")

    def sign(self, name, names):
        """Certificate and key of a server with these names, as subjectAltName has them."""
        certificate, key, request = (self.home / f"{name}.{end}" for end in ("pem", "key", "csr"))
        extension = self.home / f"{name}.ext"
        extension.write_text(f"subjectAltName={names}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request,
                "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", "1",
                "-extfile", extension, "-out", certificate)
        return certificate, key


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Tls(Case):
    """The server's certificate is for localhost alone, by one of two authorities."""
    REFUSED = "TLS cannot be had as it is asked for"

    def setUp(self):
        super().setUp()
        self.right, self.wrong = Authority(self.home, "right"), Authority(self.home, "wrong")
        self.certificate, self.key = self.right.sign("server", "DNS:localhost")

    def answer(self, host, mode, authority, expect=0):
        """What a statement gets, and what is said on standard error."""
        url, env = self.reach(host, mode, authority.certificate)
        return self.run_ctk("shell", url, "--format", "csv", "-c", "SELECT 1 AS one", expect=expect, env=env)

    def hold(self, nameless):
        """nameless: the modes that do not look at the server's name."""
        self.assertEqual(self.answer("localhost", "verify-full", self.right)[0], "one\n1\n")
        for mode in nameless:
            self.assertEqual(self.answer("127.0.0.1", mode, self.right)[0], "one\n1\n")
        for host, mode, authority in [("localhost", "verify-full", self.wrong), ("localhost", "verify-ca", self.wrong),
                                      ("127.0.0.1", "verify-full", self.right)]:
            with self.subTest(host=host, mode=mode, authority=authority.name):
                self.assertIn(self.REFUSED, self.answer(host, mode, authority, expect=1)[1])


class ToPostgres(Tls):
    def setUp(self):
        super().setUp()
        self.server = Postgres()
        self.addCleanup(self.server.stop)
        self.server.halt()
        for path, name in [(self.certificate, "server.crt"), (self.key, "server.key")]:
            there = pathlib.Path(self.server.data, name)
            shutil.copy(path, there)
            there.chmod(0o600)
            if self.server.user:
                shutil.chown(there, "postgres", "postgres")
        with open(pathlib.Path(self.server.data, "postgresql.conf"), "a") as settings:
            settings.write("ssl = on\n")
        self.server.start()

    def reach(self, host, mode, authority):
        return f"postgresql://ctk:secret@{host}:{self.server.port}/ctk?sslmode={mode}&sslrootcert={authority}", {}

    def test_certificates(self):
        self.hold(["require", "verify-ca"])


class ToMariadb(Tls):
    Server = Mariadb

    def setUp(self):
        super().setUp()
        self.server = self.Server(f"--ssl-cert={self.certificate}", f"--ssl-key={self.key}")
        self.addCleanup(self.server.stop)

    def reach(self, host, mode, authority):
        # The authority is the client library's own setting.
        home = self.home / authority.stem
        home.mkdir(exist_ok=True)
        (home / ".my.cnf").write_text(f"[client]\nssl-ca={authority}\n")
        url = self.server.url(sslmode=mode).replace("127.0.0.1", host)
        return url, {"HOME": str(home)}

    def test_certificates(self):
        self.hold(["require"])


@unittest.skipUnless(Mysql.HOME, Mysql.MISSING)
class ToMysql(ToMariadb):
    Server = Mysql


del Tls

if __name__ == "__main__":
    unittest.main()
