#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

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
    std::string pattern = (std::filesystem::temp_directory_path() / "ctk-ndjson-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    options.kind = table::Target::ndjson;
    options.url.path = folder / "out.ndjson";
    options.dead_letters_file = (folder / "letters.ndjson").string();
  }
  ~NdjsonSinkTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  void open() {
    sink = make_ndjson_sink(options, {loop, loop, random, log, nullptr,
                                      [this](const char*) { return std::make_unique<InlineExecutor>(loop); }});
    const auto change = put(1, text_key("a"), "{}");
    const auto spec = table::make_spec(table::Target::ndjson, {"", "demo"}, "source", table::key_schema_of(*change), {});
    coordination::TableClaim claim;
    claim.table = "demo";
    sink->open(*spec, claim, [this](Result<OpenTable> result) { table = std::move(*result); });
    loop.run_until_idle(std::chrono::hours(1));
  }

  Result<BatchOutcome> apply(std::vector<std::shared_ptr<const dynamodb::Change>> changes) {
    auto batch = std::make_shared<Batch>();
    batch->tables.push_back({"demo", 1, {}});
    for (auto& change : changes) {
      table::Rendered rendered = table.renderer->render(*change, 1);
      batch->tables[0].changes.push_back({{change}, {"7"}, {aws::ShardId("s")}, std::move(rendered)});
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

  std::filesystem::path folder;
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
  EXPECT_FALSE(sink->capabilities().holds_tables);
}

TEST_F(NdjsonSinkTest, AppendsToWhatIsThere) {
  open();
  ASSERT_TRUE(apply({put(1, text_key("a"), "{}")}));
  open();
  ASSERT_TRUE(apply({put(2, text_key("a"), "{}")}));
  EXPECT_EQ(lines_of(options.url.path).size(), 2u);
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
  batch->tables[0].changes.push_back({{change}, {"7"}, {aws::ShardId("s")}, table.renderer->render(*change, 1)});
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

TEST(Output, TellsAReaderThatWentFromAFullDisk) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  Output pipe(ends[1], "standard output");
  const Result<bool> broken = pipe.write("x");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::stopped);
  ::close(ends[1]);

  Output full("/dev/full");
  const Result<bool> refused = full.write("x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
}

}  // namespace
}  // namespace ctk::sink::ndjson
