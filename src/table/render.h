// Render: a pure function from a Change to a row, or to the columns it needs first, or to the reason it cannot be one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/optional_text.h"
#include "dynamodb/change.h"
#include "table/learned_types.h"
#include "table/spec.h"

namespace ctk::table {

/// A key column's value, ready to bind.
struct KeyCell {
  enum class Kind { text, binary, integer, real, number };
  Kind kind = Kind::text;
  std::string text;     ///< text; decoded bytes for binary; canonical digits for number, integer, real
  int64_t integer = 0;  ///< for `integer`
  double real = 0;      ///< for `real`
  bool operator==(const KeyCell&) const = default;
};

struct Row {
  std::vector<KeyCell> keys;
  OptionalText data;    ///< JSON; nothing for a mark without content
  OptionalText aux;     ///< partial item in DynamoDB JSON; nothing where nothing is missing
  std::string version;  ///< whole: epoch and order
  bool deleted = false;
  Timestamp time{};
  bool operator==(const Row&) const = default;
  size_t bytes() const;
  /// What its texts hold, used or not.
  size_t capacity() const;
};

struct NeedsColumns {
  std::vector<NewColumn> columns;
};

/// The change can never be a row here: a key that does not fit, a missing image.
struct Refused {
  std::string reason;
  bool because_of_key = false;
};

using Rendered = std::variant<Row, NeedsColumns, Refused>;

struct RenderPlan;

/// A table's rendering: spec and, on CrateDB, a snapshot of its learned types. Immutable, shared between threads.
class Renderer {
 public:
  explicit Renderer(TableSpec spec, LearnedTypes types = {});

  const TableSpec& spec() const { return spec_; }
  const LearnedTypes& types() const { return types_; }

  /// `epoch` is stamped into the version. Marks never ask for columns. Pure: the same change and types give the same row.
  /// Where columns are asked for they are all that this change needs, parents before what they hold, never more than
  /// `max-columns` allows; a path that the target refuses must come back as `unusable` in the next snapshot.
  Rendered render(const dynamodb::Change& change, uint32_t epoch) const;
  /// The same in the place of what was rendered earlier, whose memory is used again.
  void render_over(Rendered& earlier, const dynamodb::Change& change, uint32_t epoch) const;
  /// The same, but paths that are not learned, or listed in `unusable`, go to `aux`: never NeedsColumns. For rows that the
  /// target refused after all, and for tables that are full. The empty path names all of `data`: on every target, then
  /// `data` is `{}` and `aux` holds the whole item.
  Rendered render_into_aux(const dynamodb::Change& change, uint32_t epoch, const std::vector<Path>& unusable) const;
  /// The columns that render() asks for; none for what can be no row. Cheaper: nothing is rendered.
  std::vector<NewColumn> missing_columns(const dynamodb::Change& change) const;

 private:
  TableSpec spec_;
  LearnedTypes types_;
  std::shared_ptr<const RenderPlan> plan_;
};

/// How many columns the whole table may have: max-columns, or what the server takes where that is less.
size_t most_columns(const LearnedTypes& types, const TableOptions& options);

/// "EEEEEEEE." + order.
std::string version_text(uint32_t epoch, std::string_view order);
void append_version_text(std::string& out, uint32_t epoch, std::string_view order);

}  // namespace ctk::table
