"""`ctk verify` of every target in every form: layouts, encodings, selections, types of keys. What differs differs in
DynamoDB, so nothing is asked of a target but what a user asks."""
import json
import unittest
import uuid

from harness import Case, CrateTarget, MariadbTarget, PostgresTarget, SqliteTarget, crate_address
from odbc import OdbcMariadbTarget, OdbcPostgresTarget, OdbcSqliteTarget
from servers import FakeCrateDb, Mariadb, Mysql, Postgres
from simulator import Simulator

SERVERS = {}


def server(name):
    """Started when it is asked for first; CrateDB's by its address."""
    if name not in SERVERS:
        address = crate_address() if name == "crate" else ""
        started = None if address else {"postgres": Postgres, "mariadb": Mariadb, "mysql": Mysql, "crate": FakeCrateDb}[name]()
        if started:
            unittest.addModuleCleanup(started.stop)
        SERVERS[name] = address or (started.url if name == "crate" else started)
    return SERVERS[name]


# Texts that collations fold, bytes, numbers in every form.
TEXTS = ("a", "A", "a ", "ä", "a\u0308", "it's", "10", "9", "日本", "\U0001f600")
BYTES = ("AA==", "AP8=", "AAE=", "YWJj", "/w==")
NUMBERS = ("7", "-7", "100", "12345678901234567", "0.1", "-2.5", "1E+20", "1E-6", "0.12345678901234567")
SELECTION = dict(include="v,odd,m.kept,l,sets", exclude="m.kept.x", rename='v:value,m:"a map"')


class Forms(Case):
    layouts = ("columns", "document")
    numbers = NUMBERS

    def setUp(self):
        super().setUp()
        self.simulator = Simulator(self, "--limits", "off")
        self.target = self.make_target()

    def table(self, *keys):
        """A new one; keys as "name:type"."""
        name = f"t{uuid.uuid4().hex[:8]}"
        keys = [each.split(":") for each in keys]
        self.simulator.dynamodb("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
                                KeySchema=[{"AttributeName": key, "KeyType": role}
                                           for (key, _), role in zip(keys, ("HASH", "RANGE"))],
                                AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in keys])
        return name

    def put(self, table, key, value):
        self.simulator.dynamodb("PutItem", TableName=table, Item=key | {
            "v": {"N": str(value)}, "odd": {"N": "0.12345678901234567890123456789"}, "tiny": {"N": "1E-100"},
            "m": {"M": {"kept": {"M": {"x": {"S": "y"}, "z": {"NULL": True}}}, "other": {"BOOL": False}}},
            "l": {"L": [{"N": "1"}, {"S": "ä"}, {"M": {}}, {"L": []}]},
            "sets": {"M": {"n": {"NS": ["3", "1E+1", "2"]}, "s": {"SS": ["b", "a"]}, "b": {"BS": ["AA==", "/w=="]}}},
            "empty": {"S": ""}, "bytes": {"B": "AP8="}})

    def source(self, table, **options):
        query = "".join(f"&{name}={value}" for name, value in options.items())
        return f"dynamodb://k:s@127.0.0.1:{self.simulator.port}/{table}?region=us-east-1{query}"

    def verify(self, source, url, *more, expect=0):
        out, _ = self.run_ctk("verify", source, url, "--format", "json", "--settle", "0", *more, expect=expect)
        *lines, totals = (json.loads(line) for line in out.splitlines())
        return {(json.dumps(each["key"], sort_keys=True), each["difference"], tuple(each["paths"])) for each in lines}, totals

    def check(self, keys, *options, selection=None, **url_options):
        """A table is loaded; then an item is changed, one comes, one goes: that is found, and repaired."""
        with self.subTest(options=options, selection=bool(selection), **url_options):
            names = tuple(f"{name}:{next(iter(value))}" for name, value in keys[0].items())
            table = self.table(*names)
            last = keys[-1]
            for number, key in enumerate(keys[:-1]):
                self.put(table, key, number)
            source = self.source(table, **(selection or {}))
            url = self.target.url(table, **url_options)
            self.run_ctk("load", source, url, *options)
            loaded = len(keys) - 1
            self.put(table, keys[0], 4711)
            self.simulator.dynamodb("DeleteItem", TableName=table, Key=keys[1])
            self.put(table, last, 1)
            as_text = lambda key: json.dumps(key, sort_keys=True)
            found, totals = self.verify(source, url, *options, expect=5)
            self.assertEqual(found, {(as_text(keys[0]), "different", ("v",)), (as_text(keys[1]), "extra", ()),
                                     (as_text(last), "missing", ())})
            self.assertEqual((totals["equal"], totals["rows"]), (loaded - 2, loaded))
            _, totals = self.verify(source, url, "--repair", *options)
            self.assertEqual(totals["repaired"], 3)
            found, totals = self.verify(source, url, *options)
            self.assertEqual((found, totals["equal"], totals["rows"]), (set(), loaded, loaded))

    def keys(self, pk="S", sk=None):
        values = {"S": TEXTS, "N": self.numbers, "B": BYTES}
        if sk is None:
            return [{"pk": {pk: value}} for value in values[pk]]
        return [{"pk": {pk: first}, "sk": {sk: second}} for first in values[pk][:4] for second in values[sk][:6]]

    def test_layouts_encodings_and_selections(self):
        keys = self.keys("S", "N")
        for layout in self.layouts:
            for encoding in ("plain", "dynamodb"):
                for selection in (None, SELECTION):
                    self.check(keys, layout=layout, encoding=encoding, selection=selection)

    def test_keys(self):
        for layout in self.layouts:
            self.check(self.keys("S"), layout=layout)
            self.check(self.keys("N"), layout=layout)
            self.check(self.keys("B"), layout=layout)
            self.check(self.keys("B", "N"), layout=layout)
            self.check(self.keys("N", "B"), layout=layout)

    def test_the_type_of_a_key(self):
        for layout in self.layouts:
            if layout == "document":
                continue
            self.check(self.keys("S", "N"), "--key-type.sk=text", layout=layout)
            self.check(self.keys("N"), "--key-type.pk=text", layout=layout)
            self.check([{"pk": {"N": each}} for each in ("1", "-2", "300", "4")], "--key-type.pk=bigint", layout=layout)
            self.check([{"pk": {"S": each}} for each in ("1", "-2", "300", "4")], "--key-type.pk=bigint", layout=layout)


class ToSqliteFile(Forms):
    def make_target(self):
        return SqliteTarget(self.home)


class ToPostgreSql(Forms):
    def make_target(self):
        return PostgresTarget(server("postgres"), f"s{uuid.uuid4().hex[:8]}")


class ToMariaDb(Forms):
    def make_target(self):
        return MariadbTarget(server("mariadb"), f"d{uuid.uuid4().hex[:8]}")


@unittest.skipUnless(Mysql.HOME, Mysql.MISSING)
class ToMySql(Forms):
    def make_target(self):
        return MariadbTarget(server("mysql"), f"d{uuid.uuid4().hex[:8]}")


class ToCrateDb(Forms):
    layouts = ("ctk", "columns", "document")
    numbers = ("7", "-7", "100", "12345678901234567", "0", "-1", "8")

    def make_target(self):
        target = CrateTarget(server("crate"), f"ctk_test_{uuid.uuid4().hex[:8]}")
        self.addCleanup(target.drop)
        return target


class OdbcToPostgreSql(Forms):
    def make_target(self):
        return OdbcPostgresTarget(server("postgres"), f"s{uuid.uuid4().hex[:8]}")


class OdbcToMariaDb(Forms):
    def make_target(self):
        return OdbcMariadbTarget(server("mariadb"), f"d{uuid.uuid4().hex[:8]}")


class OdbcToSqliteFile(Forms):
    def make_target(self):
        return OdbcSqliteTarget(self.home)


del Forms

if __name__ == "__main__":
    unittest.main()
