"""A DynamoDB table as a model: it gives the change records that AWS writes, and knows what a target must hold."""
import base64
import decimal
import json
import random
import uuid


def plain(value):
    """A typed DynamoDB value as plain JSON has it: interface of the `plain` encoding."""
    (tag, content), = value.items()
    if tag in ("S", "B", "BOOL"):
        return content
    if tag == "N":
        return decimal.Decimal(content)
    if tag == "NULL":
        return None
    if tag == "M":
        return {name: plain(child) for name, child in content.items()}
    if tag == "L":
        return [plain(child) for child in content]
    if tag == "NS":
        return sorted(decimal.Decimal(n) for n in content)
    if tag == "BS":
        return sorted(content, key=base64.b64decode)
    return sorted(content, key=str.encode)


class Model:
    """Keys are `pk` (S) and `sk` (N). Every write appends a record to `events` and returns it."""

    def __init__(self, table="demo", seed=1, start=1_795_318_371_000_000):
        self.table, self.items, self.events = table, {}, []
        self.random = random.Random(seed)
        self.time = start

    def put(self, pk, sk=0, **attributes):
        return self._write(pk, sk, attributes)

    def remove(self, pk, sk=0):
        return self._write(pk, sk, None)

    def write_anything(self):
        """One write of a lively table: insert, update or delete of one of 60 keys."""
        pk, sk = f"k{self.random.randrange(20)}", self.random.randrange(3)
        if (pk, sk) in self.items and self.random.random() < 0.25:
            return self.remove(pk, sk)
        return self.put(
            pk, sk,
            text={"S": self.random.choice(["grün", "blau \U0001f600", "", "it's \"quoted\""])},
            number={"N": str(self.random.randrange(10**9))},
            price={"N": f"{self.random.randrange(10**4)}.{self.random.randrange(1, 9)}"},
            flag={"BOOL": self.random.random() < 0.5},
            nested={"M": {"a": {"N": str(self.random.randrange(100))}, "b": {"NULL": True}}},
            list={"L": [{"N": "1"}, {"S": "two"}]},
            words={"SS": ["x", "y"]},
        )

    def _write(self, pk, sk, attributes):
        self.time += self.random.randrange(1, 2000)
        keys = {"pk": {"S": pk}, "sk": {"N": str(sk)}}
        old = self.items.get((pk, sk))
        change = {"ApproximateCreationDateTime": self.time, "Keys": keys}
        if attributes is None:
            name = "REMOVE"
            self.items.pop((pk, sk), None)
        else:
            name = "MODIFY" if old is not None else "INSERT"
            change["NewImage"] = keys | attributes
            self.items[(pk, sk)] = attributes
        if old is not None:
            change["OldImage"] = keys | old
        change |= {"SizeBytes": 100, "ApproximateCreationDateTimePrecision": "MICROSECOND"}
        event = {
            "awsRegion": "us-east-1", "eventID": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "eventName": name, "userIdentity": None, "recordFormat": "application/json", "tableName": self.table,
            "dynamodb": change, "eventSource": "aws:dynamodb",
        }
        self.events.append(event)
        return event

    def rows(self):
        """What a target must show: (pk, sk) → plain attributes."""
        return {key: {name: plain(value) for name, value in item.items()} for key, item in self.items.items()}


def to_lines(events):
    return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)


def partition_key(event):
    return json.dumps(event["dynamodb"]["Keys"], sort_keys=True)


def put_into(kinesis, stream, events):
    """Puts records into a stream, in order, by pages of 100; their ShardId and SequenceNumber."""
    put = []
    for start in range(0, len(events), 100):
        put += kinesis("PutRecords", StreamName=stream, Records=[
            {"Data": base64.b64encode(json.dumps(event).encode()).decode(), "PartitionKey": partition_key(event)}
            for event in events[start:start + 100]])["Records"]
    return put
