"""Recorded events in files: every way in, every way out that needs no server."""
import gzip
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import unittest

from events import Model, to_lines
from harness import PROGRAM, Case, SqliteTarget


def lively(writes=300):
    model = Model()
    for _ in range(writes):
        model.write_anything()
    return model


class FileToSqlite(Case):
    def setUp(self):
        super().setUp()
        self.model = lively()
        self.file = self.home / "events.ndjson"
        self.file.write_text(to_lines(self.model.events))
        self.target = SqliteTarget(self.home)

    def keys(self):
        """Of all changes."""
        keys = (event["dynamodb"]["Keys"] for event in self.model.events)
        return {(key["pk"]["S"], key["sk"]["N"]) for key in keys}

    def load(self, source=None, **options):
        return self.run_ctk("load", source or f"file+dynamodb+cdc://{self.file}", self.target.url(), **options)

    def test_arrives(self):
        self.load()
        self.assert_holds(self.target, self.model)

    def test_the_older_spelling(self):
        self.run_ctk("load", "table", f"kinesis+dynamodb+cdc://{self.file}", self.target.url())
        self.assert_holds(self.target, self.model)

    def test_relative_paths(self):
        self.run_ctk("load", "file+dynamodb+cdc:events.ndjson", "sqlite:///target.db?table=demo", cwd=self.home)
        self.assert_holds(self.target, self.model)

    def test_playing_it_twice_changes_nothing(self):
        self.load()
        before = self.target.query("SELECT * FROM demo ORDER BY pk, sk")
        self.load()
        self.assertEqual(self.target.query("SELECT * FROM demo ORDER BY pk, sk"), before)

    def test_any_order_ends_the_same(self):
        self.file.write_text(to_lines(reversed(self.model.events)))
        self.load()
        self.assert_holds(self.target, self.model)

    def test_any_suffix_again_ends_the_same(self):
        self.load()
        self.file.write_text(to_lines(self.model.events[100:]))
        self.load()
        self.assert_holds(self.target, self.model)

    def test_an_older_file_after_a_newer_one_revives_nothing(self):
        half = len(self.model.events) // 2
        newer = self.model.events[half:]
        self.assertTrue(any(event["eventName"] == "REMOVE" for event in newer))
        for events in newer, self.model.events[:half]:
            self.file.write_text(to_lines(events))
            self.load()
        self.assert_holds(self.target, self.model)

    def test_standard_input(self):
        for source in ("file+dynamodb+cdc:-", "file+dynamodb+cdc:///-"):
            self.load(source, stdin=self.file.read_bytes())
            self.assert_holds(self.target, self.model)

    def test_gzip_by_content(self):
        self.file.write_bytes(gzip.compress(self.file.read_bytes()))
        self.load()
        self.assert_holds(self.target, self.model)

    @unittest.skipUnless(shutil.which("zstd"), "the zstd command is not here")
    def test_zstd_by_content(self):
        subprocess.run(["zstd", "-q", str(self.file), "-o", str(self.home / "packed")], check=True)
        self.load(f"file+dynamodb+cdc://{self.home}/packed")
        self.assert_holds(self.target, self.model)

    def test_counts(self):
        deletes = sum(event["eventName"] == "REMOVE" for event in self.model.events)
        out, _ = self.load()
        self.assertEqual(out, "", "standard output carries results only")
        counts = self.run_json("load", f"file+dynamodb+cdc://{self.file}", self.target.url())
        self.assertEqual(counts["read"], len(self.model.events))
        self.assertEqual(counts["applied"], len(self.model.events))
        self.assertEqual(counts["deleted"], deletes)
        self.assertEqual(counts["dead_letters"], 0)

    def test_dry_run_touches_nothing(self):
        out, _ = self.run_ctk("load", f"file+dynamodb+cdc://{self.file}", "--dry-run", "--target",
                              "crate://localhost:4200/doc/demo")
        self.assertIn('CREATE TABLE IF NOT EXISTS "doc"."demo"', out)
        self.assertIn("ON CONFLICT", out)
        out, _ = self.run_ctk("load", f"file+dynamodb+cdc://{self.file}", "--dry-run", self.target.url())
        self.assertIn("INSERT INTO", out)
        self.assertFalse(pathlib.Path(self.target.path).exists())

    def test_ndjson(self):
        out, _ = self.run_ctk("load", f"file+dynamodb+cdc://{self.file}", "ndjson:-")
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual({line["op"] for line in lines}, {"upsert", "delete"})
        last = {json.dumps(line["key"], sort_keys=True): line for line in sorted(lines, key=lambda line: line["version"])}
        self.assertEqual(sum(line["op"] == "upsert" for line in last.values()), len(self.model.items))
        read = [(event["dynamodb"]["Keys"], event["eventName"] == "REMOVE") for event in self.model.events]
        written = [({"pk": {"S": line["key"]["pk"]}, "sk": {"N": str(line["key"]["sk"])}}, line["op"] == "delete") for line in lines]
        self.assertEqual(written, read, "each change is a line, in the file's order")

    def test_an_ndjson_pipe_that_nobody_reads(self):
        os.mkfifo(self.home / "pipe")
        words = ["load", f"file+dynamodb+cdc://{self.file}", f"ndjson://{self.home}/pipe"]
        self.assertIn("cannot open", self.run_ctk(*words, "--start-timeout", "300ms", expect=1)[1])
        process = self.start_ctk(*words)
        with open(self.home / "pipe", encoding="utf-8") as pipe:
            self.assertEqual(len(pipe.readlines()), len(self.model.events))
        self.assertEqual(process.wait(60), 0)

    def test_ndjson_does_not_write_to_the_file_that_it_reads(self):
        before = self.file.read_bytes()
        (self.home / "link").hardlink_to(self.file)
        source = f"file+dynamodb+cdc://{self.file}"
        for options in ([f"ndjson://{self.file}"], [f"ndjson://{self.home}/link"],
                        [f"ndjson://{self.home}/out", "--dead-letters", str(self.file)]):
            _, err = self.run_ctk("load", source, *options, expect=2)
            self.assertIn("is the file that is read", err)
        piped = subprocess.run(["sh", "-c", 'exec "$0" load file+dynamodb+cdc:- ndjson:- <"$1" >>"$1"', PROGRAM, self.file],
                               capture_output=True, text=True, timeout=60)
        self.assertEqual(piped.returncode, 2, piped.stderr)
        self.assertEqual(self.file.read_bytes(), before)

    def test_ndjson_files_hold_whole_lines_whatever_ends_a_run(self):
        source, out = f"file+dynamodb+cdc://{self.file}", self.home / "out.ndjson"
        shell = f'ulimit -f 4; exec "{PROGRAM}" load "{source}" "ndjson://{out}" --start-timeout 1s --give-up 1s'
        full = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60)
        self.assertEqual(full.returncode, 1, full.stderr)
        self.assertIn("too large", full.stderr)
        self.assertEqual(out.read_bytes(), b"", "nothing of what could not be written as a whole")
        out.write_text('{"table":"demo","op":"ups')  # as a kill leaves it
        _, err = self.run_ctk("load", source, f"ndjson://{out}")
        self.assertIn(f"{out} does not end with a whole line", err)
        torn, *lines = out.read_text().splitlines()
        self.assertEqual(torn, '{"table":"demo","op":"ups')
        written = {json.dumps(json.loads(line)["key"]) for line in lines}
        self.assertEqual(written, {json.dumps({"pk": pk, "sk": int(sk)}) for pk, sk in self.keys()})

    def test_undecodable_lines_become_dead_letters(self):
        lines = self.file.read_text().splitlines()
        lines.insert(5, "this is no JSON")
        lines.insert(9, json.dumps(self.model.events[0] | {"dynamodb": {"Keys": {"pk": {"S": "x"}}}, "eventName": "MODIFY"}))
        self.file.write_text("\n".join(lines) + "\n")
        counts = self.run_json("load", f"file+dynamodb+cdc://{self.file}", self.target.url(), expect=4)
        self.assertEqual(counts["dead_letters"], 2)
        self.assertEqual(counts["read"], counts["applied"] + 2)
        self.assert_holds(self.target, self.model)
        letters = json.loads(self.run_ctk("dead-letters", "list", self.target.url(), "--format", "json")[0])
        self.assertEqual(len(letters), 2)
        shown, _ = self.run_ctk("dead-letters", "show", letters[0]["id"], self.target.url())
        self.assertTrue(shown)

    def test_the_form_of_the_first_record_stays_the_tables(self):
        numbered = json.loads(json.dumps(self.model.events[0]))
        numbered["dynamodb"]["SequenceNumber"] = "4421584500000000017450439091"
        first = self.home / "numbered.ndjson"
        first.write_text(json.dumps(numbered) + "\n")
        self.run_json("load", f"file+dynamodb+cdc://{first}", self.target.url())
        held = self.target.rows("demo")
        counts = self.run_json("load", f"file+dynamodb+cdc://{self.file}", self.target.url(), expect=4)
        self.assertEqual(counts["dead_letters"], len(self.model.events), "none has a sequence number")
        self.assertEqual(self.target.rows("demo"), held)

    def test_on_error_stop(self):
        self.file.write_text("nonsense\n" + self.file.read_text())
        self.load(f"file+dynamodb+cdc://{self.file}?on-error=stop", expect=1)

    def test_on_error_stop_where_the_database_refuses_rows(self):
        target = SqliteTarget(self.home)
        model = Model(table="numbers", seed=3)
        model.put("before")
        self.file.write_text(to_lines(model.events))
        source = f"file+dynamodb+cdc://{self.file}"
        self.run_json("load", source, target.url("numbers"))
        with sqlite3.connect(target.path) as database:
            database.execute("CREATE TRIGGER picky BEFORE INSERT ON numbers WHEN new.pk IN ('k5', 'k8') "
                             "BEGIN SELECT RAISE(ABORT, 'not this one'); END")
        for i in range(10):
            model.put(f"k{i}")
        self.file.write_text(to_lines(model.events))
        _, err = self.run_ctk("load", source, target.url("numbers"), "--on-error", "stop", expect=1)
        self.assertIn("not this one", err)
        self.assertIn("position 7", err, "the record that was refused first")
        self.assertEqual({pk for pk, _ in target.rows("numbers")}, {"before", "k0", "k1", "k2", "k3", "k4"})

    def test_shell_and_show(self):
        self.load()
        out, _ = self.run_ctk("shell", "--command", "SELECT count(*) AS n FROM demo_live;", "--format", "json", self.target.url())
        self.assertEqual(json.loads(out), [{"n": len(self.model.items)}])
        out, _ = self.run_ctk("shell", self.target.url(), "--format", "csv", stdin=b"SELECT 1 AS one;\nSELECT 2 AS two;\n")
        self.assertEqual(out.split(), ["one", "1", "two", "2"])
        _, err = self.run_ctk("shell", "-c", "SELECT 1 FROM nowhere;", self.target.url(), expect=1)
        self.assertIn("nowhere", err)
        shown = json.loads(self.run_ctk("show", "table", "demo", self.target.url(), "--format", "json")[0])
        self.assertEqual(shown["living"], len(self.model.items))
        self.assertEqual(shown["key"], ["pk", "sk"])

    def test_a_second_source_table_is_not_mixed_in(self):
        other = Model(table="other", seed=2)
        other.put("z")
        self.file.write_text(to_lines(self.model.events + other.events))
        _, err = self.load(expect=1)
        self.assertIn("demo", err)
        self.assertIn("other", err)
        target = SqliteTarget(self.home)
        target.path = self.home / "both.db"
        self.run_ctk("load", f"file+dynamodb+cdc://{self.file}", f"sqlite:///{target.path}")
        self.assert_holds(target, self.model, "demo")
        self.assert_holds(target, other, "other")
        target.path = self.home / "one.db"
        counts = self.run_json("load", f"file+dynamodb+cdc://{self.file}?source-table=demo", target.url())
        self.assertEqual(counts["filtered"], 1)
        self.assert_holds(target, self.model)

    def test_a_source_table_that_matches_nothing_is_told(self):
        for quiet in [], ["-q"]:
            _, err = self.run_ctk("load", f"file+dynamodb+cdc://{self.file}?source-table=Demo", self.target.url(), *quiet)
            self.assertIn(f"source-table matches nothing: all {len(self.model.events)} changes are of other tables, such as 'demo'",
                          err)

    def test_quiet_tells_dead_letters_all_the_same(self):
        self.file.write_text(self.file.read_text() + "no JSON\n")
        _, err = self.run_ctk("load", "-q", f"file+dynamodb+cdc://{self.file}", self.target.url(), expect=4)
        self.assertRegex(err, r"^1 dead letter: not valid JSON.*; list them with: ctk dead-letters list \S+\n$")
        _, err = self.run_ctk("load", "-q", f"file+dynamodb+cdc://{self.file}", self.target.url(), "--log-format", "json", expect=4)
        self.assertEqual(json.loads(err)["level"], "warn")

    def test_layout_document(self):
        self.run_ctk("load", f"file+dynamodb+cdc://{self.file}", self.target.url(layout="document"))
        found = {key: json.loads(data) for key, data in self.target.query("SELECT id, data FROM demo_live")}
        self.assertEqual(len(found), len(self.model.items))
        (pk, sk) = next(iter(self.model.items))
        self.assertEqual(found[f'{{"pk":"{pk}","sk":{sk}}}']["pk"], pk)

    def test_encoding_dynamodb(self):
        self.run_ctk("load", f"file+dynamodb+cdc://{self.file}", self.target.url(encoding="dynamodb"))
        for pk, sk, data in self.target.query("SELECT pk, sk, data FROM demo_live"):
            self.assertEqual(json.loads(data), self.model.items[(pk, sk)])

    def test_numbers_keep_every_digit(self):
        model = Model()
        model.put("a", 9007199254740993, n={"N": "12345678901234567890123456789012345678"}, e={"N": "1E-100"})
        self.file.write_text(to_lines(model.events))
        self.load()
        self.assert_holds(self.target, model)


class Words(Case):
    """What is wrong with a command line is said in one sentence, exit 2, and nothing is done."""

    def refused(self, *arguments, env=None):
        out, err = self.run_ctk(*arguments, expect=2, env=env)
        self.assertEqual(out, "")
        self.assertTrue(err.strip())
        return err

    def test_version_and_help(self):
        self.assertRegex(self.run_ctk("--version")[0], r"^ctk \d+\.\d+\.\d+\n$")
        for words in (["--help"], ["load", "--help"], ["load", "table", "--help"], ["shell", "--help"], ["show", "--help"]):
            self.assertIn("ctk", self.run_ctk(*words)[0])

    def test_missing_region(self):
        err = self.refused("load", "kinesis+dynamodb+cdc://k:s@localhost:4566/cdc", "sqlite:///x.db")
        self.assertIn("region", err)

    def test_missing_target(self):
        self.assertIn("CRATEDB_CLUSTER_URL", self.refused("load", "file+dynamodb+cdc:///x"))

    def test_unknown_option(self):
        err = self.refused("load", "file+dynamodb+cdc:///x?on-eror=stop", "sqlite:///x.db")
        self.assertIn("on-eror", err)
        self.assertIn("on-error", err)

    def test_values_out_of_range(self):
        self.assertIn("start", self.refused("load", "kinesis+dynamodb+cdc://k:s@aws/cdc?region=eu-central-1&start=soon",
                                            "sqlite:///x.db"))
        self.assertIn("grace", self.refused("load", "file+dynamodb+cdc:///x", "sqlite:///x.db", "--grace", "never ever"))

    def test_secrets_stay_secret(self):
        _, err = self.run_ctk("load", "kinesis+dynamodb+cdc://AKIDX:sEcReT@127.0.0.1:1/cdc?region=us-east-1&start-timeout=1s",
                              f"sqlite:///{self.home}/x.db", "--log-level", "debug", expect=1)
        self.assertNotIn("sEcReT", err)


class Unreachable(Case):
    def test_a_file_that_is_not_there(self):
        _, err = self.run_ctk("load", "file+dynamodb+cdc:///no/such/file", f"sqlite:///{self.home}/x.db", expect=1)
        self.assertIn("/no/such/file", err)

    def test_an_endpoint_that_does_not_answer(self):
        _, err = self.run_ctk("load", "kinesis+dynamodb+cdc://k:s@127.0.0.1:1/cdc?region=eu-north-1&start-timeout=1s",
                              f"sqlite:///{self.home}/x.db", expect=1)
        self.assertIn("127.0.0.1:1", err)
        self.assertIn("eu-north-1", err)

    def test_a_target_that_does_not_answer(self):
        (self.home / "e").write_text(to_lines(lively(3).events))
        for target in ("postgresql://u:pw@127.0.0.1:1/db?table=demo", "crate://127.0.0.1:1/doc/demo"):
            _, err = self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/e", target, "--start-timeout", "1s", expect=1)
            self.assertIn("127.0.0.1:1", err)
            self.assertNotIn("pw", err.replace("***", ""))

    def test_what_can_be_no_sqlite_file(self):
        (self.home / "e").write_text(to_lines(lively(3).events))
        os.mkfifo(self.home / "pipe")
        for path, words in (self.home, "is a directory"), ("/dev/null", "is a device"), (self.home / "pipe", "is a device, a pipe"):
            for command in ["load", f"file+dynamodb+cdc://{self.home}/e"], ["shell", "-c", "SELECT 1"]:
                _, err = self.run_ctk(*command, f"sqlite:///{path}", expect=1)
                self.assertIn(f"{path} {words}", err)
                self.assertNotIn("trying again", err)

    def test_a_directory_that_cannot_hold_a_file(self):
        (self.home / "e").write_text(to_lines(lively(3).events))
        self.run_ctk("load", f"file+dynamodb+cdc://{self.home}/e", "sqlite:////no/such/place/x.db", expect=1)


if __name__ == "__main__":
    unittest.main()
