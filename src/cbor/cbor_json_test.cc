#include "cbor/cbor_json.h"

#include <gtest/gtest.h>

#include <string>

#include "cbor/cbor_reader.h"
#include "cbor/cbor_writer.h"

namespace ctk::cbor {
namespace {

std::string page(int records) {
  std::string bytes;
  Writer out(bytes);
  out.begin_map();
  out.text("MillisBehindLatest");
  out.integer(5);
  out.text("Records");
  out.begin_array();
  for (int i = 0; i < records; ++i) {
    out.begin_map();
    out.text("Data");
    out.bytes("{}");
    out.text("Half");
    out.real(0.5);
    out.end();
  }
  out.end();
  out.text("Next");
  out.null();
  out.text("Open");
  out.boolean(true);
  out.text("At");
  out.time(from_micros(1'735'689'600'250'000));
  out.end();
  return bytes;
}

TEST(CborJson, WritesADocumentAsJson) {
  EXPECT_EQ(
      to_json(page(1)).value(),
      R"({"MillisBehindLatest":5,"Records":[{"Data":"e30=","Half":0.5}],"Next":null,"Open":true,"At":1735689600250})");
  EXPECT_EQ(to_json("\xf9\x7c\x01").value(), "null") << "not a number";
  EXPECT_EQ(to_json("\x1b\xff\xff\xff\xff\xff\xff\xff\xff").value(), "null");
}

TEST(CborJson, RefusesWhatIsNotOneDocument) {
  EXPECT_EQ(to_json("").error().kind, ErrorKind::corrupt);
  EXPECT_EQ(to_json(page(1) + "\x01").error().kind, ErrorKind::corrupt);
  const std::string whole = page(2);
  for (size_t length = 0; length < whole.size(); ++length) EXPECT_FALSE(to_json(whole.substr(0, length))) << length;
}

TEST(CborJson, ClosesAListThatBreaksOffBehindItsLastWholeEntry) {
  const std::string two = page(2);
  int best = 0;
  for (size_t length = 0; length < two.size(); ++length) {
    std::string cut = two.substr(0, length);
    if (!close_cut_list(cut, "Records")) {
      EXPECT_EQ(best, 0) << length;
      EXPECT_EQ(cut, two.substr(0, length));
      continue;
    }
    const std::string json = to_json(cut).value();
    const std::string entry = R"({"Data":"e30=","Half":0.5})";
    const bool both = json == R"({"Records":[)" + entry + "," + entry + "]}";
    EXPECT_TRUE(both || (best < 2 && json == R"({"Records":[)" + entry + "]}")) << json;
    best = both ? 2 : 1;
  }
  EXPECT_EQ(best, 2);
  std::string of_another_name = two.substr(0, two.size() - 1);
  EXPECT_FALSE(close_cut_list(of_another_name, "Shards"));
}

TEST(CborJson, ClosesListsOfAGivenLength) {
  std::string bytes = "\xa2\x63Old\x01\x67Records\x9b";  // of 2^32 entries
  bytes += std::string("\x00\x00\x00\x01\x00\x00\x00\x00", 8);
  bytes +=
      "\x61"
      "a\x61"
      "b\x61";
  ASSERT_TRUE(close_cut_list(bytes, "Records"));
  EXPECT_EQ(to_json(bytes).value(), R"({"Records":["a","b"]})");
}

}  // namespace
}  // namespace ctk::cbor
