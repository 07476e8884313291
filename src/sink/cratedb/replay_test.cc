// Holds the fake server to what real ones were recorded to answer.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "json/writer.h"
#include "sink/cratedb/testing/fake_cratedb.h"
#include "sink/cratedb/testing/recording.h"
#include "sink/testing/json_tree.h"

namespace ctk::sink::cratedb::testing {
namespace {

using sink::testing::json_tree;
using sink::testing::JsonTree;

std::vector<Section> recorded(const std::string& version) {
  std::ifstream file(CTK_SOURCE_DIR "/src/sink/cratedb/testdata/cratedb-" + version + ".txt");
  std::stringstream text;
  text << file.rdbuf();
  return read_recording(text.str());
}

class Replay : public ::testing::Test {
 protected:
  net::HttpResponse send(const std::string& body, bool types = false) {
    net::HttpRequest request;
    request.url = std::string("http://localhost:4200/_sql") + (types ? "?types" : "");
    request.body = body;
    return server.answer(request);
  }

  net::HttpResponse sql(const std::string& statement) {
    std::string body = R"({"stmt":)";
    json::append_string(body, statement);
    return send(body + "}");
  }

  void must(const std::string& statement) {
    const net::HttpResponse response = sql(statement);
    ASSERT_EQ(response.status, 200) << statement << "\n" << response.body;
  }

  /// An answer without what differs from run to run.
  static JsonTree stripped(const std::string& json) {
    JsonTree tree = json_tree(json);
    tree.members.erase("duration");
    tree.members.erase("error_trace");
    return tree;
  }

  void check(const Exchange& exchange) {
    const bool types = exchange.answer.find("\"col_types\"") != std::string::npos;
    const net::HttpResponse response = send(exchange.request, types);
    EXPECT_EQ(stripped(response.body).str(), stripped(exchange.answer).str())
        << "line " << exchange.line << ": " << exchange.request;
    if (exchange.status != 0) {
      EXPECT_EQ(response.status, exchange.status) << "line " << exchange.line;
    }
  }

  VirtualLoop loop{from_micros(0)};
  FakeCrateDb server{loop, loop};
};

/// A section that the fake claims to answer as the real server did.
struct Claim {
  std::string title;                 ///< how it begins
  std::vector<std::string> prelude;  ///< what was there before, and was not recorded
  std::vector<std::string> skipped;  ///< exchanges that hold one of these words are beyond the fake
  /// Queries see everything from this exchange on: the recording waited, or refreshed, between them.
  size_t visible_from = 0;
};

bool holds_any(const Exchange& exchange, const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return exchange.request.find(word) != std::string::npos || exchange.answer.find(word) != std::string::npos;
  });
}

/// In the order of the recording: later sections go on with the tables of earlier ones.
const std::vector<Claim>& claims() {
  constexpr size_t kNever = 1000;
  static const std::vector<Claim> all = {
      {"ON CONFLICT .. DO UPDATE .. WHERE", {}, {}},
      {"seq assigned first", {}, {}},
      {"same with GREATEST", {}, {}},
      {"plain insert duplicate key", {}, {}},
      {"bulk insert: duplicate + ok", {}, {}},
      {"bulk insert single failing", {}, {}},
      {"on conflict do nothing, bulk", {}, {}},
      {"bulk: bad value for declared column", {}, {}},
      {"bulk: null primary key in one row", {}, {}},
      {"bulk: rows of unequal length", {}, {}},
      {"bulk_args empty", {}, {}},
      {"args and bulk_args", {}, {}},
      {"bulk SELECT", {}, {}},
      {"bulk DELETE by pk", {}, {}},
      {"DELETE by pk, args", {}, {}},
      {"bulk UPDATE by pk", {}, {}},
      {"guarded DELETE (pk + seq<?)",
       {"create table doc.g2 (id int primary key, seq bigint) clustered into 1 shards"},
       {"explain"},
       kNever},
      {"OCC delete", {}, {}},
      {"dynamic object: first int then string", {}, {}},
      {"dynamic object args", {}, {}},
      {"object as JSON text", {}, {}},
      {"ignored object mixed", {}, {}},
      {"strict object", {}, {}},
      {"empty array then typed", {}, {}},
      {"scalar then array", {}, {}},
      {"unknown table / column", {}, {"insrt", "select 1; select 2"}},
      {"bulk errors truncated",
       {"create table doc.one (id int primary key) clustered into 1 shards", "insert into doc.one (id) values (1)"},
       {}},
      {"read only / blocked table", {"alter table doc.one set (\"blocks.write\" = true)"}, {"currently closed"}},
      {"introspection",
       {"alter table doc.one set (\"blocks.write\" = false)"},
       {"key_column_usage", "sys.health", "sys.cluster"}},
      {"guarded upsert: column unqualified", {}, {"u.cdc_version"}},
      {"guarded upsert: newer with new keys", {}, {}},
      {"guarded upsert: newer row, older row", {}, {}},
      {"guarded upsert: same key several times", {}, {}},
      {"guarded upsert: NULL version", {}, {}},
      {"tombstone that keeps the content", {}, {}},
      {"one statement for writes and tombstones", {}, {}},
      {"sweeper: read marked rows", {}, {}},
      {"bulk parameters of several types", {}, {}},
      {"a key that holds whole numbers",
       {"create table doc.lossy (id int primary key, o object(dynamic)) clustered into 1 shards"},
       {}},
      {"bulk DELETE of 13 absent rows", {}, {}},
      {"guarded DELETE and UPDATE (key and version", {}, {}, 6},
      {"composite key with an empty part", {}, {}},
      {"ALTER TABLE ADD COLUMN", {"create table doc.race (pk text primary key, v int)"}, {"if not exists", "drop column"}},
      {"CREATE VIEW over the table", {}, {"is not true", "doc.vc"}},
      {"bulk on an unknown table", {}, {"\"insert into\"", "item[\\u0027nope"}},
      {"table blocked",
       {"create table doc.bl (id int primary key, v int) clustered into 1 shards", "insert into doc.bl (id) values (1)",
        "insert into doc.bl (id) values (2)", "insert into doc.bl (id) values (3)", "insert into doc.bl (id) values (4)"},
       {}},
  };
  return all;
}

TEST_F(Replay, AnswersAsTheServerDid) {
  const std::vector<Section> sections = recorded("6.2.11");
  size_t checked = 0;
  for (const Claim& claim : claims()) {
    const auto section = std::find_if(sections.begin(), sections.end(),
                                      [&](const Section& each) { return each.title.starts_with(claim.title); });
    ASSERT_NE(section, sections.end()) << claim.title;
    SCOPED_TRACE(section->title);
    for (const std::string& statement : claim.prelude) must(statement);
    std::string note;
    size_t number = 0;
    for (const Exchange& exchange : section->exchanges) {
      if (exchange.note != std::exchange(note, exchange.note)) {
        // Blocks were taken back between the parts of a section.
        for (auto& [name, table] : server.engine().store().tables) table.blocks.clear();
      }
      if (!exchange.request.starts_with("{") || holds_any(exchange, claim.skipped)) continue;
      server.refresh_always = number++ >= claim.visible_from;
      check(exchange);
      checked++;
    }
  }
  EXPECT_GT(checked, 200u);
}

TEST_F(Replay, SeesWhatIsNotRefreshedByFewKeysOfTwoColumns) {
  size_t checked = 0;
  for (const Section& section : recorded("6.4.3")) {
    if (!section.title.starts_with("many keys of two columns at once")) continue;
    must("create table doc.pairs (a bigint, b bigint, v text, primary key (a, b))");
    for (const Exchange& exchange : section.exchanges) {
      if (exchange.request.find("create table") != std::string::npos) continue;
      check(exchange);
      checked++;
    }
  }
  EXPECT_EQ(checked, 8u);
}

TEST_F(Replay, WritesTextsAsTheServerDid) {
  size_t rows = 0;
  for (const Section& section : recorded("6.4.3")) {
    if (!section.title.starts_with("texts as the server writes them")) continue;
    for (const Exchange& exchange : section.exchanges) {
      const net::HttpResponse response = send(exchange.request);
      const size_t begin = exchange.answer.find("\"rows\":[[\"");
      if (begin == std::string::npos) continue;
      const std::string recorded_rows = exchange.answer.substr(begin, exchange.answer.find(",\"rowcount\"") - begin);
      EXPECT_NE(response.body.find(recorded_rows), std::string::npos) << recorded_rows << "\n" << response.body;
      ++rows;
    }
  }
  EXPECT_EQ(rows, 6u);
}

TEST_F(Replay, TellsOfRightsAsTheServerDid) {
  const std::map<std::string, std::set<std::string>> lacking = {
      {"rights: of a user who has DDL on the schema", {"DML", "DQL"}},
      {"rights: of a user who has all three on the schema", {}}};
  size_t checked = 0;
  for (const Section& section : recorded("6.4.3")) {
    const auto found = lacking.find(section.title);
    if (found == lacking.end()) continue;
    server.engine().store().lacking = found->second;
    for (const Exchange& exchange : section.exchanges) {
      JsonTree answer = stripped(send(exchange.request).body), wanted = stripped(exchange.answer);
      // Without rights the fake does not know who asks.
      if (found->second.empty()) wanted.members["rows"].items[0].items[0] = answer.members["rows"].items[0].items[0];
      EXPECT_EQ(answer.str(), wanted.str());
      ++checked;
    }
  }
  EXPECT_EQ(checked, 2u);
}

TEST_F(Replay, PutsTextsInOrderAsTheServerDid) {
  size_t checked = 0;
  for (const Section& section : recorded("6.4.3")) {
    if (!section.title.starts_with("order of texts")) continue;
    for (const Exchange& exchange : section.exchanges) {
      check(exchange);
      ++checked;
    }
  }
  EXPECT_EQ(checked, 8u);
}

/// The table of the recording of finding 0: rows a, b, c with {"a":1} and v = 2.
class ReplayOfTheLoss : public Replay {
 protected:
  void make_table(const std::string& note) {
    std::string object = "object(dynamic)";
    if (note.starts_with("object(strict): unknown key")) object = "object(strict) as (a bigint)";
    if (note.starts_with("object(strict), an inner object"))
      object = "object(strict) as (a bigint, n object as (x bigint))";
    if (note.starts_with("object(strict), inner objects ignored")) {
      object = "object(strict) as (a bigint, n object(ignored), l array(object(ignored)))";
    }
    if (note == "object(ignored)") object = "object(ignored)";
    if (note == "object(ignored) with declared columns") object = "object(ignored) as (a bigint)";
    if (note == "text") object = "text";
    must("drop table if exists doc.lo");
    must("create table doc.lo (pk text primary key, item " + object + ", v text) clustered into 1 shards");
    const bool with_empty_array = note.find("array was empty") != std::string::npos;
    for (const char* key : {"a", "b", "c"}) {
      const bool empty_array = with_empty_array && *key == 'b';
      const std::string item = empty_array ? R"({\"e\":[],\"a\":1})" : R"({\"a\":1})";
      const auto response = send(std::string(R"-({"stmt":"insert into doc.lo (pk,item,v) values (?,?,?)","args":[")-") +
                                 key + "\",\"" + item + R"-(","2"]})-");
      ASSERT_EQ(response.status, 200) << response.body;
    }
  }
};

TEST_F(ReplayOfTheLoss, LosesWhatTheServerLost) {
  const std::vector<Section> sections = recorded("6.2.11");
  const auto section = std::find_if(sections.begin(), sections.end(), [](const Section& each) {
    return each.title.starts_with("UPSERT THAT ADDS A COLUMN");
  });
  ASSERT_NE(section, sections.end());
  server.refresh_always = true;
  std::string note;
  for (const Exchange& exchange : section->exchanges) {
    if (exchange.note != std::exchange(note, exchange.note)) make_table(exchange.note);
    SCOPED_TRACE(exchange.note);
    if (!exchange.request.empty()) {
      check(exchange);
      continue;
    }
    const net::HttpResponse table = sql("select pk, item, v from doc.lo order by pk");
    EXPECT_EQ(stripped(table.body).str(), stripped(exchange.answer).str()) << "line " << exchange.line;
  }
}

/// Arrays of several types are refused, but in other words than the server's.
bool is_mixed_array(const std::string& value) {
  const std::vector<std::string> mixed = {R"([[1],["x"]])",         "[true,1]",
                                          R"([1,{"k":1}])",         R"([1,null,"x",true,{"k":[1,"y"]},[1,[2]]])",
                                          R"([{"k":1},{"k":"s"}])", R"({"a":{"b":{"c":[1,{"d":null}]}}})"};
  return std::find(mixed.begin(), mixed.end(), value) != mixed.end();
}

/// What became of a value that was written into an object, beside a good row.
class ReplayOfValues : public Replay {
 protected:
  void check_value(const std::string& table, size_t n, const Exchange& exchange) {
    const std::string id = std::to_string(n);
    const auto response =
        send(R"-({"stmt":"insert into )-" + table + R"-( (id,o) values (?,?)","bulk_args":[[)-" + id + R"-(,{"v)-" + id +
             "\":" + exchange.value + "}],[" + std::to_string(n + 1000) + R"-(,{"g":1}]]})-");
    if (is_mixed_array(exchange.value)) {
      EXPECT_EQ(rowcounts(response.body), rowcounts(exchange.answer)) << exchange.value;
    } else {
      EXPECT_EQ(stripped(response.body).str(), stripped(exchange.answer).str()) << exchange.value;
    }
    if (exchange.read_back.empty()) return;
    const auto rows = sql("select o from " + table + " where id = " + id);
    EXPECT_EQ(json_tree(rows.body).members.at("rows").str(), json_tree(exchange.read_back).str()) << exchange.value;
  }

  static std::vector<std::string> rowcounts(const std::string& answer) {
    std::vector<std::string> counts;
    const JsonTree tree = json_tree(answer);
    for (const JsonTree& result : tree.members.at("results").items) {
      counts.push_back(result.members.at("rowcount").text);
    }
    return counts;
  }
};

TEST_F(ReplayOfValues, BendsAndRefusesAsTheServerDid) {
  server.refresh_always = true;
  const std::vector<Section> sections = recorded("6.2.11");
  for (const std::string policy : {"ignored", "dynamic"}) {
    SCOPED_TRACE(policy);
    const auto section = std::find_if(sections.begin(), sections.end(), [&](const Section& each) {
      return each.title.starts_with("values in object(" + policy + ")");
    });
    ASSERT_NE(section, sections.end());
    must("create table doc.v" + policy + " (id int primary key, o object(" + policy + ")) clustered into 1 shards");
    size_t n = 0;
    size_t checked = 0;
    for (const Exchange& exchange : section->exchanges) {
      if (exchange.value.empty()) continue;
      n++;
      // No reader of ours takes lone surrogates; long texts were shortened in the recording.
      if (exchange.value.find("\\ud") != std::string::npos || exchange.value.starts_with("\"xxx")) continue;
      checked++;
      check_value("doc.v" + policy, n, exchange);
    }
    EXPECT_GT(checked, 40u);
  }
}

}  // namespace
}  // namespace ctk::sink::cratedb::testing
