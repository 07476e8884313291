#include "sink/live_view.h"

#include <fmt/format.h>

#include <cctype>

namespace ctk::sink {
namespace {

/// Words, names and signs of a SELECT; brackets, blanks and the end's semicolon left out. Words are in lower case, as names
/// without quotes are to the databases that keep quotes.
std::vector<std::string> words_of(std::string_view sql) {
  std::vector<std::string> words;
  const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; };
  for (size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    if (c == '"' || c == '`' || c == '\'') {
      std::string text;
      for (at++; at < sql.size(); at++) {
        if (sql[at] == c && at + 1 < sql.size() && sql[at + 1] == c) {
          at++;
        } else if (sql[at] == c) {
          break;
        }
        text += sql[at];
      }
      at++;
      // A text is no name of the same letters.
      words.push_back(c == '\'' ? "'" + text : text);
    } else if (is_word(c)) {
      std::string word;
      for (; at < sql.size() && is_word(sql[at]); at++) {
        word += static_cast<char>(std::tolower(static_cast<unsigned char>(sql[at])));
      }
      words.push_back(std::move(word));
    } else {
      if (std::isspace(static_cast<unsigned char>(c)) == 0 && std::string_view("();").find(c) == std::string_view::npos) {
        words.emplace_back(1, c);
      }
      at++;
    }
  }
  return words;
}

/// Reads words from left to right.
class Reader {
 public:
  explicit Reader(std::vector<std::string> words) : words_(std::move(words)) {}

  bool done() const { return at_ == words_.size(); }
  bool take(std::string_view word) {
    if (done() || words_[at_] != word) return false;
    at_++;
    return true;
  }
  /// `a.b.c`
  std::vector<std::string> dotted() {
    std::vector<std::string> parts;
    do {
      if (done()) return {};
      parts.push_back(words_[at_++]);
    } while (take("."));
    return parts;
  }

 private:
  std::vector<std::string> words_;
  size_t at_ = 0;
};

}  // namespace

std::optional<Selection> read_selection(std::string_view sql) {
  Reader reader(words_of(sql));
  if (reader.take("create")) {
    if (!reader.take("view") || reader.dotted().empty() || !reader.take("as")) return std::nullopt;
  }
  if (!reader.take("select")) return std::nullopt;
  Selection selection;
  do {
    const std::vector<std::string> column = reader.dotted();
    if (column.empty()) return std::nullopt;
    if (reader.take("as") && reader.dotted() != std::vector{column.back()}) return std::nullopt;
    selection.columns.push_back(column.back());
  } while (reader.take(","));
  if (!reader.take("from")) return std::nullopt;
  const std::vector<std::string> from = reader.dotted();
  if (from.empty() || from.size() > 2) return std::nullopt;
  selection.from = {from.size() == 2 ? from[0] : "", from.back()};
  if (!reader.take("where")) return std::nullopt;
  while (!reader.done()) {
    const std::vector<std::string> word = reader.dotted();
    if (word.empty()) return std::nullopt;
    selection.condition.push_back(word.back());
  }
  return selection;
}

bool Standing::is_like(const Selection& ours) const {
  constexpr size_t kContent = 2;  // data and aux, behind the key
  if (!selection || selection->condition != ours.condition || selection->columns.size() <= kContent) return false;
  return std::equal(ours.columns.end() - kContent, ours.columns.end(), selection->columns.end() - kContent);
}

Error not_a_table(const table::QualifiedName& name, std::string_view kind) {
  return {ErrorKind::refused, fmt::format("{} is {}, and not a table", name.str(), kind), "", ""};
}

void ViewNotes::report(const std::string& table, const LiveView& view) {
  if (!view.in_the_way.empty() && reported_.insert(table).second) {
    log_.warn("the table gets no view of its living rows, since something else has the view's name",
              {{"table", table},
               {"view", view.would_be},
               {"found", view.in_the_way},
               {"hint", "rename or drop it to have the view, or say live-view=false"}});
  }
  if (!view.refusal.empty() && reported_.insert(table).second) {
    log_.warn("the table gets no view of its living rows, since the target refuses it",
              {{"table", table}, {"view", view.would_be}, {"error", view.refusal}});
  }
  if (view.given_way.empty()) return;
  log_.warn("the view of another table's living rows had this table's name, and is dropped; that table and its rows stay",
            {{"table", table}, {"view_of", view.given_way}});
}

}  // namespace ctk::sink
