#include "verify/content_hash.h"

#include <gtest/gtest.h>

#include <set>

namespace ctk::verify {
namespace {

using table::DataColumn;

constexpr HashSecret kSecret = {1, 2};

TEST(ContentHash, TellsContentsApart) {
  for (const DataColumn column : {DataColumn::text, DataColumn::jsonb}) {
    ContentHash hash(kSecret, column);
    std::set<uint32_t> seen;
    int all = 0;
    for (const char* data : {R"({})",
                             R"({"a":1})",
                             R"({"a":2})",
                             R"({"b":1})",
                             R"({"a":"1"})",
                             R"({"a":[1]})",
                             R"({"a":[1,1]})",
                             R"({"a":[1,2]})",
                             R"({"a":[2,1]})",
                             R"({"a":[]})",
                             R"({"a":{}})",
                             R"({"a":null})",
                             R"({"a":true})",
                             R"({"a":false})",
                             R"({"a":1,"b":2})",
                             R"({"a":2,"b":1})",
                             R"({"a":{"b":2}})",
                             R"({"a":[[1],2]})",
                             R"({"a":[1,[2]]})",
                             R"({"a":""})"}) {
      ++all;
      seen.insert(hash(data, std::nullopt).value());
    }
    for (const char* aux : {R"({})", R"({"a":{"N":"1"}})"}) {
      all += 2;
      seen.insert(hash(std::nullopt, aux).value());
      seen.insert(hash("{}", aux).value());
    }
    seen.insert(hash(std::nullopt, std::nullopt).value());
    EXPECT_EQ(seen.size(), static_cast<size_t>(all) + 1);
    EXPECT_NE(ContentHash({1, 3}, column)("{}", std::nullopt), hash("{}", std::nullopt));
  }
}

TEST(ContentHash, TakesADatabasesSpellingForOurs) {
  ContentHash hash(kSecret, DataColumn::jsonb);
  EXPECT_EQ(hash(R"({"b": 1.50, "aa": {"x": [1, 2]}, "c": 100})", R"({ "z":{"N":"1"}})"),
            hash(R"({"aa":{"x":[1,2]},"b":1.5,"c":100})", R"({"z":{"N":"1"}})"));
  EXPECT_EQ(hash(R"({"a\u0062":"\u00e9\n\/"})", std::nullopt), hash(R"({"ab": "é\u000a/"})", std::nullopt));
  ContentHash written(kSecret, DataColumn::text);
  EXPECT_NE(written(R"({"a": 1})", std::nullopt), written(R"({"a":1})", std::nullopt));
}

TEST(ContentHash, HasNothingForWhatIsNoObject) {
  ContentHash hash(kSecret, DataColumn::jsonb);
  EXPECT_EQ(hash("1", std::nullopt), std::nullopt);
  EXPECT_EQ(hash("{}", "{"), std::nullopt);
  for (const char* broken :
       {"", "[]", "{} {}", R"({"a":})", R"({"a":tru})", R"({"a":01})", R"({"a":[1)", R"({"a":"\x"})"}) {
    EXPECT_EQ(hash(broken, std::nullopt), std::nullopt) << broken;
  }
}

}  // namespace
}  // namespace ctk::verify
