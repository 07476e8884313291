#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stop_token>
#include <thread>

#include "base/testing/temporary_folder.h"
#include "sink/conformance_test.h"
#include "sink/ndjson/ndjson_sink.h"
#include "sink/ndjson/output.h"

namespace ctk::sink::ndjson {
namespace {

using sink::testing::put;
using sink::testing::removal;
using sink::testing::text_key;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NdjsonSinkTest : public ::testing::Test {
 protected:
  NdjsonSinkTest() {
    options.kind = table::Target::ndjson;
    options.url.path = folder / "out.ndjson";
    options.dead_letters_file = (folder / "letters.ndjson").string();
  }

  void open() {
    sink = make_ndjson_sink(options, {loop, loop, random, log, nullptr,
                                      [this](const char*) { return std::make_unique<InlineExecutor>(loop); }});
    const auto change = put(1, text_key("a"), "{}");
    const auto spec = table::make_spec(table::Target::ndjson, {"", "demo"}, "source", table::key_schema_of(*change), {});
    coordination::TableRegistration registration;
    registration.table = "demo";
    sink->open(*spec, registration, [this](Result<OpenTable> result) { table = std::move(*result); });
    loop.run_until_idle(std::chrono::hours(1));
  }

  Result<BatchOutcome> apply(std::vector<std::shared_ptr<const dynamodb::Change>> changes) {
    auto batch = std::make_shared<Batch>();
    batch->tables.push_back({"demo", 1, {}});
    for (auto& change : changes) {
      table::Rendered rendered = table.renderer->render(*change, 1);
      batch->tables[0].changes.push_back({{change}, std::move(rendered)});
    }
    std::optional<Result<BatchOutcome>> outcome;
    sink->apply(batch, [&](Result<BatchOutcome> result) { outcome.emplace(std::move(result)); });
    loop.run_until_idle(std::chrono::hours(1));
    return std::move(*outcome);
  }

  static std::vector<std::string> lines_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  const TemporaryFolder folder;
  TargetOptions options;
  VirtualLoop loop{from_micros(1'700'000'000'000'000)};
  Random random{1};
  NullLog log;
  std::unique_ptr<Sink> sink;
  OpenTable table;
};

TEST_F(NdjsonSinkTest, WritesALineForEachChange) {
  open();
  ASSERT_TRUE(apply({put(1, text_key("a"), R"({"n":{"N":"1.50"}})"), removal(2, text_key("b"))}));
  const std::string order = ".00000000000000000000000000000000000000000000000000000000000";
  EXPECT_THAT(lines_of(options.url.path),
              ElementsAre(R"({"table":"demo","op":"upsert","key":{"pk":"a"},"data":{"n":1.50},"aux":null,)"
                          R"("version":"00000001.1.01700000000000001)" +
                              order + R"(1","time":"2023-11-14T22:13:20.000001Z"})",
                          R"({"table":"demo","op":"delete","key":{"pk":"b"},"data":null,"aux":null,)"
                          R"("version":"00000001.1.01700000000000002)" +
                              order + R"(2","time":"2023-11-14T22:13:20.000002Z"})"));
  EXPECT_FALSE(sink->traits().holds_own_tables);
}

TEST_F(NdjsonSinkTest, AppendsToWhatIsThere) {
  open();
  ASSERT_TRUE(apply({put(1, text_key("a"), "{}")}));
  open();
  ASSERT_TRUE(apply({put(2, text_key("a"), "{}")}));
  EXPECT_EQ(lines_of(options.url.path).size(), 2u);
}

TEST_F(NdjsonSinkTest, ABatchThatIsRepeatedIsWrittenTwice) {
  open();
  const std::vector<std::shared_ptr<const dynamodb::Change>> changes = {put(1, text_key("a"), "{}"),
                                                                        removal(2, text_key("b"))};
  ASSERT_TRUE(apply(changes));
  ASSERT_TRUE(apply(changes));
  const auto lines = lines_of(options.url.path);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], lines[2]) << "whoever reads it tells by key and version";
  EXPECT_EQ(lines[1], lines[3]);
}

TEST_F(NdjsonSinkTest, KeepsDeadLettersInAFileOfTheirOwn) {
  open();
  const auto outcome = apply({put(1, R"({"pk":{"N":"5"}})", "{}")});  // a key of another type
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->tables[0][0].kind, ChangeOutcome::Kind::parked);
  EXPECT_EQ(outcome->dead_letters.size(), 1u);
  EXPECT_TRUE(lines_of(options.url.path).empty());
  const auto letters = lines_of(*options.dead_letters_file);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_THAT(letters[0], HasSubstr(R"("kind":"refused")"));
}

TEST_F(NdjsonSinkTest, StopsAtARefusalIfAsked) {
  open();
  auto batch = std::make_shared<Batch>();
  batch->stop_on_refusal = true;
  const auto change = put(1, R"({"pk":{"N":"5"}})", "{}");
  batch->tables.push_back({"demo", 1, {}});
  batch->tables[0].changes.push_back({{change}, table.renderer->render(*change, 1)});
  std::optional<Result<BatchOutcome>> outcome;
  sink->apply(batch, [&](Result<BatchOutcome> result) { outcome.emplace(std::move(result)); });
  loop.run_until_idle(std::chrono::hours(1));
  ASSERT_TRUE(*outcome);
  ASSERT_EQ((*outcome)->refused.size(), 1u);
  EXPECT_EQ((*outcome)->refused[0].change, change);
  EXPECT_TRUE(lines_of(options.url.path).empty());
}

TEST_F(NdjsonSinkTest, SaysWhereItCannotWrite) {
  options.url.path = folder / "missing" / "out.ndjson";
  open();
  std::optional<Result<bool>> connected;
  sink->connect([&](Result<bool> result) { connected.emplace(std::move(result)); });
  loop.run_until_idle(std::chrono::hours(1));
  ASSERT_FALSE(*connected);
  EXPECT_EQ(connected->error().kind, ErrorKind::not_found);
}

TEST(Output, NoWaitingHelpsWhereTheReaderHasGoneOrADeviceIsFull) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  NullLog log;
  Output pipe(ends[1], "standard output", log);
  const Result<bool> broken = pipe.write("x");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::stopped);
  ::close(ends[1]);

  Output full("/dev/full", log);
  const Result<bool> refused = full.write("x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::stopped);
}

/// Whoever writes where nobody reads waits for a reader, and for nothing else once it is to stop.
TEST(Output, AWaitForAReaderCanBeStopped) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  NullLog log;
  std::stop_source stop;
  Output pipe(ends[1], "standard output", log, stop.get_token());
  std::thread other([&] { stop.request_stop(); });
  const Result<bool> written = pipe.write(std::string(1u << 22, 'x'));
  other.join();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::stopped);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Output, ANamedPipeThatNobodyReadsIsToldAtOnce) {
  const TemporaryFolder folder;
  const std::string path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  NullLog log;
  Output nobody_reads(path, log);
  const Result<bool> opened = nobody_reads.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::unreachable) << "somebody may come";
}

TEST(Output, WritesAllToAPipeThatIsReadSlowly) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  NullLog log;
  const std::string text(1u << 20, 'x');
  std::thread writer([&] {
    Output pipe(ends[1], "standard output", log);
    EXPECT_TRUE(pipe.write(text));
    ::close(ends[1]);
  });
  size_t got = 0;
  char bytes[1000];
  for (ssize_t n = 0; (n = ::read(ends[0], bytes, sizeof bytes)) > 0;) got += static_cast<size_t>(n);
  writer.join();
  EXPECT_EQ(got, text.size());
  ::close(ends[0]);
}

/// A file whose size is limited, as by a full disk: what still fits is written.
class OutputTest : public NdjsonSinkTest {
 protected:
  OutputTest() {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
  }
  ~OutputTest() override { ::setrlimit(RLIMIT_FSIZE, &before_); }

  void limit(rlim_t bytes) const {
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  void unlimit() const { ::setrlimit(RLIMIT_FSIZE, &before_); }
  void append(std::string_view text) const { std::ofstream(path, std::ios::app) << text; }
  std::string content() const {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  }

  const std::string path = (folder / "lines").string();
  sink::testing::RecordingLog log_lines;

 private:
  rlimit before_{};
};

TEST_F(OutputTest, NothingIsLeftOfAWriteThatFailed) {
  Output output(path, log_lines);
  ASSERT_TRUE(output.write("one\n"));
  limit(10);
  for (int i = 0; i < 3; ++i) {
    const Result<bool> failed = output.write("two\nthree\n");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, ErrorKind::stopped);
    EXPECT_EQ(content(), "one\n");
  }
  unlimit();
  ASSERT_TRUE(output.write("two\nthree\n"));
  EXPECT_EQ(content(), "one\ntwo\nthree\n");
}

TEST_F(OutputTest, NeitherOfAFileThatWasPassedOn) {
  append("one\n");
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ::lseek(file, 4, SEEK_SET);
  Output output(file, "standard output", log_lines);
  limit(10);
  ASSERT_FALSE(output.write("two\nthree\n"));
  unlimit();
  ASSERT_TRUE(output.write("two\nthree\n"));
  EXPECT_EQ(content(), "one\ntwo\nthree\n");
  ::close(file);
}

TEST_F(OutputTest, WhatAKillHasLeftIsALineOfItsOwn) {
  append("one\ntw");
  Output output(path, log_lines);
  ASSERT_TRUE(output.open());
  EXPECT_THAT(log_lines.lines, ElementsAre(HasSubstr("lines does not end with a whole line")));
  ASSERT_TRUE(output.write("two\n"));
  ASSERT_TRUE(output.write("three\n"));
  EXPECT_EQ(content(), "one\ntw\ntwo\nthree\n");
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  append("fo");
  Output again(file, "standard output", log_lines);
  ASSERT_TRUE(again.write("four\n"));
  EXPECT_EQ(content(), "one\ntw\ntwo\nthree\nfo\nfour\n");
  ::close(file);
}

TEST_F(OutputTest, WhatIsWholeIsLeftAsItIs) {
  append("one\n");
  Output output(path, log_lines);
  ASSERT_TRUE(output.write("two\n"));
  EXPECT_EQ(content(), "one\ntwo\n");
  EXPECT_TRUE(log_lines.lines.empty());
}

TEST_F(OutputTest, NobodyElsesLinesAreCutAway) {
  Output output(path, log_lines);
  ASSERT_TRUE(output.write("one\n"));
  Output other(path, log_lines);
  ASSERT_TRUE(other.write("other\n"));
  limit(13);
  ASSERT_FALSE(output.write("two\nthree\n"));
  EXPECT_EQ(content(), "one\nother\ntwo");
  unlimit();
  ASSERT_TRUE(output.write("two\nthree\n"));
  EXPECT_EQ(content(), "one\nother\ntwo\ntwo\nthree\n");
}

TEST_F(OutputTest, TakesAWriteBackUnlessSomeoneHasWrittenBehindIt) {
  Output output(path, log_lines);
  ASSERT_TRUE(output.write("one\n"));
  ASSERT_TRUE(output.write("two\n"));
  output.take_back();
  EXPECT_EQ(content(), "one\n");
  output.take_back();
  EXPECT_EQ(content(), "one\n") << "once";
  ASSERT_TRUE(output.write("two\n"));
  append("other\n");
  output.take_back();
  EXPECT_EQ(content(), "one\ntwo\nother\n");
}

TEST_F(OutputTest, ChangesAreWrittenOnceWhereTheirDeadLettersWait) {
  options.dead_letters_file = "/dev/full";
  open();
  const auto batch = [] {
    return std::vector{put(1, text_key("a"), "{}"), put(2, R"({"pk":{"N":"5"}})", "{}")};  // a key of another type
  };
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(apply(batch()));
  EXPECT_TRUE(lines_of(options.url.path).empty());
}

TEST_F(OutputTest, WaitsForRoomInAPipeThatDoesNotWait) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  Output pipe(ends[1], "standard output", log_lines);
  const std::string lines = std::string(1u << 20, 'x') + "\n";
  std::string got;
  {
    const std::jthread reader([&] {
      char bytes[4096];
      while (got.size() < lines.size()) {
        const ssize_t count = ::read(ends[0], bytes, sizeof bytes);
        if (count > 0) got.append(bytes, static_cast<size_t>(count));
      }
    });
    EXPECT_TRUE(pipe.write(lines));
  }
  EXPECT_EQ(got, lines);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace ctk::sink::ndjson
