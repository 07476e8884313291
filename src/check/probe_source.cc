#include "check/probe_source.h"

#include <fmt/format.h>

#include <algorithm>

namespace ctk::check {
namespace {

constexpr int kTriesMore = 3;  // of a call that is throttled
constexpr Duration kPause = std::chrono::seconds(1);
constexpr const char* kLeaseKey = "leaseKey";
constexpr size_t kLargestAnswer = 16u << 20;
/// Shards that a stream is likely to have had: where no list can be had, their names show whether there is the right.
constexpr const char* kFirstKinesisShard = "shardId-000000000000";
constexpr const char* kSomeTableShard = "shardId-00000000000000000000-00000000";

template <class T>
const Error* error_of(const Result<T>& result) {
  return result ? nullptr : &result.error();
}

template <class Shards>
aws::ShardId one_that_is_open(const Shards& shards, const char* otherwise) {
  for (const auto& shard : shards) {
    if (!shard.last) return shard.id;
  }
  return shards.empty() ? aws::ShardId(otherwise) : shards.front().id;
}

bool is_gone(const Error& error) { return error.kind == ErrorKind::unreachable; }

}  // namespace

template <class T, class Call>
Task<Result<T>> SourceProbe::patiently(Call call) {
  for (int left = kTriesMore;; --left) {
    Result<T> answer = co_await tasks_.answer<T>([&](Done<T> done) { call(deadline_.hold(std::move(done))); });
    const bool again = !answer && answer.error().kind == ErrorKind::throttled && left > 0;
    if (!again || deadline_.left() < kPause) co_return answer;
    co_await tasks_.pause(kPause);
  }
}

void SourceProbe::run(Done<SourceSight> done) { tasks_.spawn(look(), std::move(done)); }

Permission SourceProbe::permission(std::string_view action) const {
  const std::vector<Permission> all = permissions_of(needs_);
  const auto found = std::ranges::find(all, action, &Permission::action);
  return found == all.end() ? Permission{std::string(action), "*"} : *found;
}

void SourceProbe::note(std::string_view action, const Error* error) {
  sight_.calls.push_back({permission(action), error == nullptr ? std::nullopt : std::optional(*error)});
}

void SourceProbe::skip(std::string_view action, std::string why) {
  sight_.calls.push_back({permission(action), std::nullopt, std::move(why)});
}

Task<Result<SourceSight>> SourceProbe::look() {
  bool reached = true;
  if (needs_.kinesis) reached = co_await look_at_kinesis();
  if (reached && (needs_.table_stream || needs_.scanned)) reached = co_await look_at_table();
  if (reached && needs_.table_stream) reached = co_await look_at_table_stream();
  if (reached && needs_.scanned) reached = co_await look_at_items();
  if (reached && !table_.empty() && apis_.settings != nullptr) co_await look_at_settings();
  for (size_t i = 0; reached && apis_.leases != nullptr && i < leases_.size(); ++i)
    reached = co_await look_at_leases(leases_[i]);
  co_return std::move(sight_);
}

/// False where nobody answers: the rest need not be tried.
Task<bool> SourceProbe::look_at_kinesis() {
  const aws::StreamName stream(*needs_.kinesis);
  const auto ask_summary = [&](Done<aws::StreamSummary> done) { apis_.kinesis->describe_stream(stream, std::move(done)); };
  Result<aws::StreamSummary> summary = co_await patiently<aws::StreamSummary>(ask_summary);
  note("kinesis:DescribeStreamSummary", error_of(summary));
  if (!summary && is_gone(summary.error())) co_return false;
  const bool missing = !summary && summary.error().kind == ErrorKind::not_found;
  if (summary) sight_.kinesis = *summary;
  if (needs_.create_kinesis) skip("kinesis:CreateStream", missing ? "it would make the stream" : "the stream is there");
  if (missing) co_return true;
  if (needs_.fan_out && summary) co_await look_at_consumer(summary->arn);
  const auto ask_shards = [&](Done<aws::ShardPage> done) {
    apis_.kinesis->list_shards(stream, std::nullopt, std::move(done));
  };
  Result<aws::ShardPage> shards = co_await patiently<aws::ShardPage>(ask_shards);
  note("kinesis:ListShards", error_of(shards));
  const aws::ShardId shard =
      one_that_is_open(shards ? shards->shards : std::vector<aws::KinesisShard>{}, kFirstKinesisShard);
  const aws::IteratorStart start;
  const auto ask_iterator = [&](Done<std::string> done) {
    apis_.kinesis->get_shard_iterator(stream, shard, start, std::move(done));
  };
  Result<std::string> iterator = co_await patiently<std::string>(ask_iterator);
  note("kinesis:GetShardIterator", error_of(iterator));
  if (!iterator && needs_.fan_out) co_return true;
  if (!iterator) {
    skip("kinesis:GetRecords", "there is no iterator to try it with");
    co_return true;
  }
  const auto ask_page = [&](Done<aws::RecordPage> done) {
    apis_.kinesis->get_records(*iterator, 1, kLargestAnswer, std::move(done));
  };
  Result<aws::RecordPage> page = co_await patiently<aws::RecordPage>(ask_page);
  if (!needs_.fan_out) note("kinesis:GetRecords", error_of(page));
  if (page && !page->records.empty()) sight_.record = page->records.front().data;
  co_return true;
}

/// Nothing is registered, and nothing subscribed to: that would take a relay's place that is at work.
Task<bool> SourceProbe::look_at_consumer(const aws::Arn& stream) {
  const auto ask_found = [&](Done<aws::StreamConsumer> done) {
    apis_.fan_out->describe_consumer(stream, *needs_.fan_out, std::move(done));
  };
  Result<aws::StreamConsumer> found = co_await patiently<aws::StreamConsumer>(ask_found);
  const bool missing = !found && found.error().kind == ErrorKind::not_found;
  note("kinesis:DescribeStreamConsumer", missing ? nullptr : error_of(found));
  skip("kinesis:RegisterStreamConsumer", missing ? "it would register the consumer" : "the consumer is there");
  skip("kinesis:SubscribeToShard", "it would take the place of a relay that reads");
  co_return true;
}

Task<bool> SourceProbe::look_at_table() {
  const std::vector<Permission> needed = permissions_of(needs_);
  if (std::ranges::find(needed, "dynamodb:DescribeTable", &Permission::action) == needed.end()) co_return true;
  const aws::TableName table(needs_.scanned ? *needs_.scanned : *needs_.table_stream);
  const auto ask_found = [&](Done<aws::TableDescription> done) { apis_.tables->describe_table(table, std::move(done)); };
  Result<aws::TableDescription> found = co_await patiently<aws::TableDescription>(ask_found);
  note("dynamodb:DescribeTable", error_of(found));
  if (found) sight_.table = *found;
  co_return found || !is_gone(found.error());
}

Task<bool> SourceProbe::look_at_table_stream() {
  const auto skip_all = [this](const std::string& why) {
    for (const char* action : {"dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"}) {
      skip(action, why);
    }
  };
  const bool is_on = sight_.table && sight_.table->stream && sight_.table->stream->enabled;
  const bool named = needs_.table_stream->find("/stream/") != std::string::npos;
  if (needs_.enable_stream && !named)
    skip("dynamodb:UpdateTable", is_on ? "the stream is on" : "it would switch the stream on");
  aws::Arn stream(named ? *needs_.table_stream : "");
  if (!named && sight_.table && sight_.table->stream) stream = sight_.table->stream->arn;
  if (stream.empty()) {
    skip_all(sight_.table ? "the table has no stream" : "the stream is not known");
    co_return true;
  }
  const aws::DescribeStreamRequest request{stream, std::nullopt, std::nullopt};
  const auto ask_found = [&](Done<aws::StreamsDescription> done) {
    apis_.streams->describe_stream(request, std::move(done));
  };
  Result<aws::StreamsDescription> found = co_await patiently<aws::StreamsDescription>(ask_found);
  note("dynamodb:DescribeStream", error_of(found));
  if (!found && is_gone(found.error())) co_return false;
  if (found) sight_.table_stream = *found;
  const aws::ShardId shard = one_that_is_open(found ? found->shards : std::vector<aws::StreamsShard>{}, kSomeTableShard);
  const aws::IteratorStart start;
  const auto ask_iterator = [&](Done<std::string> done) {
    apis_.streams->get_shard_iterator(stream, shard, start, std::move(done));
  };
  Result<std::string> iterator = co_await patiently<std::string>(ask_iterator);
  note("dynamodb:GetShardIterator", error_of(iterator));
  if (!iterator) {
    skip("dynamodb:GetRecords", "there is no iterator to try it with");
    co_return true;
  }
  const auto ask_page = [&](Done<aws::StreamsPage> done) {
    apis_.streams->get_records(*iterator, 1, kLargestAnswer, std::move(done));
  };
  Result<aws::StreamsPage> page = co_await patiently<aws::StreamsPage>(ask_page);
  note("dynamodb:GetRecords", error_of(page));
  co_return true;
}

Task<bool> SourceProbe::look_at_items() {
  const aws::ScanRequest request{.table = aws::TableName(*needs_.scanned), .limit = 1};
  const auto ask_page = [&](Done<aws::ScanPage> done) { apis_.tables->scan(request, std::move(done)); };
  Result<aws::ScanPage> page = co_await patiently<aws::ScanPage>(ask_page);
  note("dynamodb:Scan", error_of(page));
  co_return page || !is_gone(page.error());
}

/// Nothing is written: a row would be taken for a lease.
Task<bool> SourceProbe::look_at_leases(std::string name) {
  LeaseTableSight sight{name};
  const aws::TableName table(name);
  const std::string resource = table_arn(needs_.region, name);
  const auto made = [&](const char* action, const Error* error) {
    sight.calls.push_back({{action, resource}, error == nullptr ? std::nullopt : std::optional(*error)});
  };
  const auto not_made = [&](const char* action, const char* why) {
    sight.calls.push_back({{action, resource}, std::nullopt, why});
  };
  const auto ask_found = [&](Done<aws::TableDescription> done) { apis_.leases->describe_table(table, std::move(done)); };
  Result<aws::TableDescription> found = co_await patiently<aws::TableDescription>(ask_found);
  made("dynamodb:DescribeTable", error_of(found));
  const bool is_away = !found && is_gone(found.error());
  if (!is_away) {
    const bool is_lease_table = !found || (found->keys.size() == 1 && found->keys.front().name == kLeaseKey);
    sight.is_of_something_else = !is_lease_table;
    not_made("dynamodb:CreateTable", found ? "the table is there" : "it would make the table");
    const aws::ScanRequest request{.table = table, .limit = 1};
    const auto ask_page = [&](Done<aws::ScanPage> done) { apis_.leases->scan(request, std::move(done)); };
    Result<aws::ScanPage> page = co_await patiently<aws::ScanPage>(ask_page);
    made("dynamodb:Scan", error_of(page));
    using Item = std::optional<std::string>;
    const std::string key = fmt::format(R"({{"{}":{{"S":"ctk-check"}}}})", kLeaseKey);
    const auto ask_item = [&](Done<Item> done) { apis_.leases->get_item(table, key, std::move(done)); };
    Result<Item> item = co_await patiently<Item>(ask_item);
    made("dynamodb:GetItem", error_of(item));
    for (const char* action : {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"})
      not_made(action, "it would write a lease");
  }
  sight_.leases.push_back(std::move(sight));
  co_return !is_away;
}

Task<bool> SourceProbe::look_at_settings() {
  const aws::TableName table(table_);
  using Destinations = std::vector<aws::KinesisDestination>;
  if (needs_.kinesis) {
    sight_.destinations = co_await tasks_.answer<Destinations>(
        [&](Done<Destinations> done) { apis_.settings->kinesis_destinations(table, deadline_.hold(std::move(done))); });
  }
  sight_.recovery = co_await tasks_.answer<bool>(
      [&](Done<bool> done) { apis_.settings->point_in_time_recovery(table, deadline_.hold(std::move(done))); });
  co_return true;
}

}  // namespace ctk::check
