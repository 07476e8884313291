// The room `cli`: commands, options and URLs; wiring.h and wired_relay.h put a relay together. Nothing else may know this
// module.
//
// This file: "did you mean". Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ctk::cli {

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
size_t edit_distance(std::string_view left, std::string_view right);

/// The candidate nearest to `found`, if it is near enough to be a slip of the keys (a third of the length, at least one).
std::optional<std::string> suggest(std::string_view found, std::span<const std::string> candidates);

/// ` (did you mean "x"?)`, or nothing.
std::string did_you_mean(std::string_view found, std::span<const std::string> candidates);

/// "a", "a or b", "a, b or c".
std::string one_of(std::span<const std::string> words);

}  // namespace ctk::cli
