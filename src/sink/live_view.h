// The view `TABLE_live` beside a table: what stands under a name, and whether it is a view of ours. Pure.
//
// A view is made where nothing has its name, and never replaced: what has the name may be a user's table, and our own view
// may carry rights and other people's views. Only a table of the view's name, which the stream brings, makes a view go, and
// only one that says word for word what ours say.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "table/spec.h"

namespace ctk::sink {

/// What a view of one table says: SELECT column, … FROM table WHERE condition.
struct Selection {
  std::vector<std::string> columns;
  table::QualifiedName from;
  std::vector<std::string> condition;  ///< words
  bool operator==(const Selection&) const = default;
};

/// Reads a view's SELECT, or its whole CREATE VIEW, as databases give them back: with brackets, quotes and blanks of their
/// own, and with columns that name their table, or themselves (`t`.`a` AS `a`). Nothing where it says more than a view of
/// ours could.
std::optional<Selection> read_selection(std::string_view sql);

/// What stands under a name.
struct Standing {
  std::string kind;                    ///< "a table", "a view", "an index", …; empty: nothing
  std::optional<Selection> selection;  ///< of a view that could be ours

  bool nothing() const { return kind.empty(); }
  /// Whether it is a view of living rows as we make them, of whatever table, by `condition` of `ours`.
  bool is_like(const Selection& ours) const;
};

/// `refused`: what is asked for as a table is something else.
Error not_a_table(const table::QualifiedName& name, std::string_view kind);

/// How a table's view came out.
struct LiveView {
  std::string name;        ///< of the view; empty: there is none
  std::string would_be;    ///< its name, where there is none against the user's will
  std::string in_the_way;  ///< what has that name
  std::string refusal;     ///< or what the target says against it
  std::string given_way;   ///< the table whose view had this table's name, and is gone
};

/// Says what users must know of a table's view, each thing once.
class ViewNotes {
 public:
  explicit ViewNotes(Log& log) : log_(log) {}
  void report(const std::string& table, const LiveView& view);

 private:
  Log& log_;
  std::set<std::string> reported_;
};

/// What to do where something else has the table's name.
inline constexpr std::string_view kWithAnotherName = "name another table, or drop what has the name";

/// What to do where a view may not be made.
inline constexpr std::string_view kWithoutView = "give the right to create views, or say live-view=false";

}  // namespace ctk::sink
