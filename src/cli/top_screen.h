// What `ctk top` shows, as lines of a terminal of any size. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace ctk::cli {

enum class LineStyle { plain, quiet, bar, good, bad };

struct ScreenLine {
  std::string text;
  LineStyle style = LineStyle::plain;
};

enum class ShardOrder { id, lag, state };

/// What its user has asked for.
struct TopWishes {
  ShardOrder order = ShardOrder::id;
  std::string filter;   ///< only shards whose id or state holds it
  size_t scrolled = 0;  ///< shards that are above the screen
  bool shows_finished = false;
  bool shows_log = true;
  bool unicode = true;  ///< the terminal shows more than ASCII
};

/// What else there is to say, below all others.
struct TopFooter {
  std::string text;
  bool is_bad = false;
};

struct TopScreen {
  std::vector<ScreenLine> lines;  ///< at most `rows`, each at most `columns` wide
  size_t shards = 0;              ///< that could be shown
  size_t shown_shards = 0;        ///< that fit
};

/// `page` is what /page.json has answered; `corrupt` where it is nothing of the kind.
Result<TopScreen> top_screen(std::string_view page, const TopWishes& wishes, const TopFooter& footer, size_t rows,
                             size_t columns);

/// The highest of the values of each column, as bars: "▁▂▅█". Empty where there are no values.
std::string sparkline(const std::vector<double>& values, size_t columns, bool unicode);

}  // namespace ctk::cli
