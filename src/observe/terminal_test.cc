#include "observe/terminal.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "observe/stderr_log.h"

namespace ctk::observe {
namespace {

/// A stream that keeps what was written.
struct Capture {
  char* data = nullptr;
  size_t size = 0;
  std::FILE* stream = open_memstream(&data, &size);
  ~Capture() {
    std::fclose(stream);
    std::free(data);
  }
  std::string text() const { return {data, size}; }
};

struct FixedClock final : Clock {
  Timestamp now() override { return from_micros(0); }
  Duration monotonic() override { return {}; }
};

TEST(Terminal, DrawsTheLiveLineAgainBelowEachLogLine) {
  Capture capture;
  Terminal terminal(capture.stream, true);
  terminal.set_live_line("10 changes");
  terminal.write_line("warning");
  terminal.set_live_line("");
  EXPECT_EQ(capture.text(), "\r\x1b[K10 changes\r\x1b[Kwarning\n10 changes\r\x1b[K");
}

TEST(Terminal, KeepsLiveLinesOutOfFiles) {
  Capture capture;
  Terminal terminal(capture.stream, false);
  terminal.set_live_line("10 changes");
  terminal.write_line("warning");
  EXPECT_EQ(capture.text(), "warning\n");
}

/// A terminal's two ends; what is written to one is read from the other as it is.
struct PseudoTerminal {
  int master = -1, slave = -1;
  PseudoTerminal() {
    EXPECT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
    termios modes{};
    tcgetattr(slave, &modes);
    cfmakeraw(&modes);
    tcsetattr(slave, TCSANOW, &modes);
  }
  ~PseudoTerminal() {
    close(master);
    close(slave);
  }
};

TEST(Terminal, LinesOfAnotherStreamStandAboveTheLiveLine) {
  const PseudoTerminal there;
  Capture capture;
  Terminal terminal(capture.stream, true);
  std::string seen;
  const auto write = [&] { seen = capture.text(); };
  terminal.set_live_line("10 changes");
  terminal.beside(there.slave, write);
  EXPECT_EQ(seen, "\r\x1b[K10 changes\r\x1b[K") << "wiped first";
  EXPECT_EQ(capture.text(), "\r\x1b[K10 changes\r\x1b[K10 changes") << "and drawn again";
  terminal.set_live_line("");
  const std::string before = capture.text();
  terminal.beside(there.slave, write);
  EXPECT_EQ(capture.text(), before) << "where there is none, none is drawn";
}

TEST(Terminal, LinesThatGoElsewhereLeaveTheLiveLineAlone) {
  Capture capture;
  Terminal terminal(capture.stream, true);
  terminal.set_live_line("10 changes");
  const std::string before = capture.text();
  int ends[2] = {};
  ASSERT_EQ(pipe(ends), 0);
  terminal.beside(ends[1], [&] { terminal.write_line("a log line meanwhile"); });
  close(ends[0]);
  close(ends[1]);
  EXPECT_EQ(capture.text(), before + "\r\x1b[Ka log line meanwhile\n10 changes");
}

TEST(StderrLog, WritesWhatItsLevelAllowsWithoutSecrets) {
  Capture capture;
  Terminal terminal(capture.stream, false);
  FixedClock clock;
  const auto log = make_log({LogFormat::logfmt, LogLevel::warn, false, Redactor({Secret("open sesame")})}, terminal, clock);
  EXPECT_FALSE(log->enabled(LogLevel::info));
  EXPECT_TRUE(log->enabled(LogLevel::error));
  log->info("not shown");
  log->warn("the target said", {{"peer", "no open sesame {} %s"}});
  EXPECT_EQ(capture.text(), "time=1970-01-01T00:00:00.000000Z level=warn msg=\"the target said\" peer=\"no *** {} %s\"\n");
}

TEST(StderrLog, LinesOfManyThreadsNeverMix) {
  Capture capture;
  Terminal terminal(capture.stream, true);
  FixedClock clock;
  const auto log = make_log({LogFormat::logfmt, LogLevel::info, false, {}}, terminal, clock);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 200; ++n) log->info("a line of some length", {{"n", n}});
      });
    }
  }
  const std::string text = capture.text();
  size_t lines = 0;
  for (size_t at = 0; at < text.size(); ++lines) {
    EXPECT_EQ(text.compare(at, 5, "time="), 0);
    at = text.find('\n', at) + 1;
  }
  EXPECT_EQ(lines, 800u);
}

}  // namespace
}  // namespace ctk::observe
