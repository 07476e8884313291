// The fixture of the conformance suite.
#include <algorithm>

#include "dynamodb/decode.h"
#include "dynamodb/encode.h"
#include "json/writer.h"
#include "sink/conformance_test.h"

namespace ctk::sink::testing {
namespace {

std::shared_ptr<const dynamodb::Change> decode(uint64_t version, const std::string& event) {
  dynamodb::RawRecord record;
  record.data = event;
  record.sequence = aws::SequenceNumber(std::to_string(version));
  dynamodb::Decoder decoder;
  const std::string position = std::to_string(version);
  dynamodb::Decoded decoded =
      decoder.decode(std::move(record), {.kind = dynamodb::VersionKind::kinesis, .shard = "shard-0", .position = position});
  if (decoded.changes.size() != 1) {
    ADD_FAILURE() << "no change: " << event << ": "
                  << (decoded.undecodable.empty() ? "" : decoded.undecodable.front().reason);
    return nullptr;
  }
  return std::make_shared<const dynamodb::Change>(std::move(decoded.changes.front()));
}

std::string event_of(const std::string& name, uint64_t version, const std::string& key, const std::string& image) {
  uint64_t micros = 1700000000000000 + version;
  std::string body = R"("Keys":)" + key + R"(,"ApproximateCreationDateTime":)" + std::to_string(micros) +
                     R"(,"ApproximateCreationDateTimePrecision":"MICROSECOND")";
  if (!image.empty()) body += R"(,"NewImage":)" + image;
  return R"({"eventName":")" + name + R"(","tableName":"source","dynamodb":{)" + body + "}}";
}

/// Typed JSON of an item as plain JSON.
JsonTree plain(const std::string& typed_item) {
  auto change = decode(1, event_of("INSERT", 1, R"({"k":{"S":"k"}})", typed_item));
  std::string out;
  if (change) dynamodb::append_plain(out, change->new_image());
  return json_tree(out.empty() ? "null" : out);
}

}  // namespace

std::shared_ptr<const dynamodb::Change> put(uint64_t version, const std::string& key, const std::string& image) {
  std::string whole = key;
  whole.pop_back();
  if (image.size() > 2)
    whole += "," + image.substr(1);
  else
    whole += "}";
  return decode(version, event_of("MODIFY", version, key, whole));
}

std::shared_ptr<const dynamodb::Change> removal(uint64_t version, const std::string& key) {
  return decode(version, event_of("REMOVE", version, key, ""));
}

std::string text_key(const std::string& value) {
  std::string key = R"({"pk":{"S":)";
  json::append_string(key, value);
  return key + "}}";
}

std::vector<std::string> odd_keys(table::Target target) {
  std::vector<std::string> keys;
  const auto takes = [&](const std::string& text) {
    const table::KeyCell cell{table::KeyCell::Kind::text, text, 0, 0};
    return target->keys.takes_key == nullptr || target->keys.takes_key(std::span(&cell, 1));
  };
  for (const char* text : {"a", "A", "a ", "ä", "it's", "\\", "x?y", "10", "9"}) {
    if (!takes(text)) continue;
    for (const char* digits : {"7", "-3", "100", "0"}) {
      keys.push_back(std::string(R"({"pk":{"S":")") + (*text == '\\' ? R"(\\)" : text) + R"("},"sk":{"N":")" + digits +
                     R"("}})");
    }
  }
  if (target->keys.number == table::ColumnType::bigint) return keys;
  for (const char* digits : {"0.1", "1.5E+20", "123456789012345678901234567890", "0.12345678901234567", "-2.50"}) {
    keys.push_back(std::string(R"({"pk":{"S":"a"},"sk":{"N":")") + digits + R"("}})");
  }
  return keys;
}

void Conformance::SetUp() {
  backend = GetParam().make();
  if (!backend) GTEST_SKIP() << GetParam().name << " is not to be had here";
  options = backend->options();
  sink = backend->make_sink(options);
  Result<bool> connected = await<bool>([&](auto done) { sink->connect(std::move(done)); });
  ASSERT_TRUE(connected) << to_string(connected.error());
}

coordination::TableRegistration Conformance::registration_of(const table::TableSpec& spec) const {
  coordination::TableRegistration registration;
  registration.table = spec.name.str();
  registration.source_table = spec.source_table;
  registration.incarnation = incarnation;
  registration.kind = dynamodb::VersionKind::kinesis;
  registration.relay = relay;
  registration.reset_command = "ctk load … --reset";
  return registration;
}

table::TableSpec Conformance::spec_of(const std::string& table, const dynamodb::Change& change) const {
  Result<table::TableSpec> spec =
      table::make_spec(options.kind, name(table), "source", table::key_schema_of(change), options.tables);
  EXPECT_TRUE(spec) << to_string(spec.error());
  return spec.value_or(table::TableSpec{});
}

Result<OpenTable> Conformance::open(Sink& on, const std::string& table, const dynamodb::Change& change) {
  table::TableSpec spec = spec_of(table, change);
  return await<OpenTable>([&](auto done) { on.open(spec, registration_of(spec), std::move(done)); });
}

void Conformance::open(const dynamodb::Change& change, const std::string& table) {
  Result<OpenTable> result = open(*sink, table, change);
  ASSERT_TRUE(result) << to_string(result.error());
  opened = std::move(*result);
}

TableWrites Conformance::writes_of(const OpenTable& table, const Changes& changes) const {
  std::map<std::string, Changes> by_key;
  std::vector<std::string> order;
  for (const auto& change : changes) {
    if (!by_key.contains(std::string(change->key))) order.emplace_back(change->key);
    by_key[std::string(change->key)].push_back(change);
  }
  TableWrites writes{table.record.table, table.record.epoch, {}};
  for (const std::string& key : order) {
    FoldedChange folded;
    for (const auto& change : by_key[key]) folded.changes.push_back(change);
    std::stable_sort(folded.changes.begin(), folded.changes.end(),
                     [](const auto& a, const auto& b) { return a->order > b->order; });
    folded.rendered = table.renderer->render(*folded.changes.front(), table.record.epoch);
    writes.changes.push_back(std::move(folded));
  }
  return writes;
}

std::shared_ptr<Batch> Conformance::batch_of(const Changes& changes) const {
  auto batch = std::make_shared<Batch>();
  batch->relay = relay;
  batch->incarnation = incarnation;
  batch->tables.push_back(writes_of(*opened, changes));
  return batch;
}

Result<BatchOutcome> Conformance::apply(std::shared_ptr<const Batch> batch) {
  Result<BatchOutcome> outcome = await<BatchOutcome>([&](auto done) { sink->apply(batch, std::move(done)); });
  if (outcome && opened) {
    for (const auto& [table, renderer] : outcome->renderers) {
      if (table == opened->record.table) opened->renderer = renderer;
    }
  }
  return outcome;
}

BatchOutcome Conformance::apply(const Changes& changes) {
  Result<BatchOutcome> outcome = apply(batch_of(changes));
  EXPECT_TRUE(outcome) << to_string(outcome.error());
  return outcome.value_or(BatchOutcome{});
}

std::vector<StoredRow> Conformance::rows() {
  const table::TableSpec& spec = opened->renderer->spec();
  backend->refresh(*sink, spec.name);
  Result<ResultSet> result = query(backend->select_rows(spec));
  EXPECT_TRUE(result) << to_string(result.error());
  std::vector<StoredRow> rows;
  if (!result) return rows;
  size_t keys = spec.keys.size();
  for (const auto& cells : result->rows) {
    StoredRow row;
    for (size_t i = 0; i < keys; ++i) row.key.push_back(cells[i].value_or("NULL"));
    row.data = cells[keys];
    row.aux = cells[keys + 1];
    row.version = cells[keys + 2];
    row.deleted = cells[keys + 3] == "true" || cells[keys + 3] == "1";
    rows.push_back(std::move(row));
  }
  return rows;
}

std::map<std::string, std::string> Conformance::items() {
  bool typed = options.tables.encoding == table::Encoding::dynamodb;
  std::map<std::string, std::string> items;
  for (const StoredRow& row : rows()) {
    std::string key;
    for (const std::string& cell : row.key) key += (key.empty() ? "" : "/") + cell;
    if (row.deleted && !row.data) {
      EXPECT_FALSE(row.aux) << "a mark has no content";
      items[key] = "deleted";
      continue;
    }
    JsonTree item = typed ? plain(row.data.value_or("{}")) : json_tree(row.data.value_or("{}"));
    if (row.aux) overlay(item, plain(*row.aux));
    items[key] = item.str() + (row.deleted ? " deleted" : "");
  }
  return items;
}

std::string Conformance::expected(const std::string& image) const { return plain(image).str(); }

Result<ResultSet> Conformance::query(const std::string& sql) {
  return await<ResultSet>([&](auto done) { sink->query(sql, std::move(done)); });
}

int64_t Conformance::count(const std::string& from) {
  Result<ResultSet> result = query("SELECT count(*) FROM " + from);
  EXPECT_TRUE(result) << from << ": " << to_string(result.error());
  return result ? std::stoll(result->rows.at(0).at(0).value_or("-1")) : -1;
}

std::vector<DeadLetter> Conformance::letters() {
  auto result = await<std::vector<DeadLetter>>([&](auto done) { sink->dead_letters(std::nullopt, std::move(done)); });
  EXPECT_TRUE(result) << to_string(result.error());
  return result.value_or(std::vector<DeadLetter>{});
}

coordination::Acquired Conformance::acquire(Sink& on, const std::string& worker, std::vector<coordination::NewShard> shards,
                                            bool forget) {
  coordination::AcquireRequest request;
  request.relay = relay;
  request.worker = coordination::WorkerName(worker);
  request.incarnation = incarnation;
  request.shards = std::move(shards);
  request.forget = forget;
  auto acquired = await<coordination::Acquired>([&](auto done) { on.positions().acquire(request, std::move(done)); });
  EXPECT_TRUE(acquired) << to_string(acquired.error());
  return acquired.value_or(coordination::Acquired{});
}

std::vector<coordination::StoredPosition> Conformance::stored(Sink& in) {
  using Rows = std::vector<coordination::StoredPosition>;
  Result<Rows> read = await<Rows>([&](auto done) { in.positions().read(relay, std::move(done)); });
  EXPECT_TRUE(read) << to_string(read.error());
  return read.value_or(Rows{});
}

coordination::StoredPosition Conformance::stored_at(Sink& in, const aws::ShardId& shard) {
  for (coordination::StoredPosition& row : stored(in)) {
    if (row.shard == shard) return row;
  }
  ADD_FAILURE() << "no row for " << shard;
  return {};
}

Result<bool> Conformance::move_alone(Sink& in, coordination::Fence fence, std::vector<coordination::PositionMove> moves) {
  for (coordination::PositionMove& move : moves) move.fence = fence;
  return await<bool>([&](auto done) { in.positions().move(relay, moves, std::move(done)); });
}

coordination::TableRecord Conformance::open_loading(Timestamp cut, coordination::LoadRequest::Kind kind) {
  const table::TableSpec spec = spec_of("demo", *put(1, text_key("a"), "{}"));
  coordination::TableRegistration registration = registration_of(spec);
  registration.load = coordination::LoadRequest{kind, cut, 0};
  Result<OpenTable> result = await<OpenTable>([&](auto done) { sink->open(spec, registration, std::move(done)); });
  EXPECT_TRUE(result) << to_string(result.error());
  if (!result) return {};
  opened = std::move(*result);
  return opened->record;
}

std::optional<coordination::TableRecord> Conformance::record_of(Sink& in, const std::string& table) {
  using Records = std::vector<coordination::TableRecord>;
  const Result<Records> all = await<Records>([&](auto done) { in.records(std::move(done)); });
  EXPECT_TRUE(all) << to_string(all.error());
  if (!all) return std::nullopt;
  const auto found = std::ranges::find(*all, name(table).str(), &coordination::TableRecord::table);
  return found == all->end() ? std::nullopt : std::optional(*found);
}

Result<LoadEnding> Conformance::finish_load(coordination::Epoch epoch) {
  backend->refresh(*sink, name("demo"));
  return await<LoadEnding>([&](auto done) { sink->finish_load({opened->record.table, epoch}, std::move(done)); });
}

uint64_t Conformance::swept_by_load(coordination::Epoch epoch) {
  Result<LoadEnding> ending = finish_load(epoch);
  EXPECT_TRUE(ending) << to_string(ending.error());
  if (!ending) return 0;
  if (ending->record.load == coordination::LoadState::complete) return ending->swept;
  EXPECT_EQ(ending->record.load, coordination::LoadState::loaded);
  Result<SweepOutcome> sweeping = sweep(Duration::max());
  EXPECT_TRUE(sweeping) << to_string(sweeping.error());
  if (!sweeping) return 0;
  EXPECT_EQ(sweeping->load, coordination::LoadState::complete);
  return sweeping->older_swept;
}

Result<SweepOutcome> Conformance::sweep(Duration grace, std::optional<Timestamp> watermark) {
  backend->refresh(*sink, opened->renderer->spec().name);
  SweepRequest request;
  request.table = opened->record.table;
  request.relay = relay;
  request.grace = grace;
  request.watermark = watermark;
  request.explicit_grace = watermark.has_value();
  return await<SweepOutcome>([&](auto done) { sink->sweep(request, std::move(done)); });
}

}  // namespace ctk::sink::testing
