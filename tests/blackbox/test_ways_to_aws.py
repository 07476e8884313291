"""How requests to AWS leave the machine: over TLS with the certificates that are named, and by a proxy."""
import socket
import threading
import unittest

from harness import Case, SqliteTarget
from simulator import Simulator
from test_fan_out import Front


class OverTls(Case):
    """The polled services, by an address whose certificate nobody knows unless he is told."""

    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk:sk")
        self.simulator.put(1)
        self.front = Front(self, self.simulator.port)
        self.target = SqliteTarget(self.home)

    def load(self, expect=0, **env):
        source = f"dynamodb+cdc://k:s@localhost:{self.front.port}/demo?region=us-east-1&tls=true&once=true&snapshot=initial"
        return self.run_ctk("load", source, self.target.url(), "--start-timeout=1s", env=env, expect=expect)

    def test_the_certificates_that_are_named_are_trusted(self):
        for variable in ("AWS_CA_BUNDLE", "SSL_CERT_FILE"):
            with self.subTest(variable):
                self.load(**{variable: str(self.front.certificate)})

    def test_no_others_are(self):
        _, error = self.load(expect=1)
        self.assertIn("certificate", error)
        self.assertFalse(self.target.path.exists())

    def test_a_file_of_them_that_is_not_there_is_named(self):
        _, error = self.load(expect=1, AWS_CA_BUNDLE="/no/such.pem")
        self.assertIn("/no/such.pem", error)


class Proxy:
    """Notes what it is asked for, and lets nobody through."""

    def __init__(self, case):
        self.asked = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://user:s3cret-of-the-proxy@127.0.0.1:{self.listener.getsockname()[1]}"
        case.addCleanup(self.listener.close)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            with accepted:
                self.asked.append(accepted.recv(65536).decode().split("\r\n")[0])
                accepted.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


class ByAProxy(Case):
    def load(self, place="aws", **env):
        _, error = self.run_ctk("load", f"dynamodb+cdc://k:s@{place}/demo?region=us-east-1&tls=true", "sqlite:///x.db",
                                "--start-timeout=1s", env=env, expect=1, cwd=self.home)
        return error

    def test_aws_is_asked_by_it(self):
        proxy = Proxy(self)
        error = self.load(HTTPS_PROXY=proxy.url)
        self.assertEqual(set(proxy.asked), {"CONNECT dynamodb.us-east-1.amazonaws.com:443 HTTP/1.1"})
        self.assertIn("403", error)
        self.assertNotIn("s3cret-of-the-proxy", error)

    def test_hosts_that_are_excepted_are_not(self):
        proxy = Proxy(self)
        self.load("host.invalid:1", HTTPS_PROXY=proxy.url)
        asked = list(proxy.asked)
        self.assertEqual(set(asked), {"CONNECT host.invalid:1 HTTP/1.1"})
        self.load("host.invalid:1", HTTPS_PROXY=proxy.url, NO_PROXY="example.com,.invalid")
        self.assertEqual(proxy.asked, asked)


if __name__ == "__main__":
    unittest.main()
