"""A stub of KCL's MultiLangDaemon: what it says to a record processor over standard input and output."""
import base64
import json
import subprocess

from harness import start


class Daemon:
    """One shard's side. `at_checkpoint(place)` is called for each checkpoint that is asked for, before it is answered."""

    def __init__(self, case, *arguments, shard="shardId-000000000000", env=None, cwd=None, at_checkpoint=None):
        self.process = start("kcl-processor", *arguments, env=env, cwd=cwd, stdin=subprocess.PIPE)
        case.addCleanup(self.end_now)
        self.shard, self.at_checkpoint = shard, at_checkpoint
        self.errors = []  # of the next checkpoints, in their order
        self.checkpoints = []  # (sequenceNumber, subSequenceNumber) that were made
        self.heard = []  # every line of the child's

    def end_now(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def say(self, action, **members):
        self.process.stdin.write(json.dumps({"action": action, **members}).encode() + b"\n")
        self.process.stdin.flush()

    def tell(self, action, **members):
        """Says it and answers until its status comes."""
        self.say(action, **members)
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"no status for {action}: {self.process.communicate()[1].decode()}")
            message = json.loads(line)
            self.heard.append(message)
            if message["action"] == "status":
                assert message["responseFor"] == action, message
                return
            place = message["sequenceNumber"], message["subSequenceNumber"]
            if self.at_checkpoint is not None:
                self.at_checkpoint(place)
            error = self.errors.pop(0) if self.errors else None
            if error is None:
                self.checkpoints.append(place)
            self.say("checkpoint", sequenceNumber=place[0], subSequenceNumber=place[1], error=error)

    def initialize(self, sequence="TRIM_HORIZON", sub=0):
        self.tell("initialize", shardId=self.shard, sequenceNumber=sequence, subSequenceNumber=sub)

    def process_records(self, records):
        """(sequenceNumber, subSequenceNumber, bytes)"""
        self.tell("processRecords", millisBehindLatest=0, records=[
            {"action": "record", "data": base64.b64encode(data).decode(), "partitionKey": "p",
             "sequenceNumber": str(sequence), "subSequenceNumber": sub, "approximateArrivalTimestamp": 1_795_318_371_000}
            for sequence, sub, data in records])

    def close(self):
        """The daemon goes; exit code and standard error of the child."""
        self.process.stdin.close()
        self.process.stdin = None
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err.decode(errors="replace")
