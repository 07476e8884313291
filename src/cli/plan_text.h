// What `ctk plan` prints. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/cost.h"

namespace ctk::cli {

/// What a load would take, as far as the source says.
struct LoadFigures {
  bool is_file = false;                  ///< which costs nothing to read, and whose items only reading counts
  std::optional<uint64_t> items, bytes;  ///< nothing: not known
  std::optional<size_t> shards;          ///< open ones of the stream; 0 where none is followed
  std::vector<check::Way> ways;          ///< none where the table is not known
  std::optional<check::Following> following;
  Duration idle_poll{};
  bool fan_out = false;  ///< instead of polling: `idle_poll` is how long a subscription lasts
  check::Prices prices;
  std::vector<std::string> ddl;
};

std::string figures_text(const LoadFigures& figures);
/// One object; what is not known is null. Ends with a line end.
std::string figures_json(const LoadFigures& figures);

}  // namespace ctk::cli
