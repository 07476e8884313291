#include "sink/cratedb/history_statements.h"

#include <gtest/gtest.h>

#include "dynamodb/decode.h"
#include "table/history.h"

namespace ctk::sink::cratedb {
namespace {

table::TableSpec spec_of(table::Layout layout) {
  table::TableOptions options;
  options.layout = layout;
  options.history = "demo_history";
  table::KeySchema keys;
  keys.attributes = {{"device", dynamodb::Type::S}, {"op", dynamodb::Type::N}};
  const auto spec = table::make_spec(table::Target::cratedb, {"doc", "demo"}, "demo", keys, options);
  return table::make_history_spec(spec.value()).value();
}

TEST(HistoryStatements, LayoutCtk) {
  const table::TableSpec spec = spec_of(table::Layout::ctk);
  EXPECT_EQ(create_history(spec),
            "CREATE TABLE IF NOT EXISTS \"doc\".\"demo_history\" (\n"
            "  \"pk\" OBJECT(STRICT) AS (\"device\" TEXT PRIMARY KEY, \"op\" BIGINT PRIMARY KEY),\n"
            "  \"data\" OBJECT(IGNORED),\n  \"aux\" OBJECT(IGNORED),\n  \"cdc_version\" TEXT PRIMARY KEY,\n"
            "  \"op\" TEXT,\n  \"valid_from\" TIMESTAMP WITH TIME ZONE,\n  \"valid_to\" TIMESTAMP WITH TIME ZONE,\n"
            "  \"ttl\" BOOLEAN\n)");
  EXPECT_EQ(insert_event(spec),
            "INSERT INTO \"doc\".\"demo_history\" (\"pk\", \"data\", \"aux\", \"cdc_version\", \"op\", \"valid_from\", "
            "\"ttl\")\nVALUES (?, ?, ?, ?, ?, ?, ?)\n"
            "ON CONFLICT (\"pk\"['device'], \"pk\"['op'], \"cdc_version\") DO NOTHING");
  EXPECT_EQ(end_event(spec),
            "UPDATE \"doc\".\"demo_history\" SET \"valid_to\" = ? WHERE \"pk\"['device'] = ? AND \"pk\"['op'] = ? AND "
            "\"cdc_version\" = ? AND \"_seq_no\" = ? AND \"_primary_term\" = ?");
}

TEST(HistoryStatements, LayoutColumns) {
  const table::TableSpec spec = spec_of(table::Layout::columns);
  const std::string& renamed = spec.keys[1].column;
  EXPECT_EQ(create_history(spec),
            "CREATE TABLE IF NOT EXISTS \"doc\".\"demo_history\" (\n  \"device\" TEXT,\n  \"" + renamed +
                "\" BIGINT,\n  \"data\" OBJECT(IGNORED),\n  \"aux\" OBJECT(IGNORED),\n  \"cdc_version\" TEXT,\n"
                "  \"op\" TEXT,\n  \"valid_from\" TIMESTAMP WITH TIME ZONE,\n  \"valid_to\" TIMESTAMP WITH TIME ZONE,\n"
                "  \"ttl\" BOOLEAN,\n  PRIMARY KEY (\"device\", \"" +
                renamed + "\", \"cdc_version\")\n)");
  EXPECT_EQ(select_all_events(spec),
            "SELECT \"device\", \"" + renamed +
                "\", \"cdc_version\", \"valid_from\", \"valid_to\", \"_seq_no\", \"_primary_term\" FROM "
                "\"doc\".\"demo_history\" WHERE \"device\" = ANY(?) AND \"" +
                renamed + "\" = ANY(?)");
}

TEST(HistoryStatements, KeysAsArraysOfTheirParts) {
  using Kind = table::KeyCell::Kind;
  const auto key = [](Kind kind, const std::string& number) {
    return std::vector<table::KeyCell>{{Kind::text, "a\"b"}, {kind, number, 7}};
  };
  EXPECT_EQ(event_key_args({key(Kind::integer, "7"), key(Kind::integer, "7")}), R"(["a\"b"],[7])");
  // Not by their digits: 6.4.3 refuses elements of another order for a NUMERIC column.
  EXPECT_EQ(event_key_args({key(Kind::number, "9"), key(Kind::number, "-10"), key(Kind::number, "10")}),
            R"(["a\"b"],["-10","9","10"])");
}

TEST(HistoryStatements, AnEventAsParameters) {
  const table::TableSpec spec = spec_of(table::Layout::ctk);
  dynamodb::RawRecord record;
  record.data = R"({"eventName":"REMOVE","userIdentity":{"principalId":"dynamodb.amazonaws.com"},"dynamodb":{)"
                R"("ApproximateCreationDateTime":1700000000123456,"Keys":{"device":{"S":"a\"b"},"op":{"N":"7"}}}})";
  record.sequence = aws::SequenceNumber("5");
  const dynamodb::Decoded decoded = dynamodb::Decoder().decode(std::move(record), {dynamodb::VersionKind::kinesis, false});
  ASSERT_EQ(decoded.changes.size(), 1u);
  const table::Rendered rendered = table::Renderer(spec).render(decoded.changes[0], 1);
  const auto& row = std::get<table::Row>(rendered);
  EXPECT_EQ(event_args(spec, row, decoded.changes[0]),
            R"([{"device":"a\"b","op":7},null,null,")" + row.version + R"(","remove",1700000000123,true])");
}

}  // namespace
}  // namespace ctk::sink::cratedb
