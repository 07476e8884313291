"""Benchmark of enhanced fan-out: a thousand subscriptions over TLS, each with a backlog."""
import base64
import subprocess

from measuring import BUILD, Workspace, figure, quiet_environment
from throughput import peak_memory
import aws
import leases

SHARDS, EVENTS = 1000, 20_000


class Front:
    """TLS with HTTP/2 before a simulator, by nghttpx."""

    def __init__(self, folder, inside):
        self.certificate, key = folder / "cert.pem", folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                        "-out", self.certificate, "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
                       check=True, capture_output=True)
        self.port = leases.free_port()
        self.process = subprocess.Popen(["nghttpx", f"-f127.0.0.1,{self.port}", f"-b127.0.0.1,{inside};;proto=h2", "--workers=1",
                                         "--backend-read-timeout=1h", "--no-ocsp", "--errorlog-file=/dev/null", "--conf=/dev/null",
                                         key, self.certificate])
        leases.until("nghttpx listens", lambda: leases.listens(self.port), 10)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def bench_fan_out(space: Workspace):
    """Peak RSS and time until the rows of all shards are there."""
    events = [base64.b64encode(line).decode() for line in space.events(EVENTS).read_bytes().splitlines()]
    database = space.database()
    with leases.Service(SHARDS) as service:
        kinesis = aws.Client.kinesis(service.url)
        for first in range(0, EVENTS, 500):
            kinesis("PutRecords", StreamName="cdc", Records=[{"Data": data, "PartitionKey": str(first + i)}
                                                             for i, data in enumerate(events[first:first + 500])])
        front = Front(space.folder, service.url.rsplit(":", 1)[1])
        relay = subprocess.Popen([BUILD / "ctk", "load", f"{service.source()}&fan-out=me&endpoint-url=https://localhost:{front.port}",
                                  f"sqlite:///{database}?table=bench", "--quiet"], stderr=subprocess.DEVNULL,
                                 env=quiet_environment() | {"AWS_CA_BUNDLE": str(front.certificate)})
        moved = "SELECT count(*) FROM ctk_positions WHERE position GLOB '[0-9]*'"
        try:
            seconds = leases.until("all shards were read", lambda: leases.answer_of(database, moved) == SHARDS, 180)
            peak = peak_memory(relay)
        finally:
            relay.kill()
            relay.wait()
            front.stop()
    return [figure("fan_out_1000_shards", peak, "MB of RSS", 80, "≤", f"over TLS; all were read after {seconds:.1f} s")]
