#include "dynamodb/encode.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "dynamodb/bare_numbers.h"
#include "dynamodb/change_builder.h"
#include "json/reader.h"
#include "json/writer.h"

namespace ctk::dynamodb {
namespace {

std::string padded(std::string text) {
  text.reserve(text.size() + json::kPadding);
  return text;
}

/// An item parsed from typed JSON, as a Change's new image.
class Item {
 public:
  explicit Item(const std::string& typed_json) {
    const auto slab = std::make_shared<Slab>(1024);
    json::Walk walk;
    ChangeBuilder builder;
    builder.begin(&walk);
    if (!walk.begin(slab->keep(padded(typed_json)), slab->keep_open(padded(typed_json)).data()))
      throw std::runtime_error("no JSON");
    const std::optional<uint32_t> index = builder.add_item("Item");
    if (!index || !walk.complete()) throw std::runtime_error(builder.reason());
    builder.set_new_image(change_, *index);
    builder.finish(change_, {}, slab);
  }
  Value value() const { return change_.new_image(); }

 private:
  Change change_;
};

std::string plain(const std::string& typed_json) {
  std::string out;
  append_plain(out, Item(typed_json).value());
  return out;
}

std::string typed(const std::string& typed_json) {
  std::string out;
  append_typed(out, Item(typed_json).value());
  return out;
}

rc::Gen<std::string> text() {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(
                          rc::gen::element<std::string>("a", "b", "Z", "0", " ", "\"", "\\", "/", "\n", "\x01", "\x7f", "ü",
                                                        "€", "😀", std::string("\0", 1), "plain text of some length")),
                      [](const std::vector<std::string>& parts) {
                        std::string joined;
                        for (const std::string& part : parts) joined += part;
                        return joined;
                      });
}

std::string quoted(const std::string& raw) {
  std::string out;
  json::append_string(out, raw);
  return out;
}

rc::Gen<std::string> base64() {
  return rc::gen::map(rc::gen::arbitrary<std::string>(), [](const std::string& bytes) {
    std::string out = "\"";
    json::append_base64(out, bytes);
    return out + '"';
  });
}

rc::Gen<std::string> number() {
  return rc::gen::element<std::string>(R"("0")", R"("-1.50")", R"("12345678901234567890123456789012345678")", R"("1E-130")",
                                       R"("9.9999999999999999999999999999999999999E+125")");
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

rc::Gen<std::string> list_of(const rc::Gen<std::string>& element) {
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(element),
                      [](const std::vector<std::string>& parts) { return "[" + joined(parts) + "]"; });
}

rc::Gen<std::string> tagged(const std::string& tag, const rc::Gen<std::string>& content) {
  return rc::gen::map(content, [tag](const std::string& json) { return "{\"" + tag + "\":" + json + "}"; });
}

rc::Gen<std::string> typed_value(int depth);

rc::Gen<std::string> typed_item(int depth) {
  using Members = std::vector<std::pair<std::string, std::string>>;
  auto members = rc::gen::resize(5, rc::gen::container<Members>(rc::gen::pair(text(), typed_value(depth))));
  return rc::gen::map(std::move(members), [](const Members& drawn) {
    std::set<std::string> names;
    std::vector<std::string> parts;
    for (const auto& [name, value] : drawn) {
      if (names.insert(name).second) parts.push_back(quoted(name) + ":" + value);
    }
    return "{" + joined(parts) + "}";
  });
}

/// Typed JSON as append_typed spells it, so that a round trip gives the same
/// text.
rc::Gen<std::string> typed_value(int depth) {
  auto string = rc::gen::map(text(), quoted);
  auto scalar =
      rc::gen::oneOf(tagged("S", string), tagged("N", number()), tagged("B", base64()),
                     rc::gen::element<std::string>(R"({"BOOL":true})", R"({"BOOL":false})", R"({"NULL":true})"),
                     tagged("SS", list_of(string)), tagged("NS", list_of(number())), tagged("BS", list_of(base64())));
  if (depth == 0) return scalar;
  return rc::gen::oneOf(scalar,
                        tagged("L", rc::gen::resize(4, list_of(rc::gen::lazy([depth] { return typed_value(depth - 1); })))),
                        tagged("M", rc::gen::lazy([depth] { return typed_item(depth - 1); })));
}

RC_GTEST_PROP(EncodeProperty, TypedJsonComesBackAsItWas, ()) {
  std::string item = *typed_item(3);
  RC_ASSERT(typed(item) == "{\"M\":" + item + "}");
}

RC_GTEST_PROP(EncodeProperty, PlainJsonIsJson, ()) {
  json::Parser parser;
  RC_ASSERT(parser.parse(quote_numbers(plain(*typed_item(3)))).has_value());  // simdjson knows no long integers
}

TEST(Encode, WritesPlainJson) {
  EXPECT_EQ(plain(
                R"({"s":{"S":"a\"b"},"n":{"N":"+01.50"},"b":{"B":"AAH/"},"t":{"BOOL":true},"f":{"BOOL":false},
                      "z":{"NULL":true},"m":{"M":{"x":{"L":[{"N":"1"},{"S":"y"}]}}},"em":{"M":{}},"el":{"L":[]}})"),
            R"({"s":"a\"b","n":1.50,"b":"AAH/","t":true,"f":false,"z":null,"m":{"x":[1,"y"]},"em":{},"el":[]})");
}

TEST(Encode, PutsSetsInOrder) {
  EXPECT_EQ(plain(R"({"n":{"NS":["10","9","-1.5","1e1","0.1E2"]}})"), R"({"n":[-1.5,9,10,1e1,0.1E2]})");
  EXPECT_EQ(plain(R"({"s":{"SS":["b","ä","B","a"]}})"), R"({"s":["B","a","b","ä"]})");
  // The bytes 00, 7a and fb sort otherwise than their base64 "AA==", "eg==",
  // "+w==".
  EXPECT_EQ(plain(R"({"b":{"BS":["+w==","eg==","AA=="]}})"), R"({"b":["AA==","eg==","+w=="]})");
  EXPECT_EQ(plain(R"({"a":{"SS":[]},"b":{"NS":[]},"c":{"BS":[]}})"), R"({"a":[],"b":[],"c":[]})");
}

TEST(Encode, KeepsTypedJsonVerbatim) {
  EXPECT_EQ(typed(R"({"n":{"N":"+01.50"},"ns":{"NS":["2","1"]},"e":{}})"),
            R"({"M":{"n":{"N":"+01.50"},"ns":{"NS":["2","1"]},"e":{"M":{}}}})");
}

TEST(Encode, LeavesOutTheNamesThatAreGivenAndNoOthers) {
  const Item item(R"({"ab":{"N":"1"},"cb":{"N":"2"},"b":{"N":"3"},"":{"N":"4"},"abb":{"N":"5"},"ba":{"N":"6"}})");
  const std::string names[] = {"ab", ""};
  std::string plain_text, typed_text;
  append_plain_object(plain_text, item.value(), names);
  append_typed_object(typed_text, item.value(), names);
  EXPECT_EQ(plain_text, R"({"cb":2,"b":3,"abb":5,"ba":6})");
  EXPECT_EQ(typed_text, R"({"cb":{"N":"2"},"b":{"N":"3"},"abb":{"N":"5"},"ba":{"N":"6"}})");
}

TEST(Encode, WritesKeysInOneSpelling) {
  Item one(R"({"sk":{"N":"1.50"},"pk":{"S":"a"}})"), same(R"({"pk":{"S":"a"},"sk":{"N":"+0.15E1"}})");
  EXPECT_EQ(typed_key(one.value()), R"({"pk":{"S":"a"},"sk":{"N":"1.5"}})");
  EXPECT_EQ(typed_key(same.value()), typed_key(one.value()));
  EXPECT_EQ(plain_key(one.value()), R"({"pk":"a","sk":1.5})");
  EXPECT_EQ(plain_key(Item(R"({"ö":{"B":"AAH/"},"z":{"N":"1e-99"}})").value()), R"({"z":1E-99,"ö":"AAH/"})");
}

}  // namespace
}  // namespace ctk::dynamodb
