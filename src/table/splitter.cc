#include "table/splitter.h"

#include "dynamodb/encode.h"
#include "json/writer.h"
#include "table/fit.h"
#include "table/names.h"

namespace ctk::table {

namespace {

using dynamodb::Type;
using dynamodb::Value;

// CrateDB: "Limit of max column depth [100]", the table and `data` counted.
constexpr size_t kDepthLimit = 98;
// A statement of CrateDB has at most 262,144 characters; an ALTER must have room for a change's columns.
constexpr size_t kColumnNameLimit = 4'096;

}  // namespace

void Splitter::split(Value item, size_t expected_bytes) {
  data_.reserve(expected_bytes);
  data_ += '{';
  members(item, plan_.projection.get(), &plan_.types);
  data_ += '}';
}

void Splitter::members(Value map, const Projection* projection, const TypeTree* types) {
  const bool top = parents_.empty();
  for (const Value child : map) {
    if (top && plan_.leaves_out(child.name())) continue;
    const Projection::Step step =
        projection == nullptr ? Projection::Step{true, child.name(), nullptr} : projection->step(child);
    if (!step.kept) continue;
    place(step.name, child, step.inside, types == nullptr ? nullptr : types->child(step.name));
  }
}

void Splitter::place(std::string_view name, Value value, const Projection* inside, const TypeTree* type) {
  switch (is_unusable(name) ? Fate::aux : fate_of(name, value, type)) {
    case Fate::asked: return;
    case Fate::descend: descend(name, value, inside, type); return;
    case Fate::data:
      if (unknown_ == Unknown::asks_only || try_data(name, value, type)) return;
      break;
    case Fate::aux: break;
  }
  if (unknown_ == Unknown::asks_only) return;
  aux_.put(parents_, name, value, inside);
}

void Splitter::descend(std::string_view name, Value map, const Projection* inside, const TypeTree* type) {
  if (data_.back() != '{') data_ += ',';
  json::append_string(data_, name);
  data_ += plan_.typed_json ? R"(:{"M":{)" : ":{";
  parents_.push_back(name);
  members(map, inside, type);
  aux_.leave(parents_.size());
  parents_.pop_back();
  data_ += plan_.typed_json ? "}}" : "}";
}

/// The value under its name, or nothing at all.
bool Splitter::try_data(std::string_view name, Value value, const TypeTree* type) {
  const size_t begin = data_.size();
  if (data_.back() != '{') data_ += ',';
  json::append_string(data_, name);
  data_ += ':';
  bool fits = true;
  if (plan_.shape == DataShape::crate_typed) {
    fits = append_fitting(data_, value, *type->learned, type->declared);
  } else if (plan_.typed_json) {
    dynamodb::append_typed(data_, value);
  } else if (plan_.shape == DataShape::crate_open) {
    fits = append_exact(data_, value);
  } else if (plan_.shape == DataShape::mysql) {
    fits = append_exact_for_mysql(data_, value);
  } else {
    dynamodb::append_plain(data_, value);
  }
  if (!fits) data_.resize(begin);
  return fits;
}

Splitter::Fate Splitter::fate_of(std::string_view name, Value value, const TypeTree* type) {
  const bool map = value.type() == Type::M;
  switch (plan_.shape) {
    case DataShape::json:
    case DataShape::mysql:
    case DataShape::crate_open: return map ? Fate::descend : Fate::data;
    case DataShape::postgres:
      if (name.find('\0') != std::string_view::npos) return Fate::aux;
      if (map) return Fate::descend;
      return fits_jsonb(value) ? Fate::data : Fate::aux;
    case DataShape::crate_closed: return Fate::aux;
    case DataShape::crate_typed: break;
  }
  if (type == nullptr || !type->learned) return ask_for(name, value, type);
  if (!map) return Fate::data;
  return *type->learned == LearnedType::Kind::object ? Fate::descend : Fate::aux;
}

Splitter::Fate Splitter::ask_for(std::string_view name, Value value, const TypeTree* type) {
  if (unknown_ == Unknown::to_aux || plan_.column_count + columns_.size() >= plan_.max_columns) return Fate::aux;
  if (!is_crate_member_name(name) || name.size() > kColumnNameLimit || parents_.size() >= kDepthLimit) return Fate::aux;
  const std::optional<LearnedType::Kind> kind = column_kind_for(value, type == nullptr ? std::nullopt : type->declared);
  if (!kind) return Fate::aux;
  columns_.push_back({path_to(name), {*kind}});
  return *kind == LearnedType::Kind::object ? Fate::descend : Fate::asked;
}

bool Splitter::is_unusable(std::string_view name) const {
  for (const Path& path : unusable_) {
    if (path.empty()) return true;
    if (path.size() == parents_.size() + 1 && path.back() == name &&
        std::equal(parents_.begin(), parents_.end(), path.begin())) {
      return true;
    }
  }
  return false;
}

Path Splitter::path_to(std::string_view name) const {
  Path path(parents_.begin(), parents_.end());
  path.emplace_back(name);
  return path;
}

}  // namespace ctk::table
