#include "sim/kinesis_api.h"

#include <fmt/format.h>

#include <memory>

#include "aws/errors.h"
#include "json/reader.h"

namespace ctk::sim {
namespace {

// Bytes that a record of a GetRecords answer takes beside its data: sequence number, arrival, partition key, names.
constexpr size_t kRecordFrame = 200;

Error to_error(const char* action, const ServiceError& refusal) {
  return {aws::classify_aws_error(refusal.code, refusal.status),
          fmt::format("{} failed", action),
          fmt::format("{}: {}", refusal.code, refusal.message),
          {}};
}

ServiceError injected(Fault fault) {
  switch (fault) {
    case Fault::throttled:
      return {"ProvisionedThroughputExceededException", "Rate exceeded for shard, by the simulation's choice.", 400};
    case Fault::expired_iterator: return {"ExpiredIteratorException", "Iterator expired, by the simulation's choice.", 400};
    default: return {"InternalFailure", "The request processing has failed because of an unknown error.", 500};
  }
}

std::unexpected<Error> lost(const char* action) {
  return fail(ErrorKind::unreachable, fmt::format("{} had no answer", action), "connection reset by peer");
}

aws::RecordPage to_page(RecordsAnswer answer, Timestamp now) {
  aws::RecordPage page;
  page.server_time = now;
  page.behind_latest = answer.behind;
  page.next_iterator = std::move(answer.next_iterator);
  for (const ShardDescription& child : answer.children) page.children.push_back({child.shard.id, child.shard.parents});
  for (StoredRecord& record : answer.records) {
    aws::KinesisRecord out;
    out.sequence = aws::SequenceNumber(std::move(record.sequence));
    out.arrival = record.arrival;
    out.data.reserve(record.data.size() + json::kPadding);
    out.data = record.data;
    page.answer_bytes += record.data.size() * 4 / 3 + kRecordFrame;
    page.records.push_back(std::move(out));
  }
  return page;
}

}  // namespace

template <class T, class Work>
void KinesisApi::call(const char* action, bool is_get_records, Work work, aws::Done<T> done) {
  EventLoop& loop = environment_.loop;
  if (settings_.down) {
    loop.post([action, done = std::move(done)]() mutable { done(lost(action)); });
    return;
  }
  const Fate fate = draw_fate(settings_.faults, is_get_records, environment_.random);
  if (environment_.on_fault) {
    if (fate.fault != Fault::none) environment_.on_fault(action, to_string(fate.fault));
    if (fate.delay > Duration{}) environment_.on_fault(action, "slow");
  }
  if (fate.fault == Fault::lost_request) {
    loop.after(settings_.timeout, [action, done = std::move(done)]() mutable { done(lost(action)); });
    return;
  }
  const bool answer_lost = fate.fault == Fault::lost_answer;
  const Duration back = answer_lost ? settings_.timeout : settings_.way + fate.delay;
  loop.after(settings_.way,
             [this, action, fate, back, answer_lost, work = std::move(work), done = std::move(done)]() mutable {
               const bool works = fate.fault == Fault::none || answer_lost || fate.fault == Fault::empty_page;
               Answer<T> answer =
                   works ? work(environment_.clock.now(), fate.fault) : Answer<T>(std::unexpected(injected(fate.fault)));
               Result<T> result = answer_lost ? Result<T>(lost(action))
                                  : answer    ? Result<T>(std::move(*answer))
                                              : Result<T>(std::unexpected(to_error(action, answer.error())));
               environment_.loop.after(
                   back, [result = std::move(result), done = std::move(done)]() mutable { done(std::move(result)); });
             });
}

void KinesisApi::describe_stream(const aws::StreamName& stream, aws::Done<aws::StreamSummary> done) {
  ++counts_.describe_stream;
  call<aws::StreamSummary>(
      "DescribeStreamSummary", false,
      [this, stream](Timestamp now, Fault) -> Answer<aws::StreamSummary> {
        auto answer = service_.describe_stream(stream.str(), now);
        if (!answer) return forward_refusal(std::move(answer));
        return aws::StreamSummary{.name = aws::StreamName(answer->name),
                                  .arn = aws::Arn(answer->arn),
                                  .status = answer->status,
                                  .created = answer->created,
                                  .retention = answer->retention,
                                  .server_time = now};
      },
      std::move(done));
}

void KinesisApi::list_shards(const aws::StreamName& stream, const std::optional<std::string>& token,
                             aws::Done<aws::ShardPage> done) {
  ++counts_.list_shards;
  call<aws::ShardPage>(
      "ListShards", false,
      [this, stream, token](Timestamp now, Fault) -> Answer<aws::ShardPage> {
        ListShardsInput input;
        if (token) {
          input.next_token = token;
        } else {
          input.stream = stream.str();
        }
        auto answer = service_.list_shards(input, now);
        if (!answer) return forward_refusal(std::move(answer));
        aws::ShardPage page;
        page.next_token = std::move(answer->next_token);
        for (ShardDescription& shard : answer->shards) page.shards.push_back(std::move(shard.shard));
        return page;
      },
      std::move(done));
}

void KinesisApi::get_shard_iterator(const aws::StreamName& stream, const aws::ShardId& shard,
                                    const aws::IteratorStart& start, aws::Done<std::string> done) {
  ++counts_.get_shard_iterator;
  call<std::string>(
      "GetShardIterator", false,
      [this, stream, shard, start](Timestamp now, Fault) {
        return service_.get_shard_iterator(stream.str(), shard.str(), start, now);
      },
      std::move(done));
}

void KinesisApi::get_records(const std::string& iterator, int limit, size_t max_answer_bytes,
                             aws::Done<aws::RecordPage> done) {
  ++counts_.get_records;
  auto cut = [max_answer_bytes, done = std::move(done)](Result<aws::RecordPage> result) mutable {
    if (result && max_answer_bytes > 0 && result->answer_bytes > max_answer_bytes) {
      done(fail(ErrorKind::too_large, fmt::format("GetRecords answered with more than {} bytes", max_answer_bytes)));
    } else {
      done(std::move(result));
    }
  };
  call<aws::RecordPage>(
      "GetRecords", true,
      [this, iterator, limit](Timestamp now, Fault fault) -> Answer<aws::RecordPage> {
        auto answer = service_.get_records(iterator, limit, now, fault == Fault::empty_page);
        if (!answer) return forward_refusal(std::move(answer));
        return to_page(std::move(*answer), now);
      },
      std::move(cut));
}

void KinesisApi::create_stream(const aws::StreamName& stream, int shards, aws::Done<bool> done) {
  ++counts_.create_stream;
  call<bool>(
      "CreateStream", false,
      [this, stream, shards](Timestamp now, Fault) -> Answer<bool> {
        auto answer = service_.create_stream(stream.str(), shards, now);
        if (!answer) return forward_refusal(std::move(answer));
        return true;
      },
      std::move(done));
}

}  // namespace ctk::sim
