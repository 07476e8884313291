#include "relay/table_set.h"

#include <gtest/gtest.h>

namespace ctk::relay {
namespace {

using std::chrono::seconds;

const coordination::RelayName kRelay("r");

TableSet set(bool reset = false) {
  return TableSet({{std::nullopt, "public", std::nullopt, table::Target::sqlite}, {}, reset});
}

table::KeySchema keys(std::initializer_list<const char*> names) {
  table::KeySchema keys;
  for (const char* name : names) keys.attributes.emplace_back(name, dynamodb::Type::S);
  return keys;
}

coordination::TableRecord record(const std::string& table, const table::KeySchema& keys) {
  coordination::TableRecord record;
  record.table = table;
  record.source_table = "source";
  record.keys = keys;
  record.relays = {kRelay};
  record.incarnation = coordination::Incarnation("i");
  record.kind = dynamodb::VersionKind::kinesis;
  return record;
}

std::vector<std::string> order(const Result<Table*>& added) {
  std::vector<std::string> names;
  for (const auto& [name, type] : (*added)->keys.attributes) names.push_back(name);
  return names;
}

TEST(TableSet, ATableIsOpenedOnceAndAgainAfterADrop) {
  TableSet tables = set();
  const table::QualifiedName name{"public", "t"};
  ASSERT_TRUE(tables.add(name, "t", keys({"a"}), seconds(1)));
  EXPECT_EQ(tables.find("public.t")->state, Table::State::closed);
  tables.find("public.t")->state = Table::State::opening;
  EXPECT_TRUE(tables.any_opening());
  EXPECT_TRUE(tables.open_tables().empty());
  tables.opened("public.t", {});
  EXPECT_FALSE(tables.any_opening());
  EXPECT_EQ(tables.open_tables(), std::vector<std::string>{"public.t"});
  tables.drop();
  EXPECT_EQ(tables.find("public.t"), nullptr);
  EXPECT_TRUE(tables.opened_before("public.t"));
}

TEST(TableSet, KeysAreInTheOrderThatTheTableWasMadeIn) {
  TableSet tables = set();
  tables.know({record("public.t", keys({"b", "a"}))});
  EXPECT_EQ(order(tables.add({"public", "t"}, "t", keys({"a", "b"}), {})), (std::vector<std::string>{"b", "a"}));
  TableSet anew = set(true);
  anew.know({record("public.t", keys({"b", "a"}))});
  EXPECT_EQ(order(anew.add({"public", "t"}, "t", keys({"a", "b"}), {})), (std::vector<std::string>{"a", "b"}))
      << "--reset forgets it";
}

TEST(TableSet, KeysOfTheSourcesOwnTableAreInItsOrder) {
  TableSet tables = set();
  source::SourceIdentity source;
  source.source_table = "mine";
  source.key_order = {"b", "a"};
  EXPECT_TRUE(tables.know_source(source));
  EXPECT_EQ(order(tables.add({"public", "t"}, "mine", keys({"a", "b"}), {})), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(order(tables.add({"public", "u"}, "other", keys({"a", "b"}), {})), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(std::holds_alternative<FilteredOut>(tables.route("other")));
}

TEST(TableSet, OptionsThatKeysForbidAreRefusedBeforeThereIsATable) {
  TableSet::Settings settings;
  settings.options.exclude = {"b"};
  TableSet tables(settings);
  source::SourceIdentity source;
  EXPECT_TRUE(tables.know_source(source)) << "nobody knows the keys yet";
  source.source_table = "mine";
  source.key_order = {"b", "a"};
  const Status known = tables.know_source(source);
  ASSERT_FALSE(known);
  EXPECT_EQ(known.error().kind, ErrorKind::usage);
  EXPECT_TRUE(to_string(known.error()).contains("the keys of source table mine are b, a")) << to_string(known.error());
}

TEST(TableSet, RecordsTellWhatWasFilled) {
  TableSet tables = set();
  tables.know({record("public.t", keys({"a"})), record("other.t", keys({"a"}))});
  ASSERT_EQ(tables.filled_by(kRelay).size(), 1u) << "the other schema's is not this run's";
  EXPECT_TRUE(tables.has_records(kRelay));
  EXPECT_FALSE(tables.has_records(coordination::RelayName("else")));
  EXPECT_EQ(tables.kind_of(coordination::Incarnation("i")), dynamodb::VersionKind::kinesis);
  EXPECT_EQ(tables.kind_of(coordination::Incarnation("j")), std::nullopt);
}

}  // namespace
}  // namespace ctk::relay
