"""What people have in files: damaged archives, JSON in every arrangement, times in every spelling, other things' records."""
import base64
import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
import time
import unittest

from events import Model, to_lines
from harness import Case, SqliteTarget
from test_file import lively

AT_ONCE = 20  # seconds, for what must not be waited for


class Input(Case):
    def setUp(self):
        super().setUp()
        self.model = lively()
        self.events = self.model.events
        self.target = SqliteTarget(self.home)

    def write(self, content, name="events.ndjson"):
        path = self.home / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return f"file+dynamodb+cdc://{path}"

    def load(self, content, expect=0, name="events.ndjson", **options):
        """The summary of a load of this content."""
        return self.run_json("load", self.write(content, name), self.target.url(), expect=expect, **options)

    def fails(self, source, **options):
        """What is said by a load that ends with 1, and does so at once."""
        began = time.monotonic()
        _, err = self.run_ctk("load", source, self.target.url(), expect=1, **options)
        self.assertLess(time.monotonic() - began, AT_ONCE)
        return err

    def letters(self):
        return json.loads(self.run_ctk("dead-letters", "list", self.target.url(), "--format", "json")[0])


class Damaged(Input):
    def prefix_rows(self, count):
        """The table after the first events."""
        model = Model()
        for event in self.events[:count]:
            keys = event["dynamodb"]["Keys"]
            key = (keys["pk"]["S"], int(keys["sk"]["N"]))
            if event["eventName"] == "REMOVE":
                model.items.pop(key, None)
            else:
                image = event["dynamodb"]["NewImage"]
                model.items[key] = {name: value for name, value in image.items() if name not in keys}
        return model.rows()

    def assert_prefix(self, at_least):
        """Some of the first events are applied, in order, and no others."""
        rows = self.target.rows("demo")
        counts = [n for n in range(at_least, len(self.events) + 1) if self.prefix_rows(n) == rows]
        self.assertTrue(counts, "the rows are those of no beginning of the file")

    def test_a_gzip_file_that_is_cut(self):
        packed = gzip.compress(to_lines(self.events).encode())
        half = len(packed) // 2
        err = self.fails(self.write(packed[:half]))
        self.assertIn(f"ends at byte {half}", err)
        self.assertIn("events.ndjson", err)
        self.assert_prefix(20)

    def test_a_gzip_file_that_is_broken_in_the_middle(self):
        packed = bytearray(gzip.compress(to_lines(self.events).encode()))
        half = len(packed) // 2
        packed[half:half + 40] = b"\xff" * 40
        err = self.fails(self.write(bytes(packed)))
        self.assertRegex(err, r"damaged at byte \d+: its gzip data")
        self.assertIsNone(self.target.rows("demo"))

    def with_a_wrong_number(self):
        """Packed without being made smaller, with one digit of a number changed behind the packer's back."""
        self.model.put("last", 1, n={"N": "1007"})
        packed = bytearray(gzip.compress(to_lines(self.events).encode(), 0))
        packed[packed.index(b'"1007"') + 1] = ord("9")
        return bytes(packed)

    def test_of_a_damaged_file_nothing_is_applied(self):
        damaged = self.with_a_wrong_number()
        good = gzip.compress(to_lines(self.events).encode())
        for content in damaged, good + damaged, damaged + good:
            err = self.fails(self.write(content))
            self.assertIn("damaged at byte", err)
            self.assertIn("nothing of it is applied; load a good copy", err)
            self.assertIsNone(self.target.rows("demo"))
        self.load(good)
        self.assert_holds(self.target, self.model)

    def test_nor_of_one_that_is_standard_input(self):
        self.write(self.with_a_wrong_number())
        with open(self.home / "events.ndjson", "rb") as packed:
            process = self.start_ctk("load", "file+dynamodb+cdc:-", self.target.url(), stdin=packed)
            self.assertEqual(process.wait(AT_ONCE), 1)
        self.assertIn(b"nothing of it is applied", process.stderr.read())
        self.assertIsNone(self.target.rows("demo"))

    def test_of_a_damaged_pipe_it_says_that_rows_may_be_wrong(self):
        err = self.fails("file+dynamodb+cdc:-", stdin=self.with_a_wrong_number())
        self.assertIn("damaged at byte", err)
        self.assertIn("rows of it may be wrong, which a good copy does not mend", err)
        self.assertIn("drop the table", err)

    def test_a_wrong_checksum(self):
        packed = bytearray(gzip.compress(to_lines(self.events).encode()))
        packed[-6] ^= 1
        self.assertIn("damaged at byte", self.fails(self.write(bytes(packed))))
        self.assertIsNone(self.target.rows("demo"))

    @unittest.skipUnless(shutil.which("zstd"), "the zstd command is not here")
    def test_a_wrong_checksum_of_zstd(self):
        packed = bytearray(subprocess.run(["zstd", "-q", "-c"], input=to_lines(self.events).encode(), stdout=subprocess.PIPE,
                                          check=True).stdout)
        packed[-1] ^= 1
        self.assertIn("damaged at byte", self.fails(self.write(bytes(packed))))
        self.assertIsNone(self.target.rows("demo"))

    @unittest.skipUnless(shutil.which("zstd"), "the zstd command is not here")
    def test_a_zstd_file_that_is_cut(self):
        plain = self.home / "plain"
        plain.write_text(to_lines(self.events))
        packed = subprocess.run(["zstd", "-q", "-c", str(plain)], stdout=subprocess.PIPE, check=True).stdout
        err = self.fails(self.write(packed[:-3]))
        self.assertIn(f"ends at byte {len(packed) - 3}", err)
        self.assert_holds(self.target, self.model)

    def test_zeros_behind_a_gzip_member(self):
        packed = gzip.compress(to_lines(self.events).encode())
        self.assertEqual(self.load(packed + b"\0" * 5000)["read"], len(self.events))
        self.assert_holds(self.target, self.model)

    def test_members_in_a_row(self):
        half = len(self.events) // 2
        packed = gzip.compress(to_lines(self.events[:half]).encode()) + gzip.compress(to_lines(self.events[half:]).encode())
        self.assertEqual(self.load(packed)["read"], len(self.events))
        self.assert_holds(self.target, self.model)

    def test_garbage_behind_a_gzip_member(self):
        packed = gzip.compress(to_lines(self.events).encode())
        self.assertIn(f"from byte {len(packed)} on, what is no gzip data", self.fails(self.write(packed + b"garbage")))
        self.assert_holds(self.target, self.model)

    def test_empty_archives(self):
        self.assertEqual(self.load(gzip.compress(b""))["read"], 0)
        self.assertEqual(self.load(b"")["read"], 0)
        self.assertIn("ends at byte 0", self.fails(self.write(b"", "events.gz")))

    def test_other_archives(self):
        self.assertIn("xz", self.fails(self.write(b"\xfd7zXZ\0\0\x04")))
        self.assertIn("bzip2 -dc", self.fails(self.write(b"BZh91AY&SY")))

    def test_what_is_no_file(self):
        self.assertIn("irectory", self.fails(f"file+dynamodb+cdc://{self.home}"))
        self.assertIn("/no/such/file", self.fails("file+dynamodb+cdc:///no/such/file"))

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_a_file_that_may_not_be_read(self):
        source = self.write("{}")
        (self.home / "events.ndjson").chmod(0)
        self.assertIn("ermission", self.fails(source))


class Arrangements(Input):
    """The same events, however they are arranged."""

    def arrives(self, content, name="events.ndjson"):
        counts = self.load(content, name=name)
        self.assertEqual((counts["read"], counts["applied"], counts["dead_letters"]),
                         (len(self.events), len(self.events), 0))
        self.assert_holds(self.target, self.model)

    def test_many_on_a_line(self):
        self.arrives("".join(json.dumps(event) for event in self.events))

    def test_a_few_on_a_line(self):
        lines = [" ".join(json.dumps(event) for event in self.events[at:at + 7]) for at in range(0, len(self.events), 7)]
        self.arrives("\n".join(lines) + "\n")

    def test_with_commas(self):
        self.arrives(", ".join(json.dumps(event) for event in self.events))

    def test_pretty_printed(self):
        self.arrives("\n".join(json.dumps(event, indent=2) for event in self.events) + "\n")

    def test_pretty_printed_without_anything_between(self):
        self.arrives("".join(json.dumps(event, indent=4) for event in self.events))

    def test_arrays(self):
        for content in (json.dumps(self.events), json.dumps(self.events, indent=2), json.dumps(self.events, indent=0),
                        "\n".join(json.dumps(self.events[at:at + 9]) for at in range(0, len(self.events), 9))):
            self.arrives(content)

    def test_answers_and_events_of_lambda(self):
        def data(event):
            return base64.b64encode(json.dumps(event).encode()).decode()
        answer = {"Records": [{"SequenceNumber": str(i), "ApproximateArrivalTimestamp": "2024-01-01T00:00:00+00:00",
                               "Data": data(event), "PartitionKey": "p"} for i, event in enumerate(self.events)],
                  "NextShardIterator": "x", "MillisBehindLatest": 0}
        wrapped = {"Records": [{"kinesis": {"data": data(event), "sequenceNumber": str(i)}, "eventSource": "aws:kinesis"}
                               for i, event in enumerate(self.events)]}
        for batch in (answer, wrapped, {"Records": self.events}):
            self.arrives(json.dumps(batch))
            self.arrives(json.dumps(batch, indent=4))

    def test_byte_order_marks(self):
        half = len(self.events) // 2
        self.arrives("\ufeff" + to_lines(self.events[:half]) + "\ufeff" + to_lines(self.events[half:]))
        self.arrives(gzip.compress(("\ufeff" + to_lines(self.events)).encode()))

    def test_standard_input(self):
        out, _ = self.run_ctk("load", "file+dynamodb+cdc:-", self.target.url(), "--format", "json",
                              stdin=("\ufeff" + json.dumps(self.events, indent=1)).encode())
        self.assertEqual(json.loads(out)["applied"], len(self.events))
        self.assert_holds(self.target, self.model)

    def test_utf_16_is_named(self):
        for encoding in "utf-16", "utf-16-le", "utf-16-be":
            err = self.fails(self.write(to_lines(self.events).encode(encoding)))
            self.assertIn("UTF-16", err)
            self.assertIn("iconv", err)

    def test_the_later_one_on_a_line_wins(self):
        def event(value):
            return {"eventName": "MODIFY", "eventSource": "aws:dynamodb", "tableName": "demo", "dynamodb": {
                "ApproximateCreationDateTime": 1720740233, "Keys": {"pk": {"S": "a"}, "sk": {"N": "1"}},
                "NewImage": {"pk": {"S": "a"}, "sk": {"N": "1"}, "v": {"N": str(value)}}}}
        values = range(30)
        for join in ("".join, "\n".join, ",\n".join):
            for indent in (None, 2):
                for old in self.home.glob("target.db*"):
                    old.unlink()
                self.run_ctk("load", self.write(join(json.dumps(event(v), indent=indent) for v in values)),
                             self.target.url(), "--batch-rows", "7")
                self.assertEqual(self.target.rows("demo")[("a", 1)]["v"], 29)

    def test_the_version_of_an_object_alone_on_its_line_is_its_time_and_line(self):
        self.load(to_lines(self.events))
        held = self.target.query("SELECT pk, sk, cdc_version FROM demo ORDER BY pk, sk")
        self.assertTrue(all(len(version.split(".")) == 4 and ":" not in version for _, _, version in held))


class CutOff(Input):
    """What ends within an array, or a list of records, is applied as far as it goes, and told."""

    def test_an_array(self):
        for content in json.dumps(self.events)[:-1], json.dumps(self.events, indent=2)[:-1]:
            self.assertIn("was cut off: it ends within an array", self.fails(self.write(content)))
            self.assert_holds(self.target, self.model)

    def test_a_list_of_records(self):
        for indent in None, 2:
            whole = json.dumps({"Records": self.events[:3]}, indent=indent)
            err = self.fails(self.write(whole[:whole.rindex('"tableName"')]))
            self.assertIn("within the list of records that begins on line 1", err)
            self.assertIn("read 2, applied 2,", err)

    def test_an_archive_is_named(self):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            tar.add(self.home, "events")
        err = self.fails(self.write(archive.getvalue()))
        self.assertIn("packed by tar, inside gzip", err)
        self.assertIn("tar -xOf FILE | ctk load", err)


class Broken(Input):
    """A broken value costs itself."""

    def test_each_is_one_dead_letter_with_its_text_and_its_line(self):
        first, second, third = (json.dumps(event, indent=2) for event in self.events[:3])
        broken = second.replace('"eventName":', '"eventName"', 1)
        counts = self.load(f"{first}\n{broken}\n{third}\nno JSON\n{to_lines(self.events[3:])}", expect=4)
        self.assertEqual((counts["applied"], counts["dead_letters"]), (len(self.events) - 1, 2))
        letters = {letter["change"]: letter for letter in self.letters()}
        self.assertEqual(set(letters), {broken, "no JSON"})
        begin, lines = len(first.split("\n")) + 1, len(broken.split("\n"))
        self.assertIn(f"lines {begin} to {begin + lines - 1}", letters[broken]["reason"])
        self.assertEqual(letters[broken]["position"], str(begin + lines - 1))

    def test_a_file_that_is_one_broken_value(self):
        plain = self.home / "endless"
        with open(plain, "w") as out:
            out.write(to_lines(self.events[:1]) + '{"eventName":"')
            for _ in range(300):
                out.write("x" * (1 << 20))
        process = self.start_ctk("load", f"file+dynamodb+cdc://{plain}", self.target.url())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 4, process.stderr.read())
        self.assertLess(usage.ru_maxrss, 200 << 10, "kilobytes")
        (letter,) = self.letters()
        self.assertIn("longer than 32 MB", letter["reason"])
        self.assertEqual(len(letter["change"]), 64 << 10)

    def test_a_truncated_line_costs_that_line(self):
        lines = to_lines(self.events).splitlines()
        for at in 3, 50, 200:
            lines[at] = lines[at][:len(lines[at]) // 2]
        counts = self.load("\n".join(lines), expect=4)
        self.assertEqual((counts["applied"], counts["dead_letters"]), (len(self.events) - 3, 3))
        self.assertEqual({letter["position"] for letter in self.letters()}, {"4", "51", "201"})


class Times(Input):
    def test_every_spelling_is_the_same_time(self):
        spellings = ["2024-07-11T23:23:53Z", "2024-07-11T23:23:53.000Z", "2024-07-12T01:23:53+02:00",
                     "2024-07-11 23:23:53+00:00", 1720740233, 1720740233.0, 1720740233000, 1720740233000000, 1.720740233e9,
                     "1720740233", "1.720740233E9"]
        lines = [json.dumps({"eventName": "INSERT", "tableName": "demo", "dynamodb": {
            "ApproximateCreationDateTime": spelling, "Keys": {"pk": {"S": "a"}, "sk": {"N": str(i)}},
            "NewImage": {"pk": {"S": "a"}, "sk": {"N": str(i)}}}}) for i, spelling in enumerate(spellings)]
        self.load("\n".join(lines))
        versions = {row[0].split(".")[2] for row in self.target.query("SELECT cdc_version FROM demo")}
        self.assertEqual(versions, {"01720740233000000"})
        self.assertEqual(len(self.target.rows("demo")), len(spellings))


class OtherThings(Input):
    def test_the_reason_says_what_it_looks_like(self):
        lines = [json.dumps(line) for line in (
            {"Records": [{"eventSource": "aws:s3", "s3": {}}]}, {"version": "0", "detail-type": "x", "detail": {}},
            {"kinesis": {"data": base64.b64encode(b"\xf3\x89\x9a\xc2\x0a\x01p").decode()}}, {"pk": {"S": "a"}})]
        self.load(to_lines(self.events[:1]) + "\n".join(lines), expect=4)
        reasons = " | ".join(letter["reason"] for letter in self.letters())
        for words in "an event of S3", "EventBridge", "Kinesis Producer Library", "an item alone":
            self.assertIn(words, reasons)


if __name__ == "__main__":
    unittest.main()
