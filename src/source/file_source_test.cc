// Files and pipes on real threads: nothing waits for a writer once nobody wants to read.
#include "source/file_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "base/testing/temporary_folder.h"

namespace ctk::source {
namespace {

using testing::ElementsAre;

/// A pipe whose reading end has a name.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    close_writing();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  std::string path() const { return "/dev/fd/" + std::to_string(ends_[0]); }
  void write(std::string_view text) const { EXPECT_EQ(::write(ends_[1], text.data(), text.size()), ssize_t(text.size())); }
  void close_writing() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

 private:
  int ends_[2] = {-1, -1};
};

/// A source on a loop's thread.
class FileSourceTest : public testing::Test {
 protected:
  FileSourceTest() : thread_([this] { loop_.run(); }) {}
  ~FileSourceTest() override {
    loop_.quit();
    thread_.join();
  }

  void make(const std::string& path) {
    source_ = make_file_source(path, std::make_unique<ThreadExecutor>(loop_, "reader"));
  }
  void open(const std::string& path) {
    make(path);
    ASSERT_TRUE(ask<SourceIdentity>([this](auto done) { source_->open(std::move(done)); }));
  }
  std::vector<std::string> read(bool* ended = nullptr) {
    Result<Page> page = ask<Page>([this](auto done) { source_->read(request(), std::move(done)); });
    std::vector<std::string> lines;
    if (!page) return {to_string(page.error())};
    for (dynamodb::RawRecord& record : page->records) lines.emplace_back(record.data);
    if (ended != nullptr) *ended = page->ended;
    return lines;
  }
  /// Destroys the source while a call waits for bytes.
  void destroy_while(std::move_only_function<void()> waits) {
    std::promise<void> begun;
    loop_.post([&] {
      waits();
      begun.set_value();
    });
    begun.get_future().wait();
    std::promise<void> gone;
    loop_.post([&] {
      source_.reset();
      gone.set_value();
    });
    EXPECT_EQ(gone.get_future().wait_for(std::chrono::minutes(1)), std::future_status::ready);
  }
  static ReadRequest request() {
    ReadRequest request;
    request.shard = ShardId("file");
    return request;
  }

  template <class T, class Start>
  Result<T> ask(Start start) {
    std::promise<Result<T>> answer;
    loop_.post([&] { start([&](Result<T> result) { answer.set_value(std::move(result)); }); });
    return answer.get_future().get();
  }

  SystemClock clock_;
  ThreadLoop loop_{clock_};
  std::unique_ptr<StreamSource> source_;
  std::thread thread_;
};

TEST_F(FileSourceTest, GivesTheLinesOfAPipeAsTheyCome) {
  Pipe pipe;
  pipe.write("one\ntwo\nthr");
  open(pipe.path());
  EXPECT_THAT(read(), ElementsAre("one", "two"));
  pipe.write("ee\n");
  EXPECT_THAT(read(), ElementsAre("three"));
  pipe.write("four");
  pipe.close_writing();
  bool ended = false;
  EXPECT_THAT(read(&ended), ElementsAre("four"));
  EXPECT_TRUE(ended);
}

TEST_F(FileSourceTest, GivesWholeObjectsOfAPipeWhoseLineHasNotEnded) {
  Pipe pipe;
  pipe.write(R"({"a":1})");
  open(pipe.path());
  EXPECT_THAT(read(), ElementsAre(R"({"a":1})"));
  pipe.write(
      "\n"
      R"({"b":2}{"c":3)");
  EXPECT_THAT(read(), ElementsAre(R"({"b":2})"));
  pipe.write(
      "}\n"
      R"([{"d":4},{"e":5},{"f")");
  EXPECT_THAT(read(), ElementsAre(R"({"c":3})", R"({"d":4})", R"({"e":5})"));
  pipe.write(":6}]\n");
  EXPECT_THAT(read(), ElementsAre(R"({"f":6})"));
}

TEST_F(FileSourceTest, APipeIsOpenBeforeAnythingHasCome) {
  Pipe pipe;
  open(pipe.path());
  pipe.write(
      "\xfd"
      "7zX");
  EXPECT_THAT(read(), ElementsAre(testing::HasSubstr("is packed by xz")));
  EXPECT_THAT(read(), ElementsAre(testing::HasSubstr("is packed by xz"))) << "it stays";
}

TEST_F(FileSourceTest, AReadThatWaitsForAWriterEndsWithItsSource) {
  Pipe pipe;
  pipe.write("one\n");
  open(pipe.path());
  EXPECT_THAT(read(), ElementsAre("one"));
  destroy_while([this] { source_->read(request(), [](const Result<Page>&) { FAIL() << "the source is gone"; }); });
}

TEST_F(FileSourceTest, SoDoesOneThatWaitsToSeeWhetherThePipeIsCompressed) {
  const Pipe pipe;
  open(pipe.path());
  destroy_while([this] { source_->read(request(), [](const Result<Page>&) { FAIL() << "the source is gone"; }); });
}

TEST_F(FileSourceTest, SoDoesOneOfANamedPipeThatNobodyHasOpened) {
  const TemporaryFolder folder;
  const std::string path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  open(path);
  destroy_while([this] { source_->read(request(), [](const Result<Page>&) { FAIL() << "the source is gone"; }); });
}

TEST_F(FileSourceTest, APipeIsNotReadASecondTime) {
  Pipe pipe;
  pipe.write("one\ntwo\n");
  open(pipe.path());
  EXPECT_THAT(read(), ElementsAre("one", "two"));
  source_->forget(ShardId("file"));
  EXPECT_THAT(read(), ElementsAre(testing::HasSubstr("cannot be read again")));
}

}  // namespace
}  // namespace ctk::source
