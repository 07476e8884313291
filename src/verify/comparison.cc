#include "verify/comparison.h"

#include <algorithm>
#include <optional>

#include "dynamodb/number.h"
#include "json/reader.h"
#include "table/paths.h"

namespace ctk::verify {
namespace {

using dynamodb::Type;
using dynamodb::Value;
using json::ExactValue;
using Kind = json::ExactNode::Kind;
using Found = std::optional<ExactValue>;
using table::Projection;

/// Enough to see what is wrong; an item may have tens of thousands.
constexpr size_t kMostPaths = 1'000, kMostPathBytes = 64u << 10;

/// Members of an object by name: a few are looked through, many are sorted first.
class Members {
 public:
  explicit Members(const Found& object) : object_(object) {
    constexpr uint32_t kFew = 16;
    if (!object_ || object_->size() <= kFew) return;
    for (const ExactValue member : *object_) sorted_.push_back(member);
    std::ranges::sort(sorted_, {}, &ExactValue::name);
  }

  Found find(std::string_view name) const {
    if (!object_) return std::nullopt;
    if (!sorted_.empty()) {
      const auto found = std::ranges::lower_bound(sorted_, name, {}, &ExactValue::name);
      return found != sorted_.end() && found->name() == name ? Found(*found) : std::nullopt;
    }
    for (const ExactValue member : *object_) {
      if (member.name() == name) return member;
    }
    return std::nullopt;
  }
  uint32_t size() const { return object_ ? object_->size() : 0; }
  const Found& object() const { return object_; }

 private:
  Found object_;
  std::vector<ExactValue> sorted_;
};

bool same_number(std::string_view left, std::string_view right) {
  if (left == right) return true;
  return dynamodb::is_number(left) && dynamodb::is_number(right) && dynamodb::compare_numbers(left, right) == 0;
}

bool same_base64(std::string_view left, std::string_view right) {
  if (left == right) return true;
  const auto bytes = json::decode_base64(left);
  return bytes && bytes == json::decode_base64(right);
}

/// One element of a set, or a scalar, by the type of its item.
bool same_text(Type type, std::string_view item, std::string_view held) {
  switch (type) {
    case Type::N:
    case Type::NS: return same_number(item, held);
    case Type::B:
    case Type::BS: return same_base64(item, held);
    default: return item == held;
  }
}

/// Whether a set's elements are an array's, in any order.
bool same_set(Value set, ExactValue array, Kind element) {
  if (!array.is(Kind::array) || array.size() != set.size()) return false;
  std::vector<std::string_view> wanted, held;
  for (const Value each : set) wanted.push_back(each.text());
  for (const ExactValue each : array) {
    if (!each.is(element)) return false;
    held.push_back(each.text());
  }
  const auto before = [&](std::string_view left, std::string_view right) {
    return set.type() == Type::NS ? dynamodb::compare_numbers(left, right) < 0 : left < right;
  };
  if (set.type() == Type::NS && !std::ranges::all_of(held, dynamodb::is_number)) return false;
  std::ranges::sort(wanted, before);
  std::ranges::sort(held, before);
  return std::ranges::equal(wanted, held, [&](auto left, auto right) { return same_text(set.type(), left, right); });
}

/// The content of typed JSON, `{"S":"a"}`, if it is of this type; `{}` is an empty map.
Found content_of(ExactValue typed, Type type) {
  if (!typed.is(Kind::object)) return std::nullopt;
  if (typed.size() == 0 && type == Type::M) return typed;
  if (typed.size() != 1 || (*typed.begin()).name() != dynamodb::to_string(type)) return std::nullopt;
  return *typed.begin();
}

/// One walk over an item beside its row.
class Walk {
 public:
  Walk(const table::TableSpec& spec, const table::RenderPlan& plan) : spec_(spec), plan_(plan) {}

  /// The members of a map, which stand in an object of `data`, in one of `aux`, or in both.
  void members(Value map, const Projection* projection, const Found& data, const Found& aux) {
    const Members in_data(data), in_aux(aux);
    const bool top = path_.empty();
    uint32_t found = 0;
    for (const Value child : map) {
      const Projection::Step step = step_of(child, projection, top);
      if (!step.kept) continue;
      const Found there = in_data.find(step.name), beside = in_aux.find(step.name);
      found += (there ? 1U : 0U) + (beside ? 1U : 0U);
      path_.push_back({child.name()});
      value(child, step.inside, there, beside);
      path_.pop_back();
    }
    if (found == in_data.size() + in_aux.size()) return;
    std::vector<std::string_view> expected;
    for (const Value child : map) {
      const Projection::Step step = step_of(child, projection, top);
      if (step.kept) expected.push_back(step.name);
    }
    std::ranges::sort(expected);
    report_others(expected, projection, in_data);
    report_others(expected, projection, in_aux);
  }

  std::vector<std::string> take_paths() { return std::move(paths_); }

 private:
  /// A part of a path: a name, or an element's place.
  struct Step {
    std::string_view name;
    std::optional<uint32_t> index = std::nullopt;
  };

  Projection::Step step_of(Value child, const Projection* projection, bool top) const {
    if (top && plan_.leaves_out(child.name())) return {false, child.name(), nullptr};
    return projection == nullptr ? Projection::Step{true, child.name(), nullptr} : projection->step(child);
  }

  void value(Value item, const Projection* inside, const Found& data, const Found& aux) {
    if (item.type() == Type::M) return map(item, inside, data, aux);
    if (data.has_value() == aux.has_value()) return report();
    if (aux || plan_.typed_json) return typed(item, aux ? *aux : *data);
    plain(item, *data);
  }

  void map(Value item, const Projection* inside, const Found& data, const Found& aux) {
    if (!data && !aux) return report();
    Found in_data, in_aux;
    if (data && plan_.typed_json) in_data = content_of(*data, Type::M);
    if (data && !plan_.typed_json && data->is(Kind::object)) in_data = data;
    if (aux) in_aux = content_of(*aux, Type::M);
    if (data.has_value() != in_data.has_value() || aux.has_value() != in_aux.has_value()) return report();
    members(item, inside, in_data, in_aux);
  }

  void plain(Value item, ExactValue held) {
    switch (item.type()) {
      case Type::M: return map(item, nullptr, held, std::nullopt);
      case Type::L: return list(item, held, [this](Value each, ExactValue there) { plain(each, there); });
      case Type::NUL: return report_unless(held.is(Kind::null));
      case Type::BOOL: return report_unless(held.is(Kind::boolean) && held.boolean() == item.boolean());
      case Type::N: return report_unless(is_number_here(held) && same_number(item.text(), held.text()));
      case Type::S:
      case Type::B: return report_unless(held.is(Kind::string) && same_text(item.type(), item.text(), held.text()));
      case Type::NS: return report_unless(same_set(item, held, Kind::number));
      case Type::SS:
      case Type::BS: return report_unless(same_set(item, held, Kind::string));
    }
  }

  void typed(Value item, ExactValue held) {
    const Found content = content_of(held, item.type());
    if (!content) return report();
    switch (item.type()) {
      case Type::M: return members(item, nullptr, std::nullopt, content);
      case Type::L: return list(item, *content, [this](Value each, ExactValue there) { typed(each, there); });
      case Type::NUL: return;
      case Type::BOOL: return report_unless(content->is(Kind::boolean) && content->boolean() == item.boolean());
      case Type::S:
      case Type::N:
      case Type::B: return report_unless(content->is(Kind::string) && same_text(item.type(), item.text(), content->text()));
      case Type::SS:
      case Type::NS:
      case Type::BS: return report_unless(same_set(item, *content, Kind::string));
    }
  }

  template <class Each>
  void list(Value item, ExactValue held, Each each) {
    if (!held.is(Kind::array)) return report();
    auto there = held.begin();
    uint32_t index = 0;
    for (const Value element : item) {
      path_.push_back({{}, index});
      if (index++ < held.size()) {
        each(element, *there);
        ++there;
      } else {
        report();
      }
      path_.pop_back();
    }
    for (; index < held.size(); ++index) report_at({{}, index});
  }

  /// A path that is declared a text keeps its numbers' digits.
  bool is_number_here(ExactValue held) const {
    if (held.is(Kind::number)) return true;
    if (!held.is(Kind::string)) return false;
    return std::ranges::any_of(spec_.options.path_types, [&](const auto& declared) {
      if (declared.second != table::ColumnType::text) return false;
      const auto path = table::parse_path(declared.first);
      return path && table::path_text(*path) == path_text();
    });
  }

  /// Members that the row has and the item has not.
  void report_others(const std::vector<std::string_view>& expected, const Projection* projection, const Members& held) {
    if (!held.object()) return;
    for (const ExactValue other : *held.object()) {
      if (!std::ranges::binary_search(expected, other.name())) report_at({name_before(other.name(), projection)});
    }
  }

  /// What an attribute was called before `rename`.
  static std::string_view name_before(std::string_view name, const Projection* projection) {
    if (projection == nullptr) return name;
    for (const Projection::Member& member : projection->members) {
      if (member.renamed == name) return member.name;
    }
    return name;
  }

  std::string path_text() const {
    std::string text;
    for (const Step& step : path_) {
      if (step.index) {
        text += "[" + std::to_string(*step.index) + "]";
      } else {
        text += (text.empty() ? "" : ".") + table::path_text({std::string(step.name)});
      }
    }
    return text;
  }

  void report() {
    if (paths_.size() >= kMostPaths || bytes_ >= kMostPathBytes) return;
    paths_.push_back(path_text());
    bytes_ += paths_.back().size();
  }
  void report_at(Step step) {
    path_.push_back(step);
    report();
    path_.pop_back();
  }
  void report_unless(bool same) {
    if (!same) report();
  }

  const table::TableSpec& spec_;
  const table::RenderPlan& plan_;
  std::vector<Step> path_;
  std::vector<std::string> paths_;
  size_t bytes_ = 0;  ///< of them
};

}  // namespace

Comparer::Comparer(const table::TableSpec& spec) : spec_(spec), plan_(table::RenderPlan::make(spec, {})) {}

Comparison Comparer::compare(const dynamodb::Change& item, sink::HeldRow& row) {
  Found data, aux;
  bool readable = true;
  const auto read = [&](json::ExactTree& tree, std::optional<std::string>& text, Found& root) {
    if (!text) return;
    const Result<ExactValue> value = tree.read(*text);
    readable = readable && value.has_value();
    if (value) root = *value;
  };
  if (!row.deleted) {
    read(data_, row.data, data);
    read(aux_, row.aux, aux);
  }
  if (!readable) data = aux = std::nullopt;
  Walk walk(spec_, plan_);
  walk.members(item.new_image(), plan_.projection.get(), data, aux);
  Comparison comparison;
  comparison.paths = walk.take_paths();
  comparison.equal = !row.deleted && readable && comparison.paths.empty();
  return comparison;
}

}  // namespace ctk::verify
