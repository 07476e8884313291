#include "observe/progress_display.h"

#include <gmock/gmock.h>

namespace ctk::observe {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct KeptLog final : Log {
  bool enabled(LogLevel level) const override { return level <= LogLevel::info; }
  void write(LogLevel, std::string_view message, std::span<const LogField> fields) override {
    lines.push_back(std::string(message) + " " + std::string(fields.front().key) + "=" + fields.front().value);
  }
  std::vector<std::string> lines;
};

/// A terminal, or a file, that keeps what was written.
class Kept {
 public:
  explicit Kept(bool live) : terminal(stream_, live) {}
  ~Kept() {
    terminal.set_live_line("");
    std::fclose(stream_);
    std::free(data_);
  }
  std::string text() const { return {data_, size_}; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  std::FILE* stream_ = open_memstream(&data_, &size_);

 public:
  Terminal terminal;
};

struct ProgressTest : testing::Test {
  VirtualLoop loop{from_micros(0)};
  KeptLog log;
  int looks = 0;

  ProgressText look() {
    ++looks;
    return {"look " + std::to_string(looks), "working", {{"look", looks}}};
  }
  void pass(Duration time) {
    bool over = false;
    loop.after(time, [&] { over = true; });
    loop.run_until([&] { return over; }, time);
  }
};

TEST_F(ProgressTest, ALogHasALineEveryTenSecondsAtFirstThenOneAMinute) {
  Kept file(false);
  const ProgressReporter reporter([this] { return look(); }, loop, loop, log, file.terminal);
  pass(9s);
  EXPECT_EQ(looks, 0);
  pass(2s);
  EXPECT_THAT(log.lines, ElementsAre("working look=1"));
  pass(108s);
  EXPECT_EQ(looks, 6);
  pass(2s);
  EXPECT_EQ(looks, 7);
  pass(1min);
  EXPECT_EQ(looks, 8);
  EXPECT_EQ(file.text(), "");
}

TEST_F(ProgressTest, ATerminalHasOneLineThatIsRewritten) {
  Kept screen(true);
  {
    const ProgressReporter reporter([this] { return look(); }, loop, loop, log, screen.terminal);
    pass(1200ms);
    EXPECT_EQ(screen.text(), "\r\x1b[Klook 1\r\x1b[Klook 2");
  }
  EXPECT_THAT(screen.text(), testing::EndsWith("look 2\r\x1b[K")) << "it is wiped at the end";
  pass(5s);
  EXPECT_EQ(looks, 2) << "the reporter's timer outlived it";
  EXPECT_THAT(log.lines, ElementsAre());
}

TEST_F(ProgressTest, AStepShowsWhatIsDueAndNoMore) {
  Kept file(false);
  ProgressDisplay display([this] { return look(); }, loop, log, file.terminal);
  for (int second = 1; second <= 150; ++second) {
    pass(1s);
    display.show_if_due();
  }
  EXPECT_EQ(looks, 7) << "six in the first minute, then one";
}

TEST_F(ProgressTest, TheLineIsCutToTheTerminalBetweenCharacters) {
  Kept screen(true);
  ProgressDisplay display([] { return ProgressText{std::string(78, 'a') + "ößü", "", {}}; }, loop, log, screen.terminal);
  display.show();
  EXPECT_EQ(screen.text(), "\r\x1b[K" + std::string(78, 'a') + "ö") << "79 of a terminal that does not say how wide it is";
}

}  // namespace
}  // namespace ctk::observe
