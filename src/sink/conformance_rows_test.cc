// The cases of the conformance suite: stored rows, read for comparison (row_reader.h).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "dynamodb/decode.h"
#include "sink/conformance_test.h"
#include "table/keys.h"

namespace ctk::sink::testing {
namespace {

using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;

class Reading {
 public:
  explicit Reading(const OpenTable& table) : spec_(std::make_shared<const table::TableSpec>(table.renderer->spec())) {}

  RowReader::Spec spec() const { return spec_; }
  std::vector<table::KeyCell> cells(const dynamodb::Change& change) const {
    return table::key_cells(*spec_, change.keys()).value_or(std::vector<table::KeyCell>{});
  }
  KeyTexts texts(const dynamodb::Change& change) const {
    KeyTexts texts;
    for (const table::KeyCell& cell : cells(change)) texts.push_back(cell.text);
    return texts;
  }

 private:
  RowReader::Spec spec_;
};

TEST_P(Conformance, RowsAreReadByTheirKeys) {
  Changes changes;
  for (const std::string& key : odd_keys(options.kind)) {
    changes.push_back(put(changes.size() + 1, key, R"({"n":{"N":")" + std::to_string(changes.size()) + R"("}})"));
  }
  open(*changes.front());
  apply(changes);
  apply(Changes{removal(1000, std::string(changes[2]->key))});
  const Reading reading(*opened);
  std::vector<std::vector<table::KeyCell>> keys;
  for (const auto& change : changes) keys.push_back(reading.cells(*change));
  keys.insert(keys.begin() + 1, reading.cells(*put(1, R"({"pk":{"S":"none"},"sk":{"N":"7"}})", "{}")));
  const auto rows = await<RowReader::Rows>([&](auto done) { sink->read_rows(reading.spec(), keys, std::move(done)); });
  ASSERT_TRUE(rows) << to_string(rows.error());
  ASSERT_EQ(rows->size(), keys.size());
  EXPECT_EQ((*rows)[1], std::nullopt);
  for (size_t i = 0; i < rows->size(); ++i) {
    if (i == 1) continue;
    const std::optional<HeldRow>& row = (*rows)[i];
    ASSERT_TRUE(row) << i;
    const size_t change = i < 1 ? i : i - 1;
    if (change == 2) {
      EXPECT_TRUE(row->deleted);
      EXPECT_EQ(row->data, std::nullopt);
      continue;
    }
    EXPECT_FALSE(row->deleted);
    EXPECT_EQ(row->version, table::version_text(opened->record.epoch, changes[change]->order));
    JsonTree held = json_tree(row->data.value_or("null"));
    if (row->aux) continue;
    EXPECT_EQ(held.str(), R"({"n":)" + std::to_string(change) + "}");
  }
}

TEST_P(Conformance, KeysOfLivingRowsAreWalkedOnceEach) {
  Changes changes;
  for (const std::string& key : odd_keys(options.kind)) changes.push_back(put(changes.size() + 1, key, "{}"));
  open(*changes.front());
  apply(changes);
  apply(Changes{removal(1000, std::string(changes[2]->key))});
  const Reading reading(*opened);
  std::multiset<KeyTexts> expected, found;
  for (const auto& change : changes) {
    if (change != changes[2]) expected.insert(reading.texts(*change));
  }
  std::vector<std::string> from;
  size_t pages = 0;
  do {
    const auto page = await<KeyPage>([&](auto done) { sink->read_keys(reading.spec(), from, 7, std::move(done)); });
    ASSERT_TRUE(page) << to_string(page.error());
    EXPECT_LE(page->keys.size(), 7u);
    found.insert(page->keys.begin(), page->keys.end());
    from = page->next;
  } while (!from.empty() && ++pages < 100);
  EXPECT_EQ(found, expected);
}

TEST_P(Conformance, LivingRowsAreShownOnceEach) {
  Changes changes;
  for (const std::string& key : odd_keys(options.kind)) {
    changes.push_back(put(changes.size() + 1, key, R"({"n":{"N":")" + std::to_string(changes.size()) + R"("}})"));
  }
  open(*changes.front());
  apply(changes);
  apply(Changes{removal(1000, std::string(changes[2]->key))});
  const Reading reading(*opened);
  std::map<KeyTexts, std::string> expected, shown;
  for (size_t i = 0; i < changes.size(); ++i) {
    if (i != 2) expected[reading.texts(*changes[i])] = R"({"n":)" + std::to_string(i) + "}";
  }
  size_t rows = 0;
  const RowVisit visit = [&](const KeyTexts& key, auto data, auto /*aux*/) {
    shown[key] = json_tree(std::string(data.value_or("null"))).str();
    return ++rows > 0;
  };
  auto all = await<bool>([&](auto done) { sink->walk_rows(reading.spec(), visit, std::move(done)); });
  ASSERT_TRUE(all) << to_string(all.error());
  EXPECT_TRUE(*all);
  EXPECT_EQ(shown, expected);
  EXPECT_EQ(rows, expected.size());
  // Whoever wants no more ends it, and the connection does its work afterwards.
  rows = 0;
  const RowVisit first = [&](const auto&, auto, auto) { return ++rows < 3; };
  all = await<bool>([&](auto done) { sink->walk_rows(reading.spec(), first, std::move(done)); });
  ASSERT_TRUE(all) << to_string(all.error());
  EXPECT_FALSE(*all);
  EXPECT_EQ(rows, 3u);
  EXPECT_TRUE(await<KeyPage>([&](auto done) { sink->read_keys(reading.spec(), {}, 7, std::move(done)); }));
}

/// So that an item is told from its row by what both are made of, without a question for each.
TEST_P(Conformance, AnItemIsRenderedToWhatItsRowIsShownAs) {
  const Changes changes{
      put(1, text_key("a"), R"({"n":{"N":"1"},"s":{"S":"text"},"m":{"M":{"l":{"L":[{"N":"1"},{"N":"2.5"}]}}}})"),
      put(2, text_key("b"), R"({"n":{"S":"other type"},"s":{"NULL":true},"m":{"M":{"l":{"L":[]},"z":{"BOOL":true}}}})"),
      put(3, text_key("c"), R"({"set":{"SS":["x","y"]},"b":{"B":"AAE="},"l":{"L":[{"M":{"a":{"N":"1"}}},{"S":"x"}]}})"),
      put(4, text_key("d"), R"({"n":{"N":"12345678901234567890.5"},"e":{"M":{}},"é":{"S":"\u20ac\n\"😀"}})"),
  };
  open(*changes.front());
  for (const auto& change : changes) apply(Changes{change});  // each after what those before it have taught
  const Reading reading(*opened);
  const auto types = await<table::LearnedTypes>([&](auto done) { sink->learned_types(reading.spec(), std::move(done)); });
  ASSERT_TRUE(types) << to_string(types.error());
  const table::Renderer renderer(*reading.spec(), *types);
  using Content = std::pair<std::string, std::string>;
  const auto content = [](std::optional<std::string_view> data, std::optional<std::string_view> aux) {
    return Content(json_tree(std::string(data.value_or("null"))).str(), json_tree(std::string(aux.value_or("null"))).str());
  };
  std::map<KeyTexts, Content> expected, shown;
  for (const auto& change : changes) {
    const table::Rendered rendered = renderer.render(*change, 1);
    const auto* row = std::get_if<table::Row>(&rendered);
    ASSERT_NE(row, nullptr) << change->key;
    expected[reading.texts(*change)] = content(row->data.view(), row->aux.view());
  }
  const RowVisit visit = [&](const KeyTexts& key, auto data, auto aux) {
    shown[key] = content(data, aux);
    return true;
  };
  const auto all = await<bool>([&](auto done) { sink->walk_rows(reading.spec(), visit, std::move(done)); });
  ASSERT_TRUE(all) << to_string(all.error());
  EXPECT_EQ(shown, expected);
}

TEST_P(Conformance, KeysOfBytesAreWalkedAndRead) {
  Changes changes;
  for (const char* base64 : {"AA==", "AP8=", "AAE=", "YWJj", "/w=="}) {
    changes.push_back(put(changes.size() + 1, std::string(R"({"pk":{"B":")") + base64 + R"("}})", "{}"));
  }
  open(*changes.front());
  apply(changes);
  const Reading reading(*opened);
  std::multiset<KeyTexts> expected, found;
  std::vector<std::vector<table::KeyCell>> keys;
  for (const auto& change : changes) {
    expected.insert(reading.texts(*change));
    keys.push_back(reading.cells(*change));
  }
  std::vector<std::string> from;
  size_t pages = 0;
  do {
    const auto page = await<KeyPage>([&](auto done) { sink->read_keys(reading.spec(), from, 2, std::move(done)); });
    ASSERT_TRUE(page) << to_string(page.error());
    found.insert(page->keys.begin(), page->keys.end());
    from = page->next;
  } while (!from.empty() && ++pages < 100);
  EXPECT_EQ(found, expected);
  const auto rows = await<RowReader::Rows>([&](auto done) { sink->read_rows(reading.spec(), keys, std::move(done)); });
  ASSERT_TRUE(rows) << to_string(rows.error());
  EXPECT_TRUE(std::ranges::all_of(*rows, [](const auto& row) { return row.has_value(); }));
}

TEST_P(Conformance, KeysOfAllPlanesAreWalkedOnceEach) {
  const char* const texts[] = {"a\uFF5E", "a\U0001F600", "a\u00E9", "a", "b", "\uE000", "\U0010FFFF"};
  for (const bool both : {false, true}) {
    sink = backend->make_sink(options);
    Changes changes;
    for (int i = 0; i < 8; ++i) {
      for (const char* text : texts) {
        const std::string range = both ? fmt::format(R"(,"sk":{{"S":"{}"}})", texts[static_cast<size_t>(i) % 7]) : "";
        changes.push_back(put(changes.size() + 1, fmt::format(R"({{"pk":{{"S":"{}{}"}}{}}})", text, i, range), "{}"));
      }
    }
    opened = open(*sink, both ? "both" : "one", *changes.front()).value();
    apply(changes);
    const Reading reading(*opened);
    std::multiset<KeyTexts> expected, found;
    for (const auto& change : changes) expected.insert(reading.texts(*change));
    std::vector<std::string> from;
    size_t pages = 0;
    do {
      const auto page = await<KeyPage>([&](auto done) { sink->read_keys(reading.spec(), from, 3, std::move(done)); });
      ASSERT_TRUE(page) << to_string(page.error());
      found.insert(page->keys.begin(), page->keys.end());
      from = page->next;
    } while (!from.empty() && ++pages < 100);
    EXPECT_EQ(found, expected);
  }
}

TEST_P(Conformance, ManyRowsAreReadAsSoonAsTheyAreWritten) {
  Changes changes;
  for (size_t i = 0; i < 250; ++i) {
    changes.push_back(put(i + 1, fmt::format(R"({{"pk":{{"S":"p{}"}},"sk":{{"N":"{}"}}}})", i, i), "{}"));
  }
  open(*changes.front());
  apply(changes);
  const Reading reading(*opened);
  std::vector<std::vector<table::KeyCell>> keys;
  std::vector<std::string> named;
  for (const auto& change : changes) {
    keys.push_back(reading.cells(*change));
    named.emplace_back(change->key);
  }
  const auto rows = await<RowReader::Rows>([&](auto done) { sink->read_rows(reading.spec(), keys, std::move(done)); });
  ASSERT_TRUE(rows) << to_string(rows.error());
  EXPECT_EQ(std::ranges::count_if(*rows, [](const auto& row) { return row.has_value(); }), 250);
  const auto versions =
      await<RowVersions>([&](auto done) { sink->row_versions(opened->record.table, named, std::move(done)); });
  ASSERT_TRUE(versions) << to_string(versions.error());
  EXPECT_EQ(versions->size(), 250u);
}

/// An item as a load has it.
std::shared_ptr<const dynamodb::Change> scanned(const std::string& item) {
  dynamodb::RawRecord record;
  record.data = item;
  record.arrival = parse_timestamp("2026-11-29T00:00:00Z").value();
  dynamodb::Decoded decoded = dynamodb::Decoder().decode_item(std::move(record), {"source", {"pk"}});
  EXPECT_EQ(decoded.changes.size(), 1u);
  return std::make_shared<const dynamodb::Change>(std::move(decoded.changes.front()));
}

TEST_P(Conformance, RowsAreRepairedWhereTheyAreAsTheyWere) {
  Changes changes;
  for (const char* key : {"same", "moved", "gone", "went", "marked"}) {
    changes.push_back(put(changes.size() + 1, text_key(key), R"({"n":{"N":"1"}})"));
  }
  open(*changes.front());
  apply(changes);
  const auto version = [&](size_t change) { return table::version_text(opened->record.epoch, changes[change]->order); };
  apply(Changes{put(10, text_key("moved"), R"({"n":{"N":"10"}})"), put(11, text_key("went"), R"({"n":{"N":"11"}})"),
                removal(12, text_key("marked"))});
  const Reading reading(*opened);
  const auto item = [](const std::string& key) { return scanned(R"({"pk":{"S":")" + key + R"("},"n":{"N":"5"}})"); };
  std::vector<RowRepair> repairs;
  const auto repair = [&](const std::string& key, bool has_item, std::optional<std::string> at) {
    repairs.push_back({reading.cells(*put(1, text_key(key), "{}")), has_item ? item(key) : nullptr, std::move(at)});
  };
  repair("same", true, version(0));
  repair("moved", true, version(1));  // a newer change has come
  repair("gone", false, version(2));  // there is no item
  repair("went", false, version(3));  // likewise, but a newer change has come
  repair("marked", true, table::version_text(opened->record.epoch, removal(12, text_key("marked"))->order));
  repair("missing", true, std::nullopt);
  const auto done = await<bool>(
      [&](auto answer) { sink->repair_rows(reading.spec(), opened->record.epoch, repairs, std::move(answer)); });
  ASSERT_TRUE(done) << to_string(done.error());
  auto stored = items();
  EXPECT_EQ(stored["same"], R"({"n":5})");
  EXPECT_EQ(stored["moved"], R"({"n":10})");
  EXPECT_EQ(stored["gone"], "deleted");
  EXPECT_EQ(stored["went"], R"({"n":11})");
  EXPECT_EQ(stored["marked"], R"({"n":5})");
  EXPECT_EQ(stored["missing"], R"({"n":5})");
  // Versions stayed, so older changes lose and newer ones win; any change wins over what was missing.
  apply(Changes{put(9, text_key("marked"), "{}"), put(2, text_key("same"), R"({"n":{"N":"2"}})"),
                put(1, text_key("missing"), R"({"n":{"N":"1"}})")});
  stored = items();
  EXPECT_EQ(stored["marked"], R"({"n":5})");
  EXPECT_EQ(stored["same"], R"({"n":2})");
  EXPECT_EQ(stored["missing"], R"({"n":1})");
  // A row that has come meanwhile is not missing any more.
  repairs.clear();
  repair("missing", true, std::nullopt);
  ASSERT_TRUE(await<bool>(
      [&](auto answer) { sink->repair_rows(reading.spec(), opened->record.epoch, repairs, std::move(answer)); }));
  EXPECT_EQ(items()["missing"], R"({"n":1})");
}

}  // namespace
}  // namespace ctk::sink::testing
