#include "sink/sql/watched_driver.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace ctk::sink::sql {
namespace {

/// A call that hangs, for the driver that is in it and the test that looks on. Either may be gone first.
struct Hang {
  std::promise<void> begun, let_go;
  std::promise<std::string> said;  ///< what it was given, as it finds it once it was let go
};

/// Statements of the name "hang" do not come back before they are let go.
class HangingDriver final : public Driver {
 public:
  explicit HangingDriver(std::shared_ptr<Hang> hang) : hang_(std::move(hang)) {}

  Status connect(Reach) override { return {}; }
  void disconnect() override { connected = false; }
  SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) override {
    const Statement& first = statements.front();
    if (first.sql == "hang") {
      wait();
      hang_->said.set_value(first.sql + ": " + first.params.front().text.data());
    }
    return std::vector<Answer>{{{static_cast<int64_t>(statements.size())}, {}}};
  }
  using Driver::run;
  Result<ResultSet> query(const Query& query) override {
    if (query.sql == "hang") wait();
    return ResultSet{};
  }
  bool in_transaction() const override { return true; }

  bool connected = true;

 private:
  void wait() {
    hang_->begun.set_value();
    hang_->let_go.get_future().wait();
  }

  std::shared_ptr<Hang> hang_;
};

class Watched : public ::testing::Test {
 protected:
  ~Watched() override {
    if (!is_let_go) hang->let_go.set_value();
  }

  const std::shared_ptr<Hang> hang = std::make_shared<Hang>();
  bool is_let_go = false;
  std::stop_source stop;
  int made = 0;
  std::unique_ptr<Driver> driver = [this] {
    auto watched = make_watched_driver(
        [this]() -> std::unique_ptr<Driver> {
          ++made;
          return std::make_unique<HangingDriver>(hang);
        },
        std::chrono::milliseconds(1));
    watched->heed(stop.get_token());
    return watched;
  }();
};

TEST_F(Watched, WhatComesBackIsAnswered) {
  EXPECT_TRUE(driver->connect(Reach::existing));
  const SqlResult<Answer> answer = driver->run(statement("x"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->affected.front(), 1);
  EXPECT_TRUE(driver->query("x"));
  EXPECT_TRUE(driver->in_transaction());
  EXPECT_FALSE(driver->connection_is_lost());
}

TEST_F(Watched, WhatHangsIsLeftOnceItIsToStop) {
  std::jthread other([&] {
    hang->begun.get_future().wait();
    stop.request_stop();
  });
  {
    const std::string text = "longer than what a string keeps within itself";
    const SqlResult<Answer> answer = driver->run(statement("hang", {Param::of(text)}));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().scope, Scope::lost) << "what was not committed has not happened";
    EXPECT_EQ(answer.error().error.kind, ErrorKind::stopped);
  }
  EXPECT_FALSE(driver->in_transaction());
  EXPECT_FALSE(driver->run(statement("x"))) << "nobody else gets into its way";
  hang->let_go.set_value();
  is_let_go = true;
  EXPECT_EQ(hang->said.get_future().get(), "hang: longer than what a string keeps within itself")
      << "what it was given is gone with whoever gave it";
}

/// Its thread may have come to the call, or not yet.
TEST_F(Watched, WhatIsToStopBeforeItBeginsIsLeft) {
  stop.request_stop();
  const SqlResult<Answer> answer = driver->run(statement("hang", {Param::of(std::string("x"))}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().error.kind, ErrorKind::stopped);
}

TEST_F(Watched, AQueryThatIsLeftCostsItsSessionOnly) {
  std::stop_source one;
  std::jthread other([&] { one.request_stop(); });
  const Result<ResultSet> answer = driver->query(Query{"hang", one.get_token(), ""});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::stopped);
  EXPECT_TRUE(driver->connection_is_lost());
  EXPECT_TRUE(driver->connect(Reach::existing));
  EXPECT_EQ(made, 2);
  EXPECT_TRUE(driver->query("x"));
}

}  // namespace
}  // namespace ctk::sink::sql
