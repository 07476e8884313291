"""Where credentials come from, and relays that outlive them: the program on a simulator that takes only keys which a fake of
STS, a container's endpoint, EC2's metadata or SSO has issued."""
import hashlib
import json
import time
import unittest

from harness import Case, SqliteTarget
from identity import Identity
from servers import wait_until
from simulator import Refusals, Simulator

ROLE = "arn:aws:iam::123456789012:role/reader"


class Credentials(Case):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--table", "demo:pk:sk")
        self.gate = Refusals(self, self.simulator)
        self.target = SqliteTarget(self.home)
        (self.home / ".aws").mkdir()

    def guard(self, identity):
        """From now on, only what `identity` issues is taken."""
        self.identity = identity
        self.gate.refuse_signer = identity.refuse_signer
        return identity

    def config(self, text):
        (self.home / ".aws/config").write_text(text)

    def environment(self, **variables):
        return {"HOME": str(self.home), "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_ENDPOINT_URL_STS": self.identity.url, "AWS_ENDPOINT_URL_SSO": self.identity.url,
                "AWS_ENDPOINT_URL_SSO_OIDC": self.identity.url} | variables

    def source(self, *options):
        return f"dynamodb+cdc://127.0.0.1:{self.gate.port}/demo?" + "&".join(("idle-poll=200ms", *options))

    def relay_once(self, *options, **variables):
        """A bounded run that brings one row; what it logged."""
        self.simulator.put(1)
        _, err = self.run_ctk("load", self.source("once=true", *options), self.target.url(), "--log-level", "debug",
                              env=self.environment(**variables))
        self.assertEqual(len(self.target.rows("demo")), 1)
        self.assertNotIn("hidden", err)
        return err

    def refused(self, *options, expect=1, **variables):
        _, err = self.run_ctk("load", self.source("once=true", "start-timeout=1s", *options), self.target.url(),
                              "--log-level", "debug", env=self.environment(**variables), expect=expect)
        self.assertNotIn("hidden", err)
        return err


class Places(Credentials):
    def test_a_role_by_option_with_keys_of_the_environment(self):
        self.guard(Identity(self))
        self.relay_once(f"role-arn={ROLE}", "external-id=x", "role-session-name=me", AWS_ACCESS_KEY_ID="AKIDBASE",
                        AWS_SECRET_ACCESS_KEY="hidden-base")
        (action, form, authorization), = self.identity.asked
        self.assertEqual(action, "AssumeRole")
        self.assertEqual((form["RoleArn"], form["ExternalId"], form["RoleSessionName"]), (ROLE, "x", "me"))
        self.assertIn("Credential=AKIDBASE/", authorization)
        self.assertIn("/us-east-1/sts/aws4_request", authorization)

    def test_roles_of_profiles_one_by_the_other(self):
        self.guard(Identity(self))
        self.config(f"[profile outer]\nrole_arn = {ROLE}\nsource_profile = inner\n"
                    f"[profile inner]\nrole_arn = {ROLE}-inner\nsource_profile = base\n"
                    "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = hidden-base\n")
        self.relay_once("profile=outer")
        self.assertEqual([form["RoleArn"] for _, form, _ in self.identity.asked], [f"{ROLE}-inner", ROLE])
        self.assertIn("Credential=ASIAFAKE1/", self.identity.asked[1][2])

    def test_web_identity(self):
        self.guard(Identity(self))
        (self.home / "token").write_text("hidden-jwt")
        self.relay_once(AWS_WEB_IDENTITY_TOKEN_FILE=str(self.home / "token"), AWS_ROLE_ARN=ROLE)
        (action, form, authorization), = self.identity.asked
        self.assertEqual((action, form["WebIdentityToken"], authorization), ("AssumeRoleWithWebIdentity", "hidden-jwt", ""))

    def test_a_containers_endpoint(self):
        self.guard(Identity(self))
        (self.home / "token").write_text("hidden-jwt\n")
        url = self.identity.url.replace("127.0.0.1", "localhost")  # which alone would go by the proxy, that is not there
        self.relay_once(AWS_CONTAINER_CREDENTIALS_FULL_URI=url + "/keys",
                        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(self.home / "token"),
                        http_proxy="http://127.0.0.1:1", NO_PROXY="127.0.0.1")
        self.assertEqual(self.identity.asked, [("container", "hidden-jwt")])

    def test_instance_metadata_as_the_last_resort(self):
        self.guard(Identity(self))
        self.relay_once(AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=self.identity.url)
        self.assertEqual(self.identity.asked, [("metadata", "/latest/meta-data/iam/security-credentials/reader")])

    def sign_in_file(self):
        self.config("[default]\nsso_session = dev\nsso_account_id = 123456789012\nsso_role_name = Reader\n"
                    "[sso-session dev]\nsso_region = us-east-1\nsso_start_url = https://x.awsapps.com/start\n")
        cache = self.home / ".aws/sso/cache"
        cache.mkdir(parents=True)
        return cache / f"{hashlib.sha1(b'dev').hexdigest()}.json"

    def test_a_sign_in_with_sso_that_is_over_is_renewed(self):
        self.guard(Identity(self))
        file = self.sign_in_file()
        sign_in = {"startUrl": "https://x.awsapps.com/start", "region": "us-east-1", "accessToken": "hidden-access",
                   "expiresAt": "2020-01-01T00:00:00Z", "clientId": "client", "clientSecret": "hidden-client",
                   "registrationExpiresAt": "2099-01-01T00:00:00Z", "refreshToken": "hidden-refresh"}
        file.write_text(json.dumps(sign_in))
        file.chmod(0o644)
        self.relay_once()
        (_, request), (_, _, token) = self.identity.asked
        self.assertEqual(request, {"grantType": "refresh_token", "clientId": "client", "clientSecret": "hidden-client",
                                   "refreshToken": "hidden-refresh"})
        self.assertEqual(token, "hidden-renewed")
        kept = json.loads(file.read_text())
        self.assertGreater(kept.pop("expiresAt"), "2026")
        self.assertEqual(kept, {name: value for name, value in sign_in.items() if name != "expiresAt"}
                         | {"accessToken": "hidden-renewed", "refreshToken": "hidden-next"})
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertEqual([each.name for each in file.parent.iterdir()], [file.name])

    def test_a_sign_in_that_cannot_be_renewed_is_over(self):
        self.guard(Identity(self)).fails = lambda what: 400 if what == "oidc" else None
        self.sign_in_file().write_text(json.dumps(
            {"accessToken": "hidden-access", "expiresAt": "2020-01-01T00:00:00Z", "clientId": "client",
             "clientSecret": "hidden-client", "registrationExpiresAt": "2099-01-01T00:00:00Z", "refreshToken": "hidden-refresh"}))
        err = self.refused()
        self.assertIn("the sign-in is over since 2020-01-01", err)
        self.assertIn("aws sso login --profile default", err)

    def test_a_sign_in_with_sso(self):
        self.guard(Identity(self))
        file = self.sign_in_file()
        self.assertIn("aws sso login --profile default", self.refused())
        token = {"accessToken": "hidden-access", "expiresAt": "2099-01-01T00:00:00Z"}
        file.write_text(json.dumps(token))
        self.relay_once()
        self.assertEqual(self.identity.asked,
                         [("sso", "/federation/credentials?account_id=123456789012&role_name=Reader", "hidden-access")])

    def test_a_command(self):
        self.guard(Identity(self))
        key, token, _ = self.identity.issue()
        keys = {"Version": 1, "AccessKeyId": key, "SecretAccessKey": "hidden-secret", "SessionToken": token}
        (self.home / "keys.json").write_text(json.dumps(keys))
        self.config(f"[default]\ncredential_process = cat {self.home}/keys.json # hidden\n")
        self.relay_once()


class Refused(Credentials):
    def test_nothing_anywhere_names_the_places(self):
        self.guard(Identity(self))
        err = self.refused()
        self.assertIn("no AWS credentials found", err)
        for place in ("source URL", "AWS_ACCESS_KEY_ID", "profile 'default'", "AWS_WEB_IDENTITY_TOKEN_FILE",
                      "AWS_CONTAINER_CREDENTIALS_*", "instance metadata"):
            self.assertIn(place, err)

    def test_what_the_asked_one_says(self):
        self.guard(Identity(self)).fails = lambda what: 403
        err = self.refused(f"role-arn={ROLE}", AWS_ACCESS_KEY_ID="AKIDBASE", AWS_SECRET_ACCESS_KEY="hidden-base")
        self.assertIn("no AWS credentials from environment", err)
        self.assertIn(f"AssumeRole of {ROLE}", err)

    def test_a_command_that_fails_keeps_its_words_to_itself(self):
        self.guard(Identity(self))
        self.config("[default]\ncredential_process = echo hidden; echo hidden >&2; exit 7\n")
        self.assertIn("credential_process of profile 'default': its command ended with exit status 7", self.refused())

    def test_a_slow_command_takes_none_of_the_time_that_a_check_gives_to_the_source(self):
        """Ten seconds each: this one takes seven, and so do the seven calls behind it."""
        self.guard(Identity(self))
        key, token, _ = self.identity.issue()
        keys = {"Version": 1, "AccessKeyId": key, "SecretAccessKey": "hidden-secret", "SessionToken": token}
        (self.home / "keys.json").write_text(json.dumps(keys))
        self.config(f"[default]\ncredential_process = sleep 7; cat {self.home}/keys.json\n")
        self.gate.refuse = lambda action, number: time.sleep(1)
        found = self.run_json("check", self.source("snapshot=initial"), self.target.url(), env=self.environment())
        self.assertEqual([one for one in found if one["result"] == "fail"], [])
        self.assertGreater(sum(self.gate.calls.values()), 4)

    def test_mfa(self):
        self.guard(Identity(self))
        self.config(f"[default]\nrole_arn = {ROLE}\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n"
                    "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = hidden-base\n")
        self.assertIn("mfa_serial", self.refused(expect=2))


class Expiry(Credentials):
    def follow(self, **variables):
        """Starts a relay without end; waits for its first row."""
        process = self.start_ctk("load", self.source("snapshot=initial"), self.target.url(), env=self.environment(**variables))
        self.simulator.put(1)
        wait_until("the first row", lambda: self.target.rows("demo"), process=process)
        return process

    def bring(self, process, *numbers):
        for number in numbers:
            self.simulator.put(number)
        wanted = {str(number) for number in numbers}
        wait_until("the rows of a later key", lambda: wanted <= {str(sk) for _, sk in self.target.rows("demo")},
                   process=process)

    def test_a_relay_outlives_its_credentials(self):
        identity = self.guard(Identity(self, life=3))
        variables = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": identity.url + "/keys"}
        process = self.follow(**variables)
        for number in (2, 3, 4):
            issued = len(identity.issued)
            wait_until("another key", lambda: len(identity.issued) > issued, process=process)
            self.bring(process, number)
        self.assertEqual(identity.refusals, [], "each was replaced before its end")
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)
        self.assertNotIn("hidden", err)

    def test_what_a_service_calls_expired_is_asked_for_again_once(self):
        identity = self.guard(Identity(self, life=2, said_life=3600))
        process = self.follow(AWS_CONTAINER_CREDENTIALS_FULL_URI=identity.url + "/keys")
        issued = len(identity.issued)
        wait_until("another key", lambda: len(identity.issued) > issued, process=process)
        self.bring(process, 2)
        self.assertIn("ExpiredTokenException", identity.refusals)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)

    def test_an_outage_of_whoever_gives_them_is_waited_out(self):
        identity = self.guard(Identity(self, life=3))
        process = self.follow(AWS_CONTAINER_CREDENTIALS_FULL_URI=identity.url + "/keys")
        failures = []
        identity.fails = lambda what: failures.append(what) or 503
        wait_until("several failed refreshes", lambda: len(failures) >= 6, process=process)
        identity.fails = lambda what: None
        self.bring(process, 2)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)
        self.assertNotIn("hidden", err)

    def test_a_stop_does_not_wait_for_a_command(self):
        self.guard(Identity(self))
        self.config(f"[default]\ncredential_process = touch {self.home}/started; sleep 1000\n")
        process = self.start_ctk("load", self.source(), self.target.url(), env=self.environment())
        wait_until("the command", lambda: (self.home / "started").exists(), process=process)
        code, _, err = self.stop_ctk(process)
        self.assertEqual(code, 0, err)


if __name__ == "__main__":
    unittest.main()
