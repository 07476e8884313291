// A difference between an item and its row, and whether it stands: on a live table either side may be ahead of the other,
// so each difference is looked at again until it is gone or has outlived `settle`. Pure: times are monotonic and come from
// the caller.
//
//   found ──look: equal──▶ settled
//     │ ▲
//     │ ╰──look: the row has moved, it is another difference now
//     ╰────look: still there, `settle` after it was found──▶ stands
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sink/row_reader.h"
#include "verify/key_hash.h"

namespace ctk::verify {

/// The state of a row of which only the key was read.
inline constexpr std::string_view kUnreadRow = "?";

struct Difference {
  enum class Kind {
    missing,    ///< an item without a row
    extra,      ///< a living row without an item
    different,  ///< both, or an item whose row is a tombstone
  };
  Kind kind = Kind::missing;
  std::string key;                 ///< of the item, typed JSON
  std::vector<std::string> paths;  ///< of `different`
  std::string row{kUnreadRow};     ///< row_state as it was found
  Duration since{};                ///< when it was found, as it is now
  int looks = 0;
  int moves = 0;  ///< how often the row has moved since it was found first
  bool operator==(const Difference&) const = default;
};

std::string_view to_string(Difference::Kind kind);

/// What tells one write of a row from another: its version and mark, its content where it has no version. Empty: no row.
std::string row_state(const std::optional<sink::HeldRow>& row, const KeyHash& hash);

/// Both sides, read again.
struct Look {
  std::optional<Difference::Kind> difference;  ///< none: they are equal
  bool has_item = false;
  std::vector<std::string> paths;
  std::string row;
  std::string version = {};  ///< of the row
};

enum class Verdict { settled, again, stands };

/// A row that was written between looks this often is as alive as its item, and nothing can be said of it.
inline constexpr int kMostMoves = 5;

/// Takes the look into `difference`.
Verdict judge(Difference& difference, Look look, Duration now, Duration settle);

/// How many looks there are at most at a difference that stays: what it costs to be sure of one.
inline constexpr int kMostLooks = 3;
/// When it is to be looked at next: soon, since most are gone soon, then at a quarter of `settle`, then at its end.
Duration due_at(const Difference& difference, Duration settle);

/// What a difference is printed as: one JSON object in UTF-8, whatever a database has as a key, without a line end.
std::string to_json(const Difference& difference);

}  // namespace ctk::verify
