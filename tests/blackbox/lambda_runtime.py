"""A stub of AWS Lambda: its runtime API, the events of both stream services, and a function that is started as Lambda does."""
import base64
import http.server
import json
import queue
import select
import socket
import threading
import time

from harness import PROGRAM, finish, start

KINESIS = "arn:aws:kinesis:us-east-1:123456789012:stream/cdc"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/{}/stream/2026-11-22T03:32:55.742"


def kinesis_record(sequence, data, shard="shardId-000000000000"):
    """`data`: a change, or bytes."""
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return {"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "p", "sequenceNumber": str(sequence),
                        "data": base64.b64encode(data).decode(), "approximateArrivalTimestamp": 1_795_318_371.123},
            "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": f"{shard}:{sequence}",
            "eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role",
            "awsRegion": "us-east-1", "eventSourceARN": KINESIS}


def dynamodb_record(sequence, change, table="demo"):
    """A change of the model's as DynamoDB Streams has it."""
    change = json.loads(json.dumps(change))
    stream = change["dynamodb"]
    stream.pop("ApproximateCreationDateTimePrecision", None)
    stream |= {"ApproximateCreationDateTime": stream["ApproximateCreationDateTime"] // 1_000_000,
               "SequenceNumber": str(sequence), "StreamViewType": "NEW_AND_OLD_IMAGES"}
    return {"eventID": change["eventID"], "eventName": change["eventName"], "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": "us-east-1", "dynamodb": stream,
            "eventSourceARN": TABLE.format(table)}


class RuntimeApi:
    """Hands out what is put into it, and keeps what it is told."""

    def __init__(self):
        self.waiting, self.told = queue.Queue(), queue.Queue()
        self.init_errors, self.connections, self.refuses = queue.Queue(), 0, 0
        self.asked = threading.Semaphore(0)  # a release for each time that the next invocation is asked for
        self.number = 0
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                api.connections += 1

            def do_GET(self):
                assert self.path == "/2018-06-01/runtime/invocation/next", self.path
                api.asked.release()
                invocation = api.waiting.get()
                if self.is_left():
                    api.waiting.put(invocation)  # for whoever comes after the function that was killed
                    self.close_connection = True
                    return
                request, deadline, event = invocation
                if request is None:
                    self.close_connection = True
                    return
                self.send_response(200)
                for name, value in {"Lambda-Runtime-Aws-Request-Id": request, "Lambda-Runtime-Deadline-Ms": str(deadline),
                                    "Lambda-Runtime-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793",
                                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:1:function:ctk",
                                    "Content-Type": "application/json", "Content-Length": str(len(event))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(event)

            def is_left(self):
                """Whether the other end is closed; it says nothing while it waits for an answer."""
                readable, _, _ = select.select([self.connection], [], [], 0)
                return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                path = self.path.removeprefix("/2018-06-01/runtime/")
                said = {"path": path, "body": json.loads(body), "time": time.time(),
                        "type": self.headers["Lambda-Runtime-Function-Error-Type"]}
                (api.init_errors if path == "init/error" else api.told).put(said)
                self.send_response(api.refuses or 202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.waiting.put((None, 0, b""))
        self.server.shutdown()
        self.server.server_close()


class Function:
    """A function's environment. `invoke` gives it an event; what it said to it comes back."""

    def __init__(self, case, *arguments, env=None, cwd=None, program=PROGRAM, words=("lambda",)):
        self.api = RuntimeApi()
        case.addCleanup(self.api.stop)
        self.case, self.arguments, self.cwd, self.program = case, [*words, *arguments], cwd, program
        self.env = {"AWS_LAMBDA_RUNTIME_API": self.api.address} | (env or {})
        self.start()

    def start(self):
        self.process = start(*self.arguments, env=self.env, cwd=self.cwd, program=self.program)
        self.case.addCleanup(self.end_now, self.process)

    @staticmethod
    def end_now(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def give(self, records, seconds=60):
        """Puts an invocation there; its request id."""
        self.api.number += 1
        request = f"8476a536-e9f4-11e8-9739-{self.api.number:012}"
        event = records if isinstance(records, bytes) else json.dumps({"Records": records}).encode()
        self.api.waiting.put((request, int((time.time() + seconds) * 1000), event))
        return request

    def hear(self, request, seconds=60):
        end = time.monotonic() + seconds
        while self.api.told.empty() and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        if self.api.told.empty():
            self.process.kill()
            raise AssertionError(f"no answer: {self.process.communicate()[1].decode()}")
        said = self.api.told.get()
        self.case.assertIn(request, said["path"])
        return said

    def invoke(self, records, seconds=60):
        """The first records that are not written, as the answer names them."""
        request = self.give(records, seconds)
        said = self.hear(request)
        self.case.assertEqual(said["path"], f"invocation/{request}/response", said)
        return [one["itemIdentifier"] for one in said["body"]["batchItemFailures"]]

    def stop(self):
        """As Lambda ends one that has an extension; its log lines."""
        self.process.terminate()
        code, out, err = finish(self.process)
        self.case.assertEqual((code, out), (0, ""), err)
        return [json.loads(line) for line in err.splitlines()]


def run_alone(*arguments, api=None, env=None, cwd=None, program=PROGRAM):
    """Of a function that does not begin: exit code, standard error, what it told Lambda."""
    api = api or RuntimeApi()
    try:
        process = start(*arguments, env={"AWS_LAMBDA_RUNTIME_API": api.address} | (env or {}), cwd=cwd, program=program)
        code, _, err = finish(process)
        return code, err, list(api.init_errors.queue)
    finally:
        api.stop()
