"""What the program says to people: nothing that a terminal obeys."""
import json
import unittest

from harness import Case


class Terminals(Case):
    NAME = "\x1b[5mv\u009b31m\u202e\x7f"

    def load(self, *options):
        change = {"eventName": "INSERT", "tableName": "t",
                  "dynamodb": {"ApproximateCreationDateTime": 1700000000000, "Keys": {"k": {"S": "a"}},
                               "NewImage": {"k": {"S": "a"}, self.NAME: {"Q": "1"}}}}
        (self.home / "x.ndjson").write_text(json.dumps(change) + "\n")
        return self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/x.ndjson", f"sqlite:///{self.home}/x.db?table=t",
                            *options, expect=4)

    def assert_obeyed_by_none(self, text):
        for sign in self.NAME:
            if not sign.isprintable():
                self.assertNotIn(sign, text)

    def test_names_out_of_data_are_escaped(self):
        _, error = self.load()
        self.assertIn("1 dead letter: NewImage.\\x1b[5mv\\u009b31m\\u202e\\x7f: unknown type Q", error)
        self.assert_obeyed_by_none(error)
        for form in ("logfmt", "json"):
            _, error = self.load("--log-level=debug", f"--log-format={form}")
            self.assertIn("unknown type Q", error)
            self.assert_obeyed_by_none(error)

    def test_a_dead_letter_is_shown_escaped(self):
        self.load()
        target = f"sqlite:///{self.home}/x.db"
        letter = self.run_json("dead-letters", "list", target)[0]
        self.assertIn(self.NAME, letter["reason"])
        out, _ = self.run_ctk("dead-letters", "show", letter["id"], target)
        self.assertIn("\\x1b[5mv", out)
        self.assert_obeyed_by_none(out)


if __name__ == "__main__":
    unittest.main()
