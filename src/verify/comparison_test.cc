#include "verify/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "table/change_testing.h"
#include "table/render.h"

namespace ctk::verify {
namespace {

using table::Target;
using table::testing::insert_of;
using testing::ElementsAre;
using testing::IsEmpty;

table::TableSpec spec_for(Target target, const dynamodb::Change& change, const table::TableOptions& options) {
  return table::make_spec(target, {"s", "demo"}, "demo", table::key_schema_of(change), options).value();
}

/// What a row of these texts says of an item.
Comparison compare(const std::string& item, sink::HeldRow row, const table::TableOptions& options = {},
                   Target target = Target::sqlite) {
  const dynamodb::Change change = insert_of(item);
  const table::TableSpec spec = spec_for(target, change, options);
  return Comparer(spec).compare(change, row);
}

std::vector<std::string> paths(const std::string& item, const std::string& data,
                               const std::optional<std::string>& aux = std::nullopt,
                               const table::TableOptions& options = {}) {
  const Comparison comparison = compare(item, {data, aux, "", false}, options);
  EXPECT_EQ(comparison.equal, comparison.paths.empty());
  return comparison.paths;
}

constexpr char kRich[] =
    R"({"id":{"S":"1"},"s":{"S":"ä\"x\u0000"},"n":{"N":"1.50"},"tiny":{"N":"1E-100"},"big":{"N":"123456789012345678901234567890"},)"
    R"("b":{"B":"AP8="},"t":{"BOOL":true},"z":{"NULL":true},"m":{"M":{"a.b":{"N":"7"},"e":{"M":{}},"l":{"L":[{"N":"1"},)"
    R"({"M":{"x":{"S":"y"}}},{"L":[]}]}}},"ss":{"SS":["b","a"]},"ns":{"NS":["10","9.50"]},"bs":{"BS":["AQ==","AA=="]}})";

/// Every target, layout and encoding: what is written is what is read.
TEST(Comparison, FindsWhatWasWrittenEqual) {
  for (const Target target : {Target::sqlite, Target::postgres, Target::mariadb, Target::mysql, Target::cratedb}) {
    for (const auto layout : {table::Layout::ctk, table::Layout::columns, table::Layout::document}) {
      if (layout == table::Layout::ctk && target != Target::cratedb) continue;
      for (const auto encoding : {table::Encoding::plain, table::Encoding::dynamodb}) {
        table::TableOptions options;
        options.layout = layout;
        options.encoding = encoding;
        options.exclude = {"m.e"};
        options.rename = {{"s", "text"}, {"m.l", "list"}};
        const dynamodb::Change change = insert_of(kRich);
        const table::TableSpec spec = spec_for(target, change, options);
        const table::Rendered rendered = table::Renderer(spec).render_into_aux(change, 1, {});
        const auto* row = std::get_if<table::Row>(&rendered);
        ASSERT_NE(row, nullptr);
        sink::HeldRow held{row->data.copy(), row->aux.copy(), row->version, false};
        EXPECT_THAT(Comparer(spec).compare(change, held).paths, IsEmpty())
            << target->product << table::form_of(options) << row->data.value_or("") << row->aux.value_or("");
        // Any attribute that is lost or changed is told, wherever it stood.
        if (row->aux) {
          held = {row->data.copy(), std::nullopt, row->version, false};
          EXPECT_FALSE(Comparer(spec).compare(change, held).equal) << target->product << table::form_of(options);
        }
      }
    }
  }
}

TEST(Comparison, TellsOneDigit) {
  EXPECT_THAT(paths(R"({"id":{"S":"1"},"n":{"N":"12345678901234567890.1"}})", R"({"n":12345678901234567890.1})"),
              IsEmpty());
  EXPECT_THAT(paths(R"({"id":{"S":"1"},"n":{"N":"12345678901234567890.1"}})", R"({"n":12345678901234567890.2})"),
              ElementsAre("n"));
  EXPECT_THAT(paths(R"({"id":{"S":"1"},"n":{"N":"100"}})", R"({"n":1.0E2})"), IsEmpty());
  EXPECT_THAT(paths(R"({"id":{"S":"1"},"n":{"N":"100"}})", R"({"n":"100"})"), ElementsAre("n"));
}

TEST(Comparison, NamesThePaths) {
  const std::string item =
      R"({"id":{"S":"1"},"a":{"M":{"b":{"L":[{"N":"1"},{"S":"x"},{"M":{"c":{"N":"3"}}}]},"d.e":{"N":"1"}}}})";
  EXPECT_THAT(paths(item, R"({"a":{"b":[1,"x",{"c":3}],"d.e":1}})"), IsEmpty());
  EXPECT_THAT(paths(item, R"({"a":{"b":[1,"y",{"c":4}],"d.e":1}})"), ElementsAre("a.b[1]", "a.b[2].c"));
  EXPECT_THAT(paths(item, R"({"a":{"b":[1,"x",{"c":3},4],"d.e":2}})"), ElementsAre("a.b[3]", R"(a."d.e")"));
  EXPECT_THAT(paths(item, R"({"a":{"b":[1]}})"), ElementsAre("a.b[1]", "a.b[2]", R"(a."d.e")"));
  EXPECT_THAT(paths(item, R"({"a":{"b":[1,"x",{"c":3,"new":1}],"d.e":1},"more":null})"), ElementsAre("a.b[2].new", "more"));
  EXPECT_THAT(paths(item, R"({"a":7})"), ElementsAre("a"));
  EXPECT_THAT(paths(item, "{}"), ElementsAre("a"));
}

TEST(Comparison, LooksIntoMapsOfManyMembers) {
  std::string item = R"({"id":{"S":"1"},"m":{"M":{)", data = R"({"m":{)";
  for (int i = 0; i < 100; ++i) {
    const std::string name = "\"k" + std::to_string(i) + "\":";
    item += (i == 0 ? "" : ",") + name + R"({"N":")" + std::to_string(i) + R"("})";
    data += (i == 0 ? "" : ",") + ("\"k" + std::to_string(99 - i) + "\":") + std::to_string(i == 4 ? 0 : 99 - i);
  }
  EXPECT_THAT(paths(item + "}}}", data + "}}"), ElementsAre("m.k95"));
}

TEST(Comparison, LaysAuxOverData) {
  const std::string item = R"({"id":{"S":"1"},"m":{"M":{"a":{"N":"1"},"b":{"SS":["x","y"]}}},"z":{"NULL":true}})";
  EXPECT_THAT(paths(item, R"({"m":{"a":1}})", R"({"m":{"M":{"b":{"SS":["y","x"]}}},"z":{"NULL":true}})"), IsEmpty());
  EXPECT_THAT(paths(item, R"({"m":{"a":1}})"), ElementsAre("m.b", "z"));
  EXPECT_THAT(paths(item, R"({"m":{"a":1}})", R"({"m":{"M":{"b":{"L":[{"S":"x"},{"S":"y"}]}}},"z":{"NULL":true}})"),
              ElementsAre("m.b"));
  EXPECT_THAT(paths(item, R"({"m":{"a":1,"b":["x","y"]},"z":null})", R"({"z":{"NULL":true}})"), ElementsAre("z"))
      << "in both";
  EXPECT_THAT(paths(item, R"({"m":{"a":1,"b":["x","y"]},"z":null})", R"({"other":{"S":"x"}})"), ElementsAre("other"));
}

TEST(Comparison, TakesSetsInTheirPlainForm) {
  const std::string item =
      R"({"id":{"S":"1"},"ss":{"SS":["b","a"]},"ns":{"NS":["10","9.50"]},"bs":{"BS":["AQ==","AA=="]},"b":{"B":"AP8="}})";
  EXPECT_THAT(paths(item, R"({"ss":["a","b"],"ns":[9.5,10],"bs":["AA==","AQ=="],"b":"AP8="})"), IsEmpty());
  EXPECT_THAT(paths(item, R"({"ss":["a","b","b"],"ns":[9.5,11],"bs":["AA=="],"b":"AP4="})"),
              ElementsAre("ss", "ns", "bs", "b"));
}

TEST(Comparison, ComparesTypedJsonByItsTypes) {
  table::TableOptions options;
  options.encoding = table::Encoding::dynamodb;
  const std::string item = R"({"id":{"S":"1"},"n":{"N":"1.0"},"l":{"L":[{"SS":["a"]}]},"m":{"M":{}}})";
  EXPECT_THAT(paths(item, R"({"n":{"N":"1"},"l":{"L":[{"SS":["a"]}]},"m":{"M":{}}})", {}, options), IsEmpty());
  EXPECT_THAT(paths(item, R"({"n":{"S":"1.0"},"l":{"L":[{"L":[{"S":"a"}]}]},"m":{"M":{"x":{"N":"1"}}}})", {}, options),
              ElementsAre("n", "l[0]", "m.x"));
}

TEST(Comparison, KnowsWhatOptionsLeaveOutAndRename) {
  table::TableOptions options;
  options.include = {"a", "m.x"};
  options.rename = {{"a", "b"}};
  const std::string item = R"({"id":{"S":"1"},"a":{"N":"1"},"c":{"N":"2"},"m":{"M":{"x":{"N":"3"},"y":{"N":"4"}}}})";
  EXPECT_THAT(paths(item, R"({"b":1,"m":{"x":3}})", {}, options), IsEmpty());
  EXPECT_THAT(paths(item, R"({"b":2,"c":2,"m":{"x":3}})", {}, options), ElementsAre("a", "c"));
  EXPECT_THAT(paths(R"({"id":{"S":"1"}})", R"({"b":2})", {}, options), ElementsAre("a")) << "under its name before";
}

TEST(Comparison, LetsDeclaredTextsHoldNumbers) {
  table::TableOptions options;
  options.path_types = {{"m.n", table::ColumnType::text}};
  const std::string item = R"({"id":{"S":"1"},"m":{"M":{"n":{"N":"1.50"},"o":{"N":"1"}}}})";
  EXPECT_THAT(compare(item, {R"({"m":{"n":"1.50","o":1}})", {}, "", false}, options, Target::cratedb).paths, IsEmpty());
  EXPECT_THAT(compare(item, {R"({"m":{"n":"1.51","o":"1"}})", {}, "", false}, options, Target::cratedb).paths,
              ElementsAre("m.n", "m.o"));
}

TEST(Comparison, ATombstoneIsNoItem) {
  const Comparison whole = compare(R"({"id":{"S":"1"},"a":{"N":"1"}})", {R"({"a":1})", {}, "v", true});
  EXPECT_FALSE(whole.equal);
  EXPECT_THAT(whole.paths, ElementsAre("a"));
  EXPECT_FALSE(compare(R"({"id":{"S":"1"}})", {std::nullopt, {}, "v", true}).equal);
}

TEST(Comparison, TextThatIsNoJsonIsADifference) {
  EXPECT_FALSE(compare(R"({"id":{"S":"1"}})", {"{", {}, "v", false}).equal);
  EXPECT_FALSE(compare(R"({"id":{"S":"1"}})", {"{}", "7", "v", false}).equal);
}

TEST(Comparison, ALostAuxIsADifference) {
  const std::string item = R"({"id":{"S":"1"},"n":{"N":"1E-100"}})";
  EXPECT_TRUE(compare(item, {"{}", R"({"n":{"N":"1E-100"}})", "v", false}, {}, Target::mysql).equal);
  EXPECT_THAT(compare(item, {"{}", std::nullopt, "v", false}, {}, Target::mysql).paths, ElementsAre("n"));
}

}  // namespace
}  // namespace ctk::verify
