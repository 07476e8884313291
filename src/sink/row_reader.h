// Rows of a table as they are stored, for whoever compares them with their items: by their keys, or one after another.
// A face of a database beside those of sink.h. It must not know what rows are compared with.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/done.h"
#include "table/render.h"
#include "table/spec.h"

namespace ctk::sink {

/// A stored key, as KeyCell::text has each of its cells: text as it is, the bytes of a binary one (base64 where its column
/// is a text), canonical digits of a number. In a walk over rows none: the row's key is none that a relay could have
/// written, and is not asked for.
using KeyTexts = std::vector<std::string>;

struct HeldRow {
  std::optional<std::string> data;  ///< JSON
  std::optional<std::string> aux;
  std::string version;  ///< empty: it has none
  bool deleted = false;
  bool operator==(const HeldRow&) const = default;
};

struct KeyPage {
  std::vector<KeyTexts> keys;
  /// Where the next page begins: the reader's own words; empty: there is none.
  std::vector<std::string> next;
};

/// Is shown a row: its key, `data` and `aux`, which live as long as the call. False: no further row is wanted.
using RowVisit =
    std::function<bool(const KeyTexts& key, std::optional<std::string_view> data, std::optional<std::string_view> aux)>;

/// Errors are those of a whole call (sink.h). Nothing is made, changed or locked.
class RowReader {
 public:
  virtual ~RowReader() = default;

  using Spec = std::shared_ptr<const table::TableSpec>;
  using Rows = std::vector<std::optional<HeldRow>>;
  /// For each of the keys, in their order: its row, tombstones too, where there is one.
  virtual void read_rows(Spec spec, std::vector<std::vector<table::KeyCell>> keys, Done<Rows> done) = 0;
  /// The keys of living rows, `limit` at most. `from`: KeyPage::next of the page before; empty: the first. A row that stays
  /// through all pages is in one of them, once.
  virtual void read_keys(Spec spec, std::vector<std::string> from, size_t limit, Done<KeyPage> done) = 0;
  /// Shows the living rows to `visit`, in any order, one after another, by the reader's own thread or the loop's; where a
  /// connection breaks, some of them again. `done(false)`: not all of them, since `visit` wanted no more.
  virtual void walk_rows(Spec spec, RowVisit visit, Done<bool> done) = 0;
  /// What `data` has learned to hold, as rows are rendered by it now; nothing where a database learns no types.
  virtual void learned_types(Spec spec, Done<table::LearnedTypes> done) = 0;
};

}  // namespace ctk::sink
