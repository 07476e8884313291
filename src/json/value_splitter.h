// Cuts a text that comes in parts into its JSON objects: one or many on a line, one over many lines, one behind the other
// without anything between, or as the elements of arrays.
//
//   text      = *(separator | object | stretch)
//   separator = blank | line end | "," | "[" | "]" | U+001E (RFC 7464) | byte order mark
//   object    = what ValueScanner finds complete
//   stretch   = what is none: an object that breaks the grammar, up to where the text recovers; else the rest of the line
//
// The text recovers at the next line on which `{` follows nothing but blanks and ",[]}", and which is not indented deeper
// than the line on which the broken object begins: inner lines of a pretty-printed object are, the next element of its
// array is not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "json/value_scanner.h"

namespace ctk::json {

class ValueSplitter {
 public:
  enum class Kind : uint8_t {
    object,    ///< by its brackets; whether it is valid a parser must say
    broken,    ///< no object
    too_long,  ///< the first bytes of what is longer than allowed; what follows of it is passed over
  };
  struct Piece {
    Kind kind;
    size_t begin, end;  ///< in the text of the call
  };
  struct Step {
    std::optional<Piece> piece;
    /// Bytes at the front of the text that are done with: the next call's text begins behind them. It stops behind each
    /// line end between pieces. Nothing, and no piece: it needs more text.
    size_t consumed = 0;
  };

  /// `longest`: bytes that one object may have.
  explicit ValueSplitter(size_t longest) : longest_(longest) {}

  /// `text` is what followed the consumed bytes, as far as it has come; `last`: nothing will follow it.
  Step next(std::string_view text, bool last);
  /// Whether it stands between two pieces.
  bool between() const { return place_ == Place::between; }
  /// Whether it stands in an object that keeps the grammar so far.
  bool in_object() const { return place_ == Place::object; }
  /// Whether an array has been begun and not ended. What is broken in it, and does not end the text, ends it.
  bool in_array() const { return arrays_ > 0; }
  /// Leaves the object that it stands in: nothing more of it is in the next call's text.
  void leave() { place_ = Place::between; }

 private:
  enum class Place : uint8_t {
    between,
    object,        ///< within one that may be good
    broken,        ///< behind one that is not: looking for where the text recovers
    passing,       ///< the same, and nothing is kept
    line,          ///< within a line that is no object
    passing_line,  ///< the same, and nothing is kept
  };

  Step step_between(std::string_view text, bool last);
  Step step_object(std::string_view text, bool last);
  Step step_broken(std::string_view text, bool last);
  Step step_passing(std::string_view text, bool last);
  Step step_line(std::string_view text, bool last);
  Step step_passing_line(std::string_view text);
  Piece first_part(std::string_view text) const;
  size_t longest_begin() const;
  void note_line(std::string_view passed);

  const size_t longest_;
  ValueScanner scanner_;
  Place place_ = Place::between;
  size_t arrays_ = 0;        ///< that are open between pieces
  size_t seen_ = 0;          ///< bytes of the piece that have been looked at
  size_t line_indent_ = 0;   ///< blanks before the first other byte of the line that is being read
  bool line_begins_ = true;  ///< nothing but blanks has come of it
  size_t indent_ = 0;        ///< of the line on which the piece began
};

}  // namespace ctk::json
