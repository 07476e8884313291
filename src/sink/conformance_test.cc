// The cases of the conformance suite: values, guards, order, replay.
#include "sink/conformance_test.h"
#include "table/keys.h"

#include <algorithm>

namespace ctk::sink::testing {
namespace {

using Kind = ChangeOutcome::Kind;
using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;

/// Images (typed JSON, without keys) that a careless sink loses something of.
const std::vector<std::string> kHardImages = {
    "{}",
    R"({"n":{"N":"12345678901234567890123456789012345678"}})",
    R"({"n":{"N":"-1234567890.1234567890123456789012345678"}})",
    R"({"n":{"N":"1E-130"},"m":{"N":"9.9999999999999999999999999999999999999E+125"}})",
    R"({"n":{"N":"9007199254740993"},"m":{"N":"9007199254740992"}})",
    R"({"n":{"N":"0.1"},"m":{"N":"1.10"},"z":{"N":"0"}})",
    R"({"s":{"S":""},"t":{"S":" "},"u":{"S":"null"}})",
    R"({"s":{"S":"a\u0000b"},"t":{"S":"tab\tquote\"back\\slash/\b\f\n\r\u0001"}})",
    R"({"s":{"S":"\u00e4\u20ac\ud83d\ude00 \u202e"}})",
    R"({"a\u0000b":{"S":"x"},"m":{"M":{"c\u0000":{"N":"1"}}}})",
    R"({"t":{"BOOL":true},"f":{"BOOL":false},"z":{"NULL":true}})",
    R"({"b":{"B":"AAH+/w=="},"e":{"B":""}})",
    R"({"ns":{"NS":["10","9","-1.5"]},"ss":{"SS":["b","a",""]},"bs":{"BS":["/w==","AA=="]}})",
    R"({"l":{"L":[{"N":"1"},{"S":"1"},{"NULL":true},{"L":[{"M":{"x":{"N":"1"}}}]},{"M":{}}]}})",
    R"({"m":{"M":{"a":{"M":{"b":{"M":{"c":{"N":"1E-100"}}}}},"empty":{"M":{}},"l":{"L":[]}}}})",
    R"({"a.b":{"S":"dot"},"a[0]":{"S":"bracket"},"_id":{"S":"x"},"a b":{"S":"blank"},"":{"S":"empty"}})",
    R"({"A":{"N":"1"},"a":{"N":"2"},"select":{"S":"word"},"cdc_version":{"S":"ours"},"data":{"S":"ours too"}})",
    R"({"m":{"M":{"x.y":{"S":"dot inside"},"":{"S":"empty inside"},"m":{"M":{"z]":{"L":[{"S":"q"}]}}}}}})",
    R"({"d":{"S":"2024-01-01"},"n":{"S":"22"},"b":{"S":"true"},"j":{"S":"{\"a\":1}"}})",
};

TEST_P(Conformance, AChangeBecomesARow) {
  auto change = put(1, text_key("a"), R"({"n":{"N":"1.50"},"s":{"S":"x"}})");
  open(*change);
  BatchOutcome outcome = apply(Changes{change});
  ASSERT_EQ(outcome.tables.size(), 1u);
  ASSERT_EQ(outcome.tables[0].size(), 1u);
  EXPECT_EQ(outcome.tables[0][0].kind, Kind::applied);
  auto stored = items();
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored["a"], expected(R"({"n":{"N":"1.5"},"s":{"S":"x"}})"));
}

TEST_P(Conformance, ValuesArriveExactly) {
  for (bool together : {false, true}) {
    opened.reset();
    Changes changes;
    for (size_t i = 0; i < kHardImages.size(); ++i) {
      changes.push_back(put(i + 1, text_key("item " + std::to_string(i)), kHardImages[i]));
    }
    open(*changes[0], together ? "together" : "alone");
    if (together) {
      apply(changes);
    } else {
      for (const auto& change : changes) apply(Changes{change});
    }
    auto stored = items();
    ASSERT_EQ(stored.size(), kHardImages.size());
    for (size_t i = 0; i < kHardImages.size(); ++i) {
      EXPECT_EQ(stored["item " + std::to_string(i)], expected(kHardImages[i])) << kHardImages[i];
    }
    EXPECT_TRUE(letters().empty());
  }
}

TEST_P(Conformance, ValuesArriveExactlyAsDynamodbJson) {
  options.tables.encoding = table::Encoding::dynamodb;
  sink = backend->make_sink(options);
  Changes changes;
  for (size_t i = 0; i < kHardImages.size(); ++i)
    changes.push_back(put(i + 1, text_key(std::to_string(i)), kHardImages[i]));
  open(*changes[0]);
  apply(changes);
  auto stored = items();
  for (size_t i = 0; i < kHardImages.size(); ++i) EXPECT_EQ(stored[std::to_string(i)], expected(kHardImages[i]));
}

TEST_P(Conformance, DocumentsHoldTheWholeItem) {
  options.tables.layout = table::Layout::document;
  sink = backend->make_sink(options);
  auto change = put(1, R"({"sk":{"N":"1.0"},"pk":{"S":"a\"b"}})", R"({"n":{"N":"2"}})");
  open(*change);
  apply(Changes{change});
  auto stored = items();
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored.begin()->first, R"({"pk":"a\"b","sk":1})");
  EXPECT_EQ(stored.begin()->second, expected(R"({"sk":{"N":"1"},"pk":{"S":"a\"b"},"n":{"N":"2"}})"));
}

TEST_P(Conformance, TypesMayConflict) {
  const std::vector<std::string> values = {
      R"({"N":"1"})",         R"({"S":"one"})",      R"({"BOOL":true})", R"({"M":{"x":{"N":"1"}}})",
      R"({"L":[{"N":"1"}]})", R"({"L":[{"M":{}}]})", R"({"NULL":true})", R"({"M":{"x":{"S":"s"}}})",
      R"({"SS":["a"]})",      R"({"N":"1.5"})",      R"({"S":"22"})",    R"({"L":[{"S":"x"}]})"};
  Changes changes;
  for (size_t i = 1; i <= values.size(); ++i) {
    changes.push_back(put(i, text_key(std::to_string(i)), R"({"v":)" + values[i - 1] + "}"));
  }
  open(*changes[0]);
  apply(Changes(changes.begin(), changes.begin() + 3));
  apply(changes);
  auto stored = items();
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(stored[std::to_string(i + 1)], expected(R"({"v":)" + values[i] + "}")) << values[i];
  }
}

TEST_P(Conformance, KeysOfEveryTypeStayApart) {
  const std::vector<std::string> keys = {R"({"h":{"S":"a"},"r":{"N":"1"}})",      R"({"h":{"S":"a"},"r":{"N":"2"}})",
                                         R"({"h":{"S":"a"},"r":{"N":"-1"}})",     R"({"h":{"S":"A"},"r":{"N":"1"}})",
                                         R"({"h":{"S":"a "},"r":{"N":"1"}})",     R"({"h":{"S":""},"r":{"N":"1"}})",
                                         R"({"h":{"S":"\u00e4"},"r":{"N":"1"}})", R"({"h":{"S":"a\u0308"},"r":{"N":"1"}})",
                                         R"({"h":{"S":"a/1"},"r":{"N":"0"}})"};
  Changes changes;
  for (size_t i = 0; i < keys.size(); ++i)
    changes.push_back(put(i + 1, keys[i], R"({"i":{"N":")" + std::to_string(i) + R"("}})"));
  open(*changes[0]);
  // What a target would take for another key it refuses.
  const auto taken = std::ranges::count_if(
      changes, [&](const auto& change) { return table::key_cells(opened->renderer->spec(), change->keys()).has_value(); });
  const auto held = static_cast<size_t>(taken);
  apply(changes);
  EXPECT_EQ(rows().size(), held);
  EXPECT_EQ(letters().size(), keys.size() - held);
  changes.clear();
  for (size_t i = 0; i < keys.size(); ++i) changes.push_back(removal(100 + i, keys[i]));
  apply(changes);
  for (const StoredRow& row : rows()) EXPECT_TRUE(row.deleted);
  EXPECT_EQ(rows().size(), held);
}

TEST_P(Conformance, BinaryKeysStayApart) {
  Changes changes = {put(1, R"({"b":{"B":"AA=="}})", "{}"), put(2, R"({"b":{"B":"AAA="}})", "{}"),
                     put(3, R"({"b":{"B":"/w=="}})", "{}"), put(4, R"({"b":{"B":"QQ=="}})", "{}")};
  open(*changes[0]);
  apply(changes);
  EXPECT_EQ(rows().size(), 4u);
  apply(Changes{removal(5, R"({"b":{"B":"AA=="}})")});
  EXPECT_EQ(rows().size(), 4u);
}

TEST_P(Conformance, OneNumberIsOneKey) {
  auto change = put(1, R"({"n":{"N":"1.0"}})", R"({"v":{"N":"1"}})");
  open(*change);
  apply(Changes{change});
  apply(Changes{put(2, R"({"n":{"N":"1"}})", R"({"v":{"N":"2"}})")});
  apply(Changes{put(3, R"({"n":{"N":"1e0"}})", R"({"v":{"N":"3"}})")});
  auto stored = items();
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored.begin()->second, expected(R"({"v":{"N":"3"}})"));
}

TEST_P(Conformance, OnlyNewerVersionsApply) {
  auto second = put(2, text_key("a"), R"({"v":{"N":"2"}})");
  open(*second);
  bool hears = sink->traits().reports_stale();
  apply(Changes{second});
  for (uint64_t version : {1, 2}) {
    BatchOutcome outcome = apply(Changes{put(version, text_key("a"), R"({"v":{"S":"other"}})")});
    EXPECT_EQ(outcome.tables[0][0].kind, hears ? Kind::stale : Kind::applied);
    EXPECT_EQ(items()["a"], expected(R"({"v":{"N":"2"}})"));
  }
  apply(Changes{removal(1, text_key("a"))});
  EXPECT_EQ(items()["a"], expected(R"({"v":{"N":"2"}})"));
  apply(Changes{put(3, text_key("a"), R"({"w":{"N":"3"}})")});
  EXPECT_EQ(items()["a"], expected(R"({"w":{"N":"3"}})"));
}

TEST_P(Conformance, EachRowTellsWhetherItWasStale) {
  Changes old, changes;
  for (uint64_t i = 0; i < 20; ++i) {
    std::string key = text_key(std::to_string(i));
    if (i % 3 == 0) old.push_back(put(1000 + i, key, "{}"));
    changes.push_back(put(100 + i, key, "{}"));
  }
  open(*changes[0]);
  if (!sink->traits().reports_stale()) GTEST_SKIP() << "the target does not tell";
  apply(old);
  BatchOutcome outcome = apply(changes);
  for (uint64_t i = 0; i < 20; ++i) {
    EXPECT_EQ(outcome.tables[0][i].kind, i % 3 == 0 ? Kind::stale : Kind::applied) << i;
  }
}

TEST_P(Conformance, DeletesAreMarksAndItemsMayComeBack) {
  auto change = put(1, text_key("a"), R"({"v":{"N":"1"}})");
  open(*change);
  apply(Changes{change});
  apply(Changes{removal(3, text_key("a"))});
  EXPECT_EQ(items()["a"], "deleted");
  apply(Changes{put(2, text_key("a"), R"({"v":{"N":"2"}})")});
  EXPECT_EQ(items()["a"], "deleted") << "an older change does not revive an item";
  apply(Changes{put(4, text_key("a"), R"({"v":{"N":"4"}})")});
  EXPECT_EQ(items()["a"], expected(R"({"v":{"N":"4"}})"));
  apply(Changes{removal(9, text_key("never seen"))});
  EXPECT_EQ(items()["never seen"], "deleted") << "a delete that comes first leaves its mark";
}

TEST_P(Conformance, SoftDeletesKeepTheContent) {
  options.tables.deletes = table::Deletes::soft;
  sink = backend->make_sink(options);
  auto change = put(1, text_key("a"), R"({"v":{"N":"1"}})");
  open(*change);
  apply(Changes{change});
  apply(Changes{removal(2, text_key("a"))});
  EXPECT_EQ(items()["a"], expected(R"({"v":{"N":"1"}})") + " deleted");
  apply(Changes{put(3, text_key("a"), R"({"w":{"N":"3"}})")});
  EXPECT_EQ(items()["a"], expected(R"({"w":{"N":"3"}})"));
}

TEST_P(Conformance, TheLiveViewShowsLivingRows) {
  auto change = put(1, text_key("a"), R"({"v":{"N":"1"}})");
  open(*change);
  apply(Changes{change, put(2, text_key("b"), "{}"), removal(3, text_key("c"))});
  backend->refresh(*sink, name("demo"));
  EXPECT_EQ(count(backend->quoted(name("demo"))), 3);
  EXPECT_EQ(count(backend->quoted(name("demo_live"))), 2);
  Result<ResultSet> shown = query("SELECT * FROM " + backend->quoted(name("demo_live")));
  ASSERT_TRUE(shown);
  for (const ResultSet::Column& column : shown->columns) EXPECT_FALSE(column.name.starts_with("cdc_")) << column.name;
}

/// A short history of a few items: many changes of each, deletes among them.
Changes history(uint64_t length, uint64_t seed) {
  Random random(seed);
  Changes changes;
  for (uint64_t version = 1; version <= length; ++version) {
    std::string key = text_key("k" + std::to_string(random.below(4)));
    if (random.below(4) == 0) {
      changes.push_back(removal(version, key));
    } else {
      std::string value = random.below(2) == 0 ? R"({"N":")" + std::to_string(version) + R"("})" : R"({"S":"x"})";
      changes.push_back(put(version, key, R"({"v":)" + value + R"(,"w":{"N":")" + std::to_string(version) + R"("}})"));
    }
  }
  return changes;
}

TEST_P(Conformance, AnyOrderAndAnyBatchesGiveTheSameTable) {
  Changes all = history(24, 7);
  open(*all[0], "reference");
  apply(all);
  auto reference = items();
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    Random random(seed);
    Changes shuffled = all;
    for (size_t i = shuffled.size(); i > 1; --i) std::swap(shuffled[i - 1], shuffled[random.below(i)]);
    for (size_t i = 0; i < 6; ++i) shuffled.push_back(shuffled[random.below(shuffled.size())]);  // repeated late
    open(*all[0], "shuffled_" + std::to_string(seed));
    for (size_t next = 0; next < shuffled.size();) {
      size_t end = std::min(shuffled.size(), next + 1 + random.below(9));
      apply(Changes(shuffled.begin() + static_cast<ptrdiff_t>(next), shuffled.begin() + static_cast<ptrdiff_t>(end)));
      next = end;
    }
    EXPECT_EQ(items(), reference) << "seed " << seed;
  }
}

TEST_P(Conformance, AnySuffixMayBeReplayed) {
  Changes all = history(16, 3);
  open(*all[0]);
  for (const auto& change : all) apply(Changes{change});
  auto reference = items();
  for (size_t from : {0u, 5u, 11u, 15u}) {
    for (size_t i = from; i < all.size(); ++i) apply(Changes{all[i]});
    EXPECT_EQ(items(), reference) << "replayed from " << from;
  }
}

TEST_P(Conformance, LargeItemsArrive) {
  std::string text(390'000, 'x');
  std::string image = R"({"s":{"S":")" + text + R"("}})";
  Changes changes;
  for (uint64_t i = 1; i <= 5; ++i) changes.push_back(put(i, text_key(std::to_string(i)), image));
  std::string numbers;
  for (int i = 0; i < 20'000; ++i) numbers += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\"";
  changes.push_back(put(6, text_key("numbers"), R"({"ns":{"NS":[)" + numbers + "]}}"));
  open(*changes[0]);
  apply(changes);
  auto stored = items();
  EXPECT_EQ(stored["3"], expected(image));
  EXPECT_EQ(stored["numbers"], expected(R"({"ns":{"NS":[)" + numbers + "]}}"));
  EXPECT_TRUE(letters().empty());
}

TEST_P(Conformance, DeepItemsArrive) {
  std::string image = R"({"N":"1"})";
  for (int depth = 0; depth < 31; ++depth)
    image = (depth % 2 == 0 ? R"({"M":{"m":)" + image + "}}" : R"({"L":[)" + image + "]}");
  auto change = put(1, text_key("deep"), R"({"d":)" + image + "}");
  open(*change);
  apply(Changes{change});
  EXPECT_EQ(items()["deep"], expected(R"({"d":)" + image + "}"));
}

TEST_P(Conformance, BatchesOfManyRowsAndTables) {
  Changes many;
  for (uint64_t i = 0; i < 1500; ++i) {
    many.push_back(put(i + 1, text_key("key " + std::to_string(i)), R"({"i":{"N":")" + std::to_string(i) + R"("}})"));
  }
  open(*many[0], "second");
  OpenTable second = *opened;
  open(*many[0], "first");
  auto batch = batch_of(many);
  batch->tables.push_back(writes_of(second, Changes(many.begin(), many.begin() + 3)));
  Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  ASSERT_EQ(outcome->tables.size(), 2u);
  EXPECT_EQ(outcome->tables[0].size(), 1500u);
  EXPECT_EQ(outcome->tables[1].size(), 3u);
  auto stored = items();
  EXPECT_EQ(stored.size(), 1500u);
  EXPECT_EQ(stored["key 1234"], expected(R"({"i":{"N":"1234"}})"));
  opened = second;
  EXPECT_EQ(items().size(), 3u);
}

TEST_P(Conformance, OnceItIsGoneNobodyIsTold) {
  const auto change = put(1, text_key("a"), "{}");
  open(*change);
  bool events = false;
  const auto hear = [&](const auto&) { events = true; };
  std::unique_ptr<Database> leaving = backend->make_sink(options);
  leaving->connect(hear);
  leaving->records(hear);
  leaving->exists(name("demo"), hear);
  leaving->open(opened->renderer->spec(), registration_of(opened->renderer->spec()), hear);
  leaving->apply(batch_of({change}), hear);
  leaving->positions().relays(hear);
  leaving->positions().read(relay, hear);
  leaving->query("SELECT 1", hear);
  leaving->show(name("demo"), hear);
  leaving->dead_letters(std::nullopt, hear);
  leaving.reset();
  // Another one's calls come behind whatever was still to come.
  ASSERT_TRUE(await<bool>([&](auto done) { sink->connect(std::move(done)); }));
  EXPECT_TRUE(await<std::vector<coordination::TableRecord>>([&](auto done) { sink->records(std::move(done)); }));
  EXPECT_FALSE(events);
}

}  // namespace
}  // namespace ctk::sink::testing
