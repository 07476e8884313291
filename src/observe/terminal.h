// Standard error as one place: log lines above, and on a terminal one live line below them.
#pragma once

#include <cstdio>
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
