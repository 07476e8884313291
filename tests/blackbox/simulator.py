"""`ctk simulator` as tests start it, and a proxy that refuses some of the calls on their way to it."""
import collections
import http.server
import json
import threading
import urllib.error
import urllib.request

import aws


class Simulator:
    def __init__(self, case, *options):
        self.process = case.start_ctk("simulator", *options)
        first = self.process.stdout.readline().decode().strip()
        assert first.startswith("listening on http://127.0.0.1:"), first
        self.url = first.removeprefix("listening on ")
        self.port = int(self.url.rsplit(":", 1)[1])
        self.dynamodb, self.streams = aws.Client.dynamodb(self.url), aws.Client.streams(self.url)
        self.kinesis = aws.Client.kinesis(self.url)

    def happen(self, action, **members):
        body = json.dumps({"action": action} | members).encode()
        request = urllib.request.Request(self.url + "/simulator", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise aws.AwsError(str(error.code), error.read().decode()) from None

    def put(self, number, table="demo", **item):
        key = {"pk": {"S": f"item-{number % 7}"}, "sk": {"S": str(number)}}
        return self.dynamodb("PutItem", TableName=table, Item=key | {"v": {"N": str(number)}} | item)

    def stream_arn(self, table="demo"):
        return self.dynamodb("DescribeTable", TableName=table)["Table"]["LatestStreamArn"]

    def shards(self, arn, **members):
        found, after = [], {}
        while True:
            page = self.streams("DescribeStream", StreamArn=arn, **members, **after)["StreamDescription"]
            found += page["Shards"]
            if "LastEvaluatedShardId" not in page:
                return found
            after = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}

    def read(self, arn):
        """All records, parents before children, and the shards that ended."""
        records, ended = [], []
        for shard in sorted(self.shards(arn), key=lambda s: s["ShardId"]):
            iterator = self.streams("GetShardIterator", StreamArn=arn, ShardId=shard["ShardId"],
                                    ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            while iterator:
                page = self.streams("GetRecords", ShardIterator=iterator)
                records += page["Records"]
                iterator = page.get("NextShardIterator")
                if iterator is None:
                    ended.append(shard["ShardId"])
                elif not page["Records"]:
                    break
        return records, ended

class Refusals:
    """Passes calls on to a simulator; `refuse(action, number)` may give an error's code and words instead, and so may
    `refuse_signer(access_key, token)`."""

    def __init__(self, case, simulator):
        self.refuse = lambda action, number: None
        self.refuse_signer = lambda access_key, token: None
        self.calls = collections.Counter()
        lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                action = (handler.headers["X-Amz-Target"] or "").partition(".")[2]
                with lock:
                    self.calls[action] += 1
                    refusal = self.refuse(action, self.calls[action]) or self.refuse_signer(
                        handler.headers["Authorization"].partition("Credential=")[2].partition("/")[0],
                        handler.headers.get("X-Amz-Security-Token"))
                status, answer = handler.refused(*refusal) if refusal else handler.passed_on(body)
                try:
                    handler.send_response(status)
                    handler.send_header("Content-Length", str(len(answer)))
                    handler.end_headers()
                    handler.wfile.write(answer)
                except OSError:  # the program has ended, or has had enough of the answer
                    handler.close_connection = True

            def refused(handler, code, words):
                return 400, json.dumps({"__type": f"com.amazonaws#{code}", "message": words}).encode()

            def passed_on(handler, body):
                dropped = ("host", "connection", "accept-encoding")
                headers = {name: value for name, value in handler.headers.items() if name.lower() not in dropped}
                try:
                    with urllib.request.urlopen(urllib.request.Request(simulator.url, body, headers)) as answer:
                        return answer.status, answer.read()
                except urllib.error.HTTPError as error:
                    return error.code, error.read()

            def log_message(handler, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        case.addCleanup(server.server_close)
        case.addCleanup(server.shutdown)
