#include "relay/table_set.h"

#include <algorithm>
#include <utility>

namespace ctk::relay {

Status TableSet::know_source(const source::SourceIdentity& source) {
  key_order_ = source.key_order;
  if (source.scan) ordered_.insert(source.scan->name);
  if (source.source_table) {
    ordered_.insert(*source.source_table);
    settings_.rules.source_table = source.source_table;
    routes_ = Routes(settings_.rules);
  }
  if (key_order_.empty() || ordered_.empty()) return {};
  return table::check_options(settings_.rules.target, *ordered_.begin(), key_order_, settings_.options);
}

void TableSet::know(std::vector<coordination::TableRecord> records) {
  records_ = std::move(records);
  routes_.know(records_);
}

const coordination::TableRecord* TableSet::known(const std::string& name) const {
  const auto found = std::ranges::find(records_, name, &coordination::TableRecord::table);
  return found == records_.end() ? nullptr : &*found;
}

std::vector<const coordination::TableRecord*> TableSet::filled_by(const coordination::RelayName& relay) const {
  std::vector<const coordination::TableRecord*> filled;
  for (const coordination::TableRecord& record : records_) {
    if (coordination::is_filled_by(record, relay) && routes_.own_table(record.table)) filled.push_back(&record);
  }
  return filled;
}

bool TableSet::has_records(const coordination::RelayName& relay) const {
  return std::ranges::any_of(records_, [&](const auto& record) { return coordination::is_filled_by(record, relay); });
}

std::optional<dynamodb::VersionKind> TableSet::kind_of(const coordination::Incarnation& incarnation) const {
  for (const coordination::TableRecord& record : records_) {
    if (record.incarnation == incarnation && routes_.own_table(record.table)) return record.kind;
  }
  return std::nullopt;
}

/// Hash before range, where the source has said so; a table that is recorded keeps the order it was made in.
table::KeySchema TableSet::in_order(const std::string& name, const std::string& source, table::KeySchema keys) const {
  std::vector<std::string> order;
  if (const coordination::TableRecord* record = known(name); record != nullptr && !settings_.reset) {
    for (const auto& [attribute, type] : record->keys.attributes) order.push_back(attribute);
  }
  if (order.empty() && ordered_.contains(source)) order = key_order_;
  return dynamodb::in_order(std::move(keys), order);
}

Result<Table*> TableSet::add(const table::QualifiedName& name, const std::string& source, table::KeySchema keys,
                             Duration now) {
  keys = in_order(name.str(), source, std::move(keys));
  Result<table::TableSpec> spec = table::make_spec(settings_.rules.target, name, source, keys, settings_.options);
  if (!spec) return forward_error(std::move(spec));
  Table& table = held_.tables[name.str()];
  table = Table{std::move(*spec), std::move(keys), Table::State::closed, now, {}};
  return &table;
}

Table* TableSet::find(const std::string& name) {
  const auto found = held_.tables.find(name);
  return found == held_.tables.end() ? nullptr : &found->second;
}

bool TableSet::any_opening() const {
  return std::ranges::any_of(held_.tables, [](const auto& one) { return one.second.state == Table::State::opening; });
}

std::vector<std::string> TableSet::open_tables() const {
  std::vector<std::string> names;
  for (const auto& [name, table] : held_.tables) {
    if (table.is_open()) names.push_back(name);
  }
  return names;
}

void TableSet::opened(const std::string& name, sink::OpenTable opened) {
  Table& table = held_.tables.at(name);
  table.state = Table::State::open;
  table.opened = std::move(opened);
  remember(name);
}

}  // namespace ctk::relay
