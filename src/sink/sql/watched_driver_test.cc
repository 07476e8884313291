#include "sink/sql/watched_driver.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace ctk::sink::sql {
namespace {

/// Statements of the name "hang" do not come back before they are let go.
class HangingDriver final : public Driver {
 public:
  explicit HangingDriver(std::shared_future<void> let_go) : let_go_(std::move(let_go)) {}

  Status connect(Reach) override { return {}; }
  void disconnect() override { connected = false; }
  SqlResult<std::vector<Answer>> run(std::span<const Statement> statements) override {
    if (statements.front().sql == "hang") let_go_.wait();
    return std::vector<Answer>{{{static_cast<int64_t>(statements.size())}, {}}};
  }
  using Driver::run;
  Result<ResultSet> query(const Query& query) override {
    if (query.sql == "hang") let_go_.wait();
    return ResultSet{};
  }
  bool in_transaction() const override { return true; }

  bool connected = true;

 private:
  std::shared_future<void> let_go_;
};

class Watched : public ::testing::Test {
 protected:
  ~Watched() override { let_go.set_value(); }

  std::promise<void> let_go;
  std::stop_source stop;
  int made = 0;
  std::unique_ptr<Driver> driver = [this] {
    auto watched = make_watched_driver(
        [this, future = let_go.get_future().share()]() -> std::unique_ptr<Driver> {
          ++made;
          return std::make_unique<HangingDriver>(future);
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
  std::jthread other([&] { stop.request_stop(); });
  const SqlResult<Answer> answer = driver->run(statement("hang"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().scope, Scope::lost) << "what was not committed has not happened";
  EXPECT_EQ(answer.error().error.kind, ErrorKind::stopped);
  EXPECT_FALSE(driver->in_transaction());
  EXPECT_FALSE(driver->run(statement("x"))) << "nobody else gets into its way";
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
