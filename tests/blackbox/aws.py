"""A small AWS client on the standard library: JSON 1.1 calls, signed with Signature Version 4."""
import datetime
import hashlib
import hmac
import http.client
import json
import urllib.error
import urllib.request


class AwsError(Exception):
    def __init__(self, code, message, answer=None):
        super().__init__(f"{code}: {message}")
        self.code, self.answer = code, answer or {}


class Client:
    """Calls one service of an endpoint: Client.kinesis(url)("ListShards", StreamName="cdc")."""

    def __init__(self, url, service, target, region="us-east-1", key="testkey", secret="testsecret"):
        self.url, self.service, self.target, self.region = url, service, target, region
        self.key, self.secret = key, secret

    @classmethod
    def kinesis(cls, url, **options):
        return cls(url, "kinesis", "Kinesis_20131202", **options)

    @classmethod
    def dynamodb(cls, url, **options):
        return cls(url, "dynamodb", "DynamoDB_20120810", **options)

    @classmethod
    def streams(cls, url, **options):
        return cls(url, "dynamodb", "DynamoDBStreams_20120810", **options)

    def __call__(self, action, **parameters):
        body = json.dumps(parameters).encode()
        headers = {
            "Content-Type": "application/x-amz-json-1.1" if self.service == "kinesis" else "application/x-amz-json-1.0",
            "X-Amz-Target": f"{self.target}.{action}",
            "Host": self.url.split("//")[1],
        }
        headers.update(self._sign(headers, body))
        request = urllib.request.Request(self.url + "/", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            said = json.loads(error.read() or b"{}")
            code = said.get("__type", str(error.code)).rpartition("#")[2]
            raise AwsError(code, said.get("message") or said.get("Message") or "", said) from None

    def _sign(self, headers, body):
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        signed = {name.lower(): value for name, value in headers.items()} | {"x-amz-date": stamp}
        names = ";".join(sorted(signed))
        canonical = "\n".join(
            ["POST", "/", ""] + [f"{name}:{signed[name]}" for name in sorted(signed)]
            + ["", names, hashlib.sha256(body).hexdigest()])
        scope = f"{day}/{self.region}/{self.service}/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = b"AWS4" + self.secret.encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        return {
            "X-Amz-Date": stamp,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, SignedHeaders={names}, Signature={signature}",
        }


def answers(url):
    """Whether something speaks HTTP at `url`."""
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, http.client.HTTPException):
        return False
    return True
