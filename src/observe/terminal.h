// Standard error as one place: log lines above, and on a terminal one live line below them.
#pragma once

#include <cstdio>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace ctk::observe {

/// Owns a stream for the life of the program. Thread-safe. Whole lines are written in one call, so that lines of several
/// threads never mix; a live line is wiped before a log line and drawn again after it.
class Terminal {
 public:
  /// `live` says that the stream is a terminal that can rewrite its last line.
  Terminal(std::FILE* stream, bool live) : stream_(stream), live_(live) {}
  ~Terminal() { set_live_line(""); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool live() const { return live_; }
  void write_line(std::string_view line);
  /// Replaces the live line; empty removes it. Does nothing where the stream is no terminal.
  void set_live_line(std::string line);
  /// Runs `write`, which writes whole lines to `descriptor`. Where that is a terminal beside a live line, they stand above
  /// it, and no log line comes between them; elsewhere (a pipe that nobody reads from) nobody waits for them here.
  void beside(int descriptor, const std::function<void()>& write);
  /// Columns of the terminal; 80 where it does not say.
  int columns() const;

 private:
  void put(std::string_view text);

  std::FILE* stream_;
  bool live_;
  std::mutex mutex_;
  std::string line_;
};

}  // namespace ctk::observe
