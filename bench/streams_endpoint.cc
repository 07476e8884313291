// The simulated DynamoDB with a table and its stream, over HTTP on the real clock, without the service's limits.
//
//   streams_endpoint SHARDS                            serves; X-Amz-Target Bench.Calls tells how often GetRecords was
//   called streams_endpoint SHARDS RATE SECONDS DATABASE      also writes, and sees when each change is visible
//
// The second form puts RATE new items a second into the table, all shards roll at half time, and a second connection to the
// SQLite file DATABASE looks every 2 ms whether something was committed there, and which items it then finds in the table
// `bench`. It prints, as JSON, how long the changes of all but the first ten seconds took, and ends.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "serve.h"
#include "sim/dynamodb_json.h"
#include "sim/services.h"

namespace ctk::bench {
namespace {

using Instant = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kWarmUp{10};
constexpr seconds kLongest{30};  ///< for which the last changes are waited for

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "streams_endpoint: " << why << '\n';
  std::_Exit(1);
}

std::string key_of(uint64_t number) { return fmt::format("order-{:09}", number); }

class Endpoint {
 public:
  explicit Endpoint(int shards) : shards_(shards) {
    sim::TableInput table;
    table.name = "bench";
    table.keys = {{"id", 'S'}};
    table.stream = aws::StreamView::new_and_old_images;
    table.partitions = shards;
    services_.dynamodb.create_table(table, clock_.now()).value();
  }

  Reply answer(const std::string& target, const std::string& body) {
    const std::lock_guard lock(mutex_);
    const std::string action = target.substr(target.find('.') + 1);
    if (action == "Calls") return {std::to_string(polls_)};
    if (action == "GetRecords") ++polls_;
    const bool streams = target.starts_with("DynamoDBStreams");
    sim::WireAnswer answer = streams ? sim::answer_streams(services_.streams, action, body, clock_.now())
                                     : sim::answer_dynamodb(services_.dynamodb, action, body, clock_.now());
    return {std::move(answer.body), answer.status};
  }

  /// Puts a new item; the shard that tells of it.
  size_t put(uint64_t number) {
    const std::string id = fmt::format(R"({{"S":"{}"}})", key_of(number));
    sim::Attributes item{{"id", id},
                         {"revision", fmt::format(R"({{"N":"{}"}})", number)},
                         {"state", R"({"S":"shipped"})"},
                         {"tags", R"({"SS":["a","web"]})"},
                         {"address", R"({"M":{"city":{"S":"Bregenz"},"zip":{"S":"6900"}}})"}};
    const std::lock_guard lock(mutex_);
    services_.dynamodb.put_item("bench", std::move(item), clock_.now()).value();
    return static_cast<size_t>(aws::hash_of(id) / (aws::kLargestHashKey / static_cast<unsigned>(shards_) + 1));
  }

  void roll() {
    const std::lock_guard lock(mutex_);
    services_.streams.roll(services_.dynamodb.stream_of("bench"), true, clock_.now()).value();
  }
  size_t shards() const { return static_cast<size_t>(shards_); }

 private:
  int shards_;
  SystemClock clock_;
  std::mutex mutex_;
  sim::Services services_{1};
  uint64_t polls_ = 0;
};

/// Another connection to the relay's target.
class Eye {
 public:
  explicit Eye(const std::string& path) {
    // The relay makes file and table when it sees the first change.
    while (sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK || !prepare()) {
      sqlite3_close_v2(db_);
      std::this_thread::sleep_for(milliseconds(20));
    }
  }

  /// Whether something was committed since the last call.
  bool changed() {
    if (sqlite3_step(version_) != SQLITE_ROW) give_up(sqlite3_errmsg(db_));
    const int64_t now = sqlite3_column_int64(version_, 0);
    sqlite3_reset(version_);
    return std::exchange(seen_, now) != now;
  }
  bool sees(uint64_t number) {
    const std::string key = key_of(number);
    sqlite3_bind_text(find_, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    const int code = sqlite3_step(find_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) give_up(sqlite3_errmsg(db_));
    sqlite3_reset(find_);
    return code == SQLITE_ROW;
  }

 private:
  bool prepare() {
    return sqlite3_prepare_v2(db_, "PRAGMA data_version", -1, &version_, nullptr) == SQLITE_OK &&
           sqlite3_prepare_v2(db_, "SELECT 1 FROM bench WHERE id = ?", -1, &find_, nullptr) == SQLITE_OK;
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* version_ = nullptr;
  sqlite3_stmt* find_ = nullptr;
  int64_t seen_ = 0;
};

/// The changes that are not visible yet, by shard and in its order, and how long the others took.
class Measurement {
 public:
  explicit Measurement(size_t shards) : waiting_(shards) {}

  void wrote(size_t shard, uint64_t number, Instant at, bool counts) {
    const std::lock_guard lock(mutex_);
    waiting_[shard].push_back({number, at, counts});
  }
  void look(Eye& eye, Instant now) {
    const std::lock_guard lock(mutex_);
    for (std::deque<Change>& shard : waiting_) {
      while (!shard.empty() && eye.sees(shard.front().number)) {
        if (shard.front().counts)
          took_.push_back(std::chrono::duration<double, std::milli>(now - shard.front().at).count());
        shard.pop_front();
      }
    }
  }
  bool done() {
    const std::lock_guard lock(mutex_);
    return std::ranges::all_of(waiting_, [](const std::deque<Change>& shard) { return shard.empty(); });
  }
  std::string figures() {
    std::ranges::sort(took_);
    const auto at = [this](double part) {
      return took_[static_cast<size_t>(part * static_cast<double>(took_.size() - 1))];
    };
    return fmt::format(R"({{"changes":{},"p50_ms":{:.1f},"p90_ms":{:.1f},"p99_ms":{:.1f},"max_ms":{:.1f}}})", took_.size(),
                       at(0.5), at(0.9), at(0.99), at(1));
  }

 private:
  struct Change {
    uint64_t number;
    Instant at;
    bool counts;
  };
  std::mutex mutex_;
  std::vector<std::deque<Change>> waiting_;
  std::vector<double> took_;
};

void write_all(Endpoint& endpoint, Measurement& measurement, uint64_t rate, seconds time) {
  const Instant start = std::chrono::steady_clock::now();
  const uint64_t all = rate * static_cast<uint64_t>(time.count());
  bool rolled = false;
  for (uint64_t number = 0; number < all; ++number) {
    const std::chrono::duration<double> due(static_cast<double>(number) / static_cast<double>(rate));
    while (std::chrono::steady_clock::now() - start < due) std::this_thread::sleep_for(milliseconds(1));
    if (!rolled && number >= all / 2) {
      rolled = true;
      endpoint.roll();
    }
    const Instant now = std::chrono::steady_clock::now();
    const size_t shard = endpoint.put(number);
    measurement.wrote(shard, number, now, now - start >= kWarmUp);
  }
}

void measure(Endpoint& endpoint, uint64_t rate, seconds time, const std::string& database) {
  Measurement measurement(endpoint.shards());
  std::atomic<bool> written = false;
  std::jthread writer([&] {
    write_all(endpoint, measurement, rate, time);
    written = true;
  });
  Eye eye(database);
  const Instant end = std::chrono::steady_clock::now() + time + kLongest;
  while (!written || !measurement.done()) {
    if (eye.changed()) measurement.look(eye, std::chrono::steady_clock::now());
    if (std::chrono::steady_clock::now() > end) give_up("not every change became visible");
    std::this_thread::sleep_for(milliseconds(2));
  }
  std::cout << measurement.figures() << std::endl;
  std::_Exit(0);
}

}  // namespace
}  // namespace ctk::bench

int main(int count, char** words) {
  if (count != 2 && count != 5) {
    std::cerr << "streams_endpoint SHARDS [RATE SECONDS DATABASE]\n";
    return 2;
  }
  ctk::bench::Endpoint endpoint(std::stoi(words[1]));
  std::jthread measurement;
  if (count == 5) {
    measurement = std::jthread([&] {
      ctk::bench::measure(endpoint, std::stoull(words[2]), std::chrono::seconds(std::stoll(words[3])), words[4]);
    });
  }
  return ctk::bench::serve(
      [&endpoint](const std::string& target, const std::string& body) { return endpoint.answer(target, body); });
}
