// A small stream of one table for the tests of what reads it: shards and records are written down, pages and errors as
// wanted. What a real stream does by itself (rolls, trimming by time) is the simulated AWS's business.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "aws/dynamodb_api.h"
#include "aws/dynamodb_streams_api.h"
#include "base/event_loop.h"
#include "base/testing/answer.h"

namespace ctk::source {

inline const Timestamp kStreamTestStart = parse_timestamp("2026-11-22T03:00:00Z").value();

class FakeTables final : public aws::DynamoDbApi {
 public:
  explicit FakeTables(EventLoop& loop) : loop_(loop) {
    table.name = aws::TableName("demo");
    table.status = "ACTIVE";
    table.stream = aws::TableStream{aws::Arn("arn:aws:dynamodb:r:1:table/demo/stream/L"), true, aws::StreamView::new_image};
  }
  void describe_table(const aws::TableName& name, Done<aws::TableDescription> done) override {
    asked.push_back(name.str());
    loop_.post([answer = table, done = std::move(done)]() mutable { done(std::move(answer)); });
  }
  void scan(const aws::ScanRequest&, Done<aws::ScanPage> done) override {
    loop_.post([done = std::move(done)]() mutable { done(fail(ErrorKind::internal, "nobody scans here")); });
  }
  void get_item(const aws::TableName&, const std::string&, Done<std::optional<std::string>> done) override {
    loop_.post([done = std::move(done)]() mutable { done(fail(ErrorKind::internal, "nobody reads items here")); });
  }
  void enable_stream(const aws::TableName&, aws::StreamView view, Done<aws::TableDescription> done) override {
    enabled_with.push_back(view);
    table.stream = aws::TableStream{aws::Arn("arn:aws:dynamodb:r:1:table/demo/stream/NEW"), true, view};
    describe_table(table.name, std::move(done));
  }

  aws::TableDescription table;
  std::vector<std::string> asked;
  std::vector<aws::StreamView> enabled_with;

 private:
  EventLoop& loop_;
};

class FakeStreams final : public aws::DynamoDbStreamsApi {
 public:
  explicit FakeStreams(VirtualLoop& loop) : loop_(loop) {}

  struct Shard {
    std::string parent;
    bool closed = false;
    std::vector<std::pair<int, Timestamp>> records;  ///< number and time
    int trimmed_through = 0;
  };

  void describe_stream(const aws::DescribeStreamRequest& request, Done<aws::StreamsDescription> done) override {
    ++describe_calls;
    if (request.children_of && !knows_children) return post(failure(ErrorKind::refused), std::move(done));
    if (!describe_errors.empty()) return post(next(describe_errors), std::move(done));
    aws::StreamsDescription answer;
    answer.arn = request.stream;
    answer.table = aws::TableName("demo");
    answer.status = status;
    answer.created = kStreamTestStart - std::chrono::hours(48);
    answer.view = view;
    answer.server_time = loop_.now();
    bool begun = !request.after;
    for (const auto& [id, shard] : shards) {
      if (request.children_of && shard.parent != request.children_of->str()) continue;
      if (begun && answer.shards.size() == page_size) {
        answer.next = answer.shards.back().id;
        break;
      }
      if (begun) answer.shards.push_back(described(id, shard));
      if (request.after && id == request.after->str()) begun = true;
    }
    if (on_page) on_page(request, answer);
    loop_.post([answer = std::move(answer), done = std::move(done)]() mutable { done(std::move(answer)); });
  }

  void get_shard_iterator(const aws::Arn&, const aws::ShardId& shard, const aws::IteratorStart& start,
                          Done<std::string> done) override {
    using Kind = aws::IteratorStart::Kind;
    ++iterator_calls;
    starts.push_back(start);
    if (!shards.contains(shard.str())) return post(failure(ErrorKind::not_found), std::move(done));
    const Shard& one = shards.at(shard.str());
    size_t index = 0;
    if (start.kind == Kind::at_sequence || start.kind == Kind::after_sequence) {
      const int number = std::stoi(start.sequence.str());
      if (number <= one.trimmed_through) return post(failure(ErrorKind::gap), std::move(done));
      const int from = start.kind == Kind::after_sequence ? number + 1 : number;
      while (index < one.records.size() && one.records[index].first < from) ++index;
    }
    while (index < one.records.size() && one.records[index].first <= one.trimmed_through) ++index;
    std::string iterator = shard.str() + "/" + std::to_string(index);
    loop_.post([iterator = std::move(iterator), done = std::move(done)]() mutable { done(std::move(iterator)); });
  }

  void get_records(const std::string& iterator, int limit, size_t, Done<aws::StreamsPage> done) override {
    ++get_records_calls;
    limits.push_back(limit);
    if (!record_errors.empty()) return post(next(record_errors), std::move(done));
    const size_t slash = iterator.rfind('/');
    const Shard& shard = shards.at(iterator.substr(0, slash));
    size_t index = std::stoul(iterator.substr(slash + 1));
    aws::StreamsPage page;
    page.server_time = loop_.now();
    if (empty_pages > 0) {
      --empty_pages;
    } else {
      for (; index < shard.records.size() && page.records.size() < static_cast<size_t>(limit); ++index) {
        const auto& [number, time] = shard.records[index];
        page.records.push_back({aws::SequenceNumber(std::to_string(number)), time, "{}"});
      }
    }
    const bool ended = shard.closed && index == shard.records.size();
    if (!ended) page.next_iterator = iterator.substr(0, slash) + "/" + std::to_string(index);
    loop_.post([page = std::move(page), done = std::move(done)]() mutable { done(std::move(page)); });
  }

  static Error failure(ErrorKind kind) { return Error{kind, "as wanted by the test", "", ""}; }

  std::map<std::string, Shard> shards;
  std::string status = "ENABLED";
  aws::StreamView view = aws::StreamView::new_and_old_images;
  size_t page_size = 100;
  bool knows_children = true;
  int empty_pages = 0;  ///< that many answers hold nothing
  std::deque<Error> describe_errors, record_errors;
  std::function<void(const aws::DescribeStreamRequest&, aws::StreamsDescription&)> on_page;
  int describe_calls = 0, iterator_calls = 0, get_records_calls = 0;
  std::vector<aws::IteratorStart> starts;
  std::vector<int> limits;

 private:
  static aws::StreamsShard described(const std::string& id, const Shard& shard) {
    aws::StreamsShard one{aws::ShardId(id), {}, aws::SequenceNumber("1"), {}};
    if (!shard.parent.empty()) one.parent = aws::ShardId(shard.parent);
    if (shard.closed) one.last = aws::SequenceNumber("999");
    return one;
  }
  static Error next(std::deque<Error>& errors) {
    Error error = std::move(errors.front());
    errors.pop_front();
    return error;
  }
  template <class T>
  void post(Error error, Done<T> done) {
    loop_.post([error = std::move(error), done = std::move(done)]() mutable { done(std::unexpected(std::move(error))); });
  }

  VirtualLoop& loop_;
};

/// A virtual clock, a table, its stream, and a call that runs to its completion.
class StreamsTest : public testing::Test {
 protected:
  template <class T, class Start>
  Result<T> run(Start start) {
    return answer_of<T>(loop_, std::move(start));
  }
  void wait(Duration time) {
    bool over = false;
    loop_.after(time, [&] { over = true; });
    loop_.run_until([&] { return over; }, time * 2);
  }

  VirtualLoop loop_{kStreamTestStart};
  FakeTables tables_{loop_};
  FakeStreams streams_{loop_};
};

}  // namespace ctk::source
