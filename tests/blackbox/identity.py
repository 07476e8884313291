"""Services that give AWS credentials, on one port of this machine: STS, a container's endpoint, EC2's metadata, SSO's portal."""
import datetime
import http.server
import json
import threading
import time
import urllib.parse


class Identity:
    """Each answer has a key of its own, good for `life` seconds; `issued` has them in order, `asked` the questions,
    `refusals` what was not taken any more.
    `fails(what)` may give a status instead, for the questions sts, container, metadata, sso and oidc."""

    def __init__(self, case, life=3600, said_life=None):
        self.life, self.said_life = life, said_life or life
        self.issued, self.asked, self.refusals, self.deadlines = [], [], [], {}
        self.fails = lambda what: None
        self.lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(handler):
                body = handler.body()
                if handler.path == "/token":
                    handler.answer("oidc", lambda: self.oidc(json.loads(body)))
                else:
                    handler.answer("sts", lambda: self.sts(urllib.parse.parse_qs(body), handler.headers))

            def do_GET(handler):
                if handler.path.startswith("/federation/"):
                    handler.answer("sso", lambda: self.sso(handler.path, handler.headers))
                elif handler.path.startswith("/latest/"):
                    handler.answer("metadata", lambda: self.metadata(handler.path, handler.headers))
                else:
                    handler.answer("container", lambda: self.container(handler.headers))

            def do_PUT(handler):
                handler.body()
                handler.answer("metadata", lambda: (200, "session"))

            def body(handler):
                return handler.rfile.read(int(handler.headers.get("Content-Length") or 0)).decode()

            def answer(handler, what, make):
                with self.lock:
                    failed = self.fails(what)
                    status, text = (failed, "") if failed else make()
                handler.send_response(status)
                handler.send_header("Content-Length", str(len(text)))
                handler.end_headers()
                handler.wfile.write(text.encode())

            def log_message(handler, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        case.addCleanup(server.server_close)
        case.addCleanup(server.shutdown)

    def issue(self):
        """(key, token, end) of fresh credentials."""
        number = len(self.issued) + 1
        key, token = f"ASIAFAKE{number}", f"hidden-token-{number}"
        self.issued.append(key)
        self.deadlines[token] = time.monotonic() + self.life
        return key, token, datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.said_life)

    def refuse_signer(self, key, token):
        """For simulator.Refusals: takes what was issued here and is not over."""
        if token in self.deadlines and time.monotonic() <= self.deadlines[token]:
            return None
        code = "ExpiredTokenException" if token in self.deadlines else "UnrecognizedClientException"
        self.refusals.append(code)
        return code, f"The security token of {key} is expired or invalid"

    def sts(self, form, headers):
        action = form["Action"][0]
        self.asked.append((action, {name: values[0] for name, values in form.items()}, headers.get("Authorization") or ""))
        key, token, end = self.issue()
        return 200, (f"<{action}Response xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><{action}Result><Credentials>"
                     f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>hidden-secret</SecretAccessKey>"
                     f"<SessionToken>{token}</SessionToken><Expiration>{end:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
                     f"</{action}Result></{action}Response>")

    def keys(self):
        key, token, end = self.issue()
        return json.dumps({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": "hidden-secret", "Token": token,
                           "Expiration": f"{end:%Y-%m-%dT%H:%M:%SZ}"})

    def container(self, headers):
        self.asked.append(("container", headers.get("Authorization")))
        return 200, self.keys()

    def metadata(self, path, headers):
        if headers.get("x-aws-ec2-metadata-token") != "session":
            return 401, ""
        if path.endswith("/security-credentials/"):
            return 200, "reader"
        self.asked.append(("metadata", path))
        return 200, self.keys()

    def oidc(self, request):
        self.asked.append(("oidc", request))
        return 200, json.dumps({"accessToken": "hidden-renewed", "expiresIn": 28800, "refreshToken": "hidden-next"})

    def sso(self, path, headers):
        self.asked.append(("sso", path, headers.get("x-amz-sso_bearer_token")))
        key, token, end = self.issue()
        return 200, json.dumps({"roleCredentials": {"accessKeyId": key, "secretAccessKey": "hidden-secret",
                                                    "sessionToken": token, "expiration": int(end.timestamp() * 1000)}})
