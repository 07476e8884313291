#include "table/render.h"

#include "dynamodb/encode.h"
#include "json/writer.h"
#include "table/fit.h"
#include "table/keys.h"
#include "table/paths.h"
#include "table/plan.h"
#include "table/splitter.h"

namespace ctk::table {

namespace {

using dynamodb::Type;
using dynamodb::Value;

DataShape shape_of(const TableSpec& spec, const LearnedTypes& types) {
  switch (spec.target->data) {
    case DataColumn::jsonb: return DataShape::postgres;
    case DataColumn::text: return DataShape::json;
    case DataColumn::json: return DataShape::mysql;
    case DataColumn::object: break;
  }
  if (types.data_ignored) return DataShape::crate_open;
  return spec.options.encoding == Encoding::dynamodb ? DataShape::crate_closed : DataShape::crate_typed;
}

/// The record's bytes are both images in typed JSON; one image as plain JSON is about half of them.
size_t expected_bytes(const dynamodb::Change& change) {
  constexpr size_t kUnknown = 512;
  constexpr size_t kMost = 65'536;
  return change.record.empty() ? kUnknown : std::min(change.record.size() / 2, kMost);
}

/// Every attribute of an item in the order it came: the usual case, where nothing has to be looked up.
void append_whole_item(std::string& data, const RenderPlan& plan, Value item, size_t expected) {
  data.reserve(expected);
  if (plan.typed_json) {
    dynamodb::append_typed_object(data, item, plan.left_out);
  } else {
    dynamodb::append_plain_object(data, item, plan.left_out);
  }
}

bool holds_odd_number(Value value) {
  if (value.type() == Type::N) return !fits_postgres_numeric(value.text());
  if (value.type() != Type::M && value.type() != Type::L && value.type() != Type::NS) return false;
  for (const Value child : value) {
    if (holds_odd_number(child)) return true;
  }
  return false;
}

/// jsonb refuses U+0000, which JSON writes in one way only, and numbers far beyond DynamoDB's own. (A false alarm, as for a
/// backslash before `u0000`, costs time only.)
bool may_be_refused_by_jsonb(const std::string& data, Value item, bool typed_json) {
  const bool escapes = data.find('\\') != std::string::npos;
  return (escapes && data.find("\\u0000") != std::string::npos) || (!typed_json && holds_odd_number(item));
}

/// The item whose content the row keeps; nothing for a mark without content.
std::optional<Value> content_of(const dynamodb::Change& change, const TableOptions& options) {
  if (change.operation != dynamodb::Operation::remove) return change.new_image();
  if (options.deletes == Deletes::soft && change.has_old_image()) return change.old_image();
  return std::nullopt;
}

const std::vector<Path> kNoPaths;

/// The row that an earlier one gives its memory to.
Row& row_over(Rendered& earlier) {
  Row* const row = std::get_if<Row>(&earlier);
  return row != nullptr ? *row : earlier.emplace<Row>();
}

void render_row(Rendered& rendered, const TableSpec& spec, const RenderPlan& plan, const dynamodb::Change& change,
                uint32_t epoch, bool ask, const std::vector<Path>& unusable) {
  const auto refuse = [&](std::string reason, bool key) { rendered = Refused{std::move(reason), key}; };
  const bool deleted = change.operation == dynamodb::Operation::remove;
  if (!deleted && !change.has_new_image()) return refuse("the change has no new image", false);
  Row& row = row_over(rendered);
  if (auto set = set_key_cells(spec, change.keys(), row.keys); !set) return refuse(std::move(set).error(), true);
  row.version.clear();
  append_version_text(row.version, epoch, change.order);
  row.deleted = deleted;
  row.time = change.time;
  row.data.reset();
  row.aux.reset();
  const std::optional<Value> item = content_of(change, spec.options);
  if (!item) return;
  const bool simple = plan.shape == DataShape::json || plan.shape == DataShape::postgres;
  if (simple && plan.projection == nullptr && unusable.empty()) {
    append_whole_item(row.data.emplace(), plan, *item, expected_bytes(change));
    if (plan.shape == DataShape::json) return;
    if (!may_be_refused_by_jsonb(*row.data, *item, plan.typed_json)) return;
  }
  if (plan.projection != nullptr) {
    if (const std::optional<Path> path = find_rename_conflict(*item, *plan.projection)) {
      return refuse("rename gives two attributes the name " + path_text(*path), false);
    }
  }
  Splitter splitter(plan, ask && !deleted ? Splitter::Unknown::asks : Splitter::Unknown::to_aux, unusable);
  splitter.split(*item, expected_bytes(change));
  if (!splitter.columns().empty()) {
    rendered = NeedsColumns{splitter.columns()};
    return;
  }
  row.data = splitter.take_data();
  if (splitter.has_aux()) row.aux = splitter.take_aux();
}

}  // namespace

RenderPlan RenderPlan::make(const TableSpec& spec, const LearnedTypes& types) {
  RenderPlan plan;
  plan.shape = shape_of(spec, types);
  plan.typed_json = spec.options.encoding == Encoding::dynamodb;
  std::vector<std::string> keys;
  keys.reserve(spec.keys.size());
  for (const KeyColumn& key : spec.keys) keys.push_back(key.attribute);
  const bool document = spec.options.layout == Layout::document;
  if (document) keys = spec.source_keys;
  plan.projection = Projection::make(spec.options, keys);
  if (!document) plan.left_out = std::move(keys);
  if (plan.shape == DataShape::crate_typed) plan.types = TypeTree::make(types, spec.options);
  plan.column_count = types.column_count;
  plan.max_columns = most_columns(types, spec.options);
  return plan;
}

size_t most_columns(const LearnedTypes& types, const TableOptions& options) {
  return std::min(static_cast<size_t>(std::max(options.max_columns, 0)), types.column_limit);
}

size_t Row::bytes() const {
  size_t total = sizeof(Row) + version.size() + (data ? data->size() : 0) + (aux ? aux->size() : 0);
  for (const KeyCell& key : keys) total += sizeof(KeyCell) + key.text.size();
  return total;
}

size_t Row::capacity() const {
  size_t total = sizeof(Row) + version.capacity() + data.capacity() + aux.capacity();
  for (const KeyCell& key : keys) total += sizeof(KeyCell) + key.text.capacity();
  return total;
}

Renderer::Renderer(TableSpec spec, LearnedTypes types)
    : spec_(std::move(spec)),
      types_(std::move(types)),
      plan_(std::make_shared<const RenderPlan>(RenderPlan::make(spec_, types_))) {}

Rendered Renderer::render(const dynamodb::Change& change, uint32_t epoch) const {
  Rendered rendered;
  render_over(rendered, change, epoch);
  return rendered;
}

void Renderer::render_over(Rendered& earlier, const dynamodb::Change& change, uint32_t epoch) const {
  render_row(earlier, spec_, *plan_, change, epoch, true, kNoPaths);
}

Rendered Renderer::render_into_aux(const dynamodb::Change& change, uint32_t epoch,
                                   const std::vector<Path>& unusable) const {
  Rendered rendered;
  render_row(rendered, spec_, *plan_, change, epoch, false, unusable);
  return rendered;
}

std::vector<NewColumn> Renderer::missing_columns(const dynamodb::Change& change) const {
  if (plan_->shape != DataShape::crate_typed) return {};
  if (change.operation == dynamodb::Operation::remove || !change.has_new_image()) return {};
  if (!key_cells(spec_, change.keys())) return {};
  const Value item = change.new_image();
  if (plan_->projection != nullptr && find_rename_conflict(item, *plan_->projection)) return {};
  Splitter splitter(*plan_, Splitter::Unknown::asks_only, kNoPaths);
  splitter.split(item, 0);
  return splitter.columns();
}

std::string version_text(uint32_t epoch, std::string_view order) {
  std::string text;
  append_version_text(text, epoch, order);
  return text;
}

void append_version_text(std::string& out, uint32_t epoch, std::string_view order) {
  constexpr size_t kEpochDigits = 8;
  char digits[kEpochDigits + 1] = {'0', '0', '0', '0', '0', '0', '0', '0', '.'};
  for (size_t at = kEpochDigits; at > 0 && epoch > 0; epoch /= 10) digits[--at] = static_cast<char>('0' + epoch % 10);
  out.reserve(out.size() + sizeof digits + order.size());
  out.append(digits, sizeof digits);
  out += order;
}

}  // namespace ctk::table
