// Whatever an item holds and whatever a target has learned: `data` overlaid with `aux` is the item, and CrateDB is sent
// nothing that it would cast, refuse or add a column for.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "table/change_testing.h"
#include "table/overlay_testing.h"
#include "table/render.h"

namespace ctk::table {
namespace {

using testing::Json;
using Kind = LearnedType::Kind;

template <class T>
T pick(const std::vector<T>& from) {
  return *rc::gen::elementOf(from);
}

int up_to(int most) { return *rc::gen::inRange(0, most + 1); }

std::string quoted(const std::string& text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string random_name() {
  static const std::vector<std::string> names = {
      "a",       "b",           "c",  "a.b",    "a[0]", "x]",   "",    " ",     "Data", "data", "aux",
      "_id",     "cdc_version", "A",  "M",      "S",    "it's", "q\"", "t\tab", "n\nl", "\\",   std::string(1, 0),
      "\\u0000", "é",           "😀", "select", "N"};
  return pick(names);
}

std::string random_number() {
  static const std::vector<std::string> numbers = {"0",
                                                   "-0",
                                                   "1",
                                                   "-7",
                                                   "42.42",
                                                   "1.50",
                                                   "007",
                                                   "+5",
                                                   ".5",
                                                   "1E-130",
                                                   "9.9E+125",
                                                   "9007199254740993",
                                                   "0.1",
                                                   "9223372036854775807",
                                                   "9223372036854775806",
                                                   "-9223372036854775808",
                                                   "-9223372036854775807",
                                                   "9223372036854775808",
                                                   "18446744073709551616",
                                                   "1e19",
                                                   "1E+2",
                                                   "12345678901234567890123456789012345678",
                                                   "1E400",
                                                   "4.9E-324",
                                                   "5E-324",
                                                   "2.2250738585072014E-308",
                                                   "1.7976931348623157E308",
                                                   "0.30000000000000004",
                                                   "123456789012345.6",
                                                   "100000000000000000000",
                                                   "9223372036854776000",
                                                   "1e15",
                                                   "999999999999999",
                                                   "1234567890123456",
                                                   "3.14159265358979323846"};
  if (up_to(3) > 0) return pick(numbers);
  std::string digits = std::to_string(*rc::gen::arbitrary<int64_t>());
  if (up_to(1) == 1) digits += "." + std::to_string(up_to(99999));
  if (up_to(3) == 0) digits += "E" + std::to_string(up_to(60) - 30);
  return digits;
}

std::string random_text() {
  static const std::vector<std::string> texts = {"", "x", "1", "true", "null", "\\u0000", "é😀", "\"", "a\nb"};
  switch (up_to(12)) {
    case 0: return std::string("nul\0", 4);
    case 1: return std::string(32'766, 'x');
    case 2: return std::string(32'767, 'y');
    default: return pick(texts);
  }
}

std::string random_base64() { return pick<std::string>({"", "AA==", "/+8=", "Zm9v", "YmFy"}); }

std::string random_list(int depth);
std::string random_map(int depth);

std::string random_set(const std::string& tag, const std::vector<std::string>& pool) {
  std::string out;
  for (const std::string& member : pool) {
    if (up_to(1) == 1) out += (out.empty() ? "" : ",") + quoted(member);
  }
  return R"({")" + tag + R"(":[)" + out + "]}";
}

std::string random_value(int depth) {
  switch (up_to(depth > 0 ? 11 : 6)) {
    case 0: return R"({"S":)" + quoted(random_text()) + "}";
    case 1: return R"({"B":")" + random_base64() + R"("})";
    case 2: return R"({"BOOL":)" + std::string(up_to(1) == 1 ? "true" : "false") + "}";
    case 3: return R"({"NULL":true})";
    case 4: return random_set("SS", {"b", "a", "", "é", random_text()});
    case 5: return random_set("NS", {"10", "9", "-1.5", "1E-130", random_number()});
    case 6: return R"({"N":")" + random_number() + R"("})";
    case 7: return random_set("BS", {"YmFy", "AA==", "/+8="});
    case 8:
    case 9: return random_list(depth - 1);
    default: return R"({"M":)" + random_map(depth - 1) + "}";
  }
}

/// Half of the lists are of one type.
std::string random_list(int depth) {
  const int size = up_to(3);
  const int form = up_to(7);
  std::string out;
  for (int i = 0; i < size; ++i) {
    if (i > 0) out += ',';
    switch (form) {
      case 0: out += R"({"S":)" + quoted(random_text()) + "}"; break;
      case 1: out += R"({"N":")" + random_number() + R"("})"; break;
      case 2: out += R"({"BOOL":true})"; break;
      case 3: out += R"({"M":)" + random_map(depth) + "}"; break;
      default: out += random_value(depth); break;
    }
  }
  return R"({"L":[)" + out + "]}";
}

std::string random_map(int depth) {
  std::map<std::string, std::string> members;
  for (int i = up_to(5); i > 0; --i) members[random_name()] = random_value(depth);
  std::string out;
  for (const auto& [name, value] : members) out += (out.empty() ? "" : ",") + quoted(name) + ":" + value;
  return "{" + out + "}";
}

/// One item under nested maps beyond CrateDB's depth.
std::string deep_map(int levels) {
  std::string item = R"({"a":{"N":"1"}})";
  for (int i = 0; i < levels; ++i) item = R"({"a":{"M":)" + item + "}}";
  return item;
}

std::string random_item() { return up_to(40) == 0 ? deep_map(up_to(140)) : random_map(up_to(3)); }

/// Why `data` must not be sent to a table with these columns; empty where it is fine.
class StrictServer {
 public:
  explicit StrictServer(const LearnedTypes& types) : types_(types) {}

  std::string refusal(const Json& data) { return object(data, {}); }

 private:
  std::string object(const Json& map, const Path& above) {
    for (const auto& [name, value] : map.members) {
      Path path = above;
      path.push_back(name);
      const auto known = types_.paths.find(path);
      if (known == types_.paths.end()) return "no column for " + name;
      if (path.size() > 98) return "too deep";
      std::string problem = column(value, known->second.kind, path);
      if (!problem.empty()) return problem;
    }
    return "";
  }

  std::string column(const Json& value, Kind kind, const Path& path) {
    if (kind == Kind::unusable) return "unusable column used";
    if (value.kind == Json::Kind::null) return "";
    switch (kind) {
      case Kind::object: return value.kind == Json::Kind::object ? object(value, path) : "not an object";
      case Kind::text_array: return elements(value, Kind::text, path);
      case Kind::double_array: return elements(value, Kind::double_precision, path);
      case Kind::bigint_array: return elements(value, Kind::bigint, path);
      case Kind::boolean_array: return elements(value, Kind::boolean, path);
      case Kind::object_array_ignored:
        if (value.kind != Json::Kind::array) return "not an array";
        for (const Json& item : value.items) {
          if (item.kind != Json::Kind::object) return "not an object in the array";
          if (holds_unreadable_name(item)) return "an unreadable name in the array";
        }
        return numbers(value);
      default: return scalar(value, kind);
    }
  }

  static bool holds_unreadable_name(const Json& value) {
    const auto beyond = [](char c) { return static_cast<unsigned char>(c) >= 0xF0; };
    return std::ranges::any_of(value.items, holds_unreadable_name) ||
           std::ranges::any_of(value.members, [&](const auto& member) {
             return std::ranges::any_of(member.name, beyond) || holds_unreadable_name(member.value);
           });
  }

  std::string elements(const Json& value, Kind kind, const Path& path) {
    if (value.kind != Json::Kind::array) return "not an array";
    for (const Json& item : value.items) {
      if (item.kind == Json::Kind::null) return "null in an array";
      std::string problem = column(item, kind, path);
      if (!problem.empty()) return problem;
    }
    return "";
  }

  std::string scalar(const Json& value, Kind kind) {
    switch (kind) {
      case Kind::text:
        if (value.kind != Json::Kind::string) return "not a text: " + value.text;
        return value.text.size() > 32'766 ? "immense term" : "";
      case Kind::boolean: return value.kind == Json::Kind::boolean ? "" : "not a boolean: " + value.text;
      case Kind::bigint:
        if (value.kind != Json::Kind::number || value.text.find_first_of(".eE") != std::string::npos) return "not a bigint";
        return value.text == "9223372036854775807" || value.text == "-9223372036854775808" ? "an end of bigint" : "";
      default: return value.kind == Json::Kind::number ? exact_double(value.text) : "not a number: " + value.text;
    }
  }

 public:
  /// OBJECT(IGNORED): integers are int64, everything else is a double.
  static std::string numbers(const Json& value) {
    if (value.kind == Json::Kind::number && value.text.find_first_of(".eE") == std::string::npos) {
      return dynamodb::exact_int64(value.text) ? "" : "an integer beyond int64: " + value.text;
    }
    if (value.kind == Json::Kind::number) return exact_double(value.text);
    for (const Json& item : value.items) {
      if (std::string problem = numbers(item); !problem.empty()) return problem;
    }
    for (const auto& [name, member] : value.members) {
      if (std::string problem = numbers(member); !problem.empty()) return problem;
    }
    return "";
  }

 private:
  /// The server reads a double and gives back its shortest digits.
  static std::string exact_double(const std::string& text) {
    const double value = std::strtod(text.c_str(), nullptr);
    if (!std::isfinite(value)) return "infinite: " + text;
    char digits[40];
    std::snprintf(digits, sizeof digits, "%.17g", value);
    for (int precision = 1; precision <= 17; ++precision) {
      char shorter[40];
      std::snprintf(shorter, sizeof shorter, "%.*g", precision, value);
      if (std::strtod(shorter, nullptr) != value) continue;
      return dynamodb::compare_numbers(shorter, text) == 0 ? "" : "another number: " + text;
    }
    return "no digits for " + text;
  }

  const LearnedTypes& types_;
};

struct Case {
  Target target;
  Layout layout;
  Encoding encoding;
};

TableSpec spec_of(const Case& one, const TableOptions& base = {}) {
  TableOptions options = base;
  options.layout = one.layout;
  options.encoding = one.encoding;
  return make_spec(one.target, {"", "demo"}, "demo", {{{"id", dynamodb::Type::S}}}, options).value();
}

std::string with_key(const std::string& item) {
  return R"({"id":{"S":"1"})" + std::string(item == "{}" ? "" : ",") + item.substr(1);
}

std::string expected_item(const std::string& item, Layout layout) {
  return testing::spelling(testing::plain_item(testing::parse_json(layout == Layout::document ? with_key(item) : item)));
}

std::vector<Case> all_cases(Target target) {
  std::vector<Case> cases;
  for (const Layout layout : {Layout::ctk, Layout::columns, Layout::document}) {
    if (layout == Layout::ctk && target != Target::cratedb) continue;
    for (const Encoding encoding : {Encoding::plain, Encoding::dynamodb}) cases.push_back({target, layout, encoding});
  }
  return cases;
}

bool holds_nul(const Json& value) {
  const auto nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  return nul(value.text) || std::any_of(value.items.begin(), value.items.end(), holds_nul) ||
         std::any_of(value.members.begin(), value.members.end(),
                     [&](const auto& member) { return nul(member.name) || holds_nul(member.value); });
}

RC_GTEST_PROP(Lossless, OnSqlTargets, ()) {
  const std::string item = random_item();
  const dynamodb::Change change = testing::insert_of(with_key(item));
  for (const Target target : {Target::postgres, Target::sqlite, Target::ndjson}) {
    for (const Case& one : all_cases(target)) {
      const Renderer renderer(spec_of(one));
      for (const Rendered& rendered : {renderer.render(change, 1), renderer.render_into_aux(change, 1, {{"a"}, {"b", "a"}}),
                                       renderer.render_into_aux(change, 1, {{}})}) {
        const Row& row = std::get<Row>(rendered);
        RC_ASSERT(testing::item_of(*row.data, row.aux, one.encoding == Encoding::dynamodb) ==
                  expected_item(item, one.layout));
        if (target == Target::postgres) RC_ASSERT(!holds_nul(testing::parse_json(*row.data)));
      }
      const Row row = std::get<Row>(renderer.render(change, 1));
      if (target != Target::postgres) RC_ASSERT(!row.aux);
    }
  }
}

/// Adds what is asked for, as the sink does with ALTER; now and then the server refuses a path for good.
void learn(LearnedTypes& types, const std::vector<NewColumn>& columns) {
  RC_ASSERT(!columns.empty());
  for (const NewColumn& column : columns) {
    RC_ASSERT(!types.paths.contains(column.path));
    if (column.path.size() > 1) {
      RC_ASSERT(types.paths.contains(Path(column.path.begin(), column.path.end() - 1)));
    }
    const bool refused = up_to(30) == 0;
    types.paths[column.path] = refused ? LearnedType{Kind::unusable} : column.type;
    ++types.column_count;
  }
}

Row render_learning(const TableSpec& spec, LearnedTypes& types, const dynamodb::Change& change) {
  for (;;) {
    const Rendered rendered = Renderer(spec, types).render(change, 1);
    if (const auto* row = std::get_if<Row>(&rendered)) return *row;
    learn(types, std::get<NeedsColumns>(rendered).columns);
    RC_ASSERT(types.column_count <= static_cast<size_t>(spec.options.max_columns));
  }
}

RC_GTEST_PROP(Lossless, OnCrateWithLearnedTypes, ()) {
  TableOptions options;
  options.max_columns = pick<int>({0, 3, 12, 800});
  if (up_to(2) == 0) options.path_types = {{"b", ColumnType::bigint}, {"a.c", ColumnType::double_precision}};
  const Case one{Target::cratedb, pick<Layout>({Layout::ctk, Layout::columns, Layout::document}), Encoding::plain};
  const TableSpec spec = spec_of(one, options);
  LearnedTypes types;
  for (int i = up_to(4); i >= 0; --i) {
    const std::string item = random_item();
    const dynamodb::Change change = testing::insert_of(with_key(item));
    const Row before = std::get<Row>(Renderer(spec, types).render_into_aux(change, 1, {}));
    RC_ASSERT(testing::item_of(*before.data, before.aux, false) == expected_item(item, one.layout));
    RC_ASSERT(StrictServer(types).refusal(testing::parse_json(*before.data)) == "");

    const Row row = render_learning(spec, types, change);
    RC_ASSERT(testing::item_of(*row.data, row.aux, false) == expected_item(item, one.layout));
    RC_ASSERT(StrictServer(types).refusal(testing::parse_json(*row.data)) == "");
    RC_ASSERT(types.column_count <= static_cast<size_t>(options.max_columns));
  }
}

RC_GTEST_PROP(Lossless, OnCrateInAnIgnoredObject, ()) {
  LearnedTypes types;
  types.data_ignored = true;
  const std::string item = random_item();
  const dynamodb::Change change = testing::insert_of(with_key(item));
  for (const Case& one : all_cases(Target::cratedb)) {
    const Row row = std::get<Row>(Renderer(spec_of(one), types).render(change, 1));
    RC_ASSERT(testing::item_of(*row.data, row.aux, one.encoding == Encoding::dynamodb) == expected_item(item, one.layout));
    RC_ASSERT(StrictServer::numbers(testing::parse_json(*row.data)) == "");
    if (one.encoding == Encoding::dynamodb) RC_ASSERT(!row.aux);
  }
}

TEST(Lossless, TypedJsonForAnObjectThatWantsTypesStandsInAux) {
  const Case one{Target::cratedb, Layout::ctk, Encoding::dynamodb};
  const Row row = std::get<Row>(Renderer(spec_of(one)).render(testing::insert_of(with_key(R"({"a":{"N":"1"}})")), 1));
  EXPECT_EQ(row.data, "{}");
  EXPECT_EQ(row.aux, R"({"a":{"N":"1"}})");
}

}  // namespace
}  // namespace ctk::table
