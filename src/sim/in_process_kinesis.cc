#include "sim/in_process_kinesis.h"

namespace ctk::sim {
namespace {

// Bytes that a record of a GetRecords answer takes beside its data: sequence number, arrival, partition key, names.
constexpr size_t kRecordFrame = 200;

size_t json_bytes_of(std::string_view data) { return data.size() * 4 / 3 + kRecordFrame; }

void shorten(aws::RecordPage& page, size_t most) {
  page.next_iterator.reset();
  page.children.clear();
  page.answer_bytes =
      keep_first(page.records, most, [](const aws::KinesisRecord& record) { return json_bytes_of(record.data); });
}

aws::RecordPage to_page(RecordsAnswer answer, Timestamp now) {
  aws::RecordPage page;
  page.server_time = now;
  page.behind_latest = answer.behind;
  page.next_iterator = std::move(answer.next_iterator);
  for (const ShardDescription& child : answer.children)
    page.children.push_back({child.shard.id, child.shard.parents, child.range});
  for (StoredRecord& record : answer.records) {
    aws::KinesisRecord out;
    out.sequence = aws::SequenceNumber(std::move(record.sequence));
    out.arrival = record.arrival;
    out.data = record.data;
    page.answer_bytes += json_bytes_of(record.data);
    page.records.push_back(std::move(out));
  }
  return page;
}

}  // namespace

void InProcessKinesis::describe_stream(const aws::StreamName& stream, Done<aws::StreamSummary> done) {
  ++counts_.describe_stream;
  way_.carry<aws::StreamSummary>(
      "DescribeStreamSummary", CallKind::other,
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

void InProcessKinesis::list_shards(const aws::StreamName& stream, const std::optional<std::string>& token,
                                   Done<aws::ShardPage> done) {
  ++counts_.list_shards;
  way_.carry<aws::ShardPage>(
      "ListShards", CallKind::other,
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
        for (ShardDescription& shard : answer->shards) {
          page.shards.push_back(std::move(shard.shard));
          page.shards.back().keys = shard.range;
        }
        return page;
      },
      std::move(done));
}

void InProcessKinesis::get_shard_iterator(const aws::StreamName& stream, const aws::ShardId& shard,
                                          const aws::IteratorStart& start, Done<std::string> done) {
  ++counts_.get_shard_iterator;
  way_.carry<std::string>(
      "GetShardIterator", CallKind::other,
      [this, stream, shard, start](Timestamp now, Fault) {
        return service_.get_shard_iterator(stream.str(), shard.str(), start, now);
      },
      std::move(done));
}

void InProcessKinesis::get_records(const std::string& iterator, int limit, size_t max_answer_bytes,
                                   Done<aws::RecordPage> done) {
  ++counts_.get_records;
  way_.carry<aws::RecordPage>(
      "GetRecords", CallKind::get_records,
      [this, iterator, limit](Timestamp now, Fault fault) -> Answer<aws::RecordPage> {
        auto answer = service_.get_records(iterator, limit, now, fault == Fault::empty_page);
        if (!answer) return forward_refusal(std::move(answer));
        return to_page(std::move(*answer), now);
      },
      at_most<aws::RecordPage>(max_answer_bytes, "GetRecords", shorten, std::move(done)));
}

void InProcessKinesis::create_stream(const aws::StreamName& stream, int shards, Done<bool> done) {
  ++counts_.create_stream;
  way_.carry<bool>(
      "CreateStream", CallKind::other,
      [this, stream, shards](Timestamp now, Fault) -> Answer<bool> {
        auto answer = service_.create_stream(stream.str(), shards, now);
        if (!answer) return forward_refusal(std::move(answer));
        return true;
      },
      std::move(done));
}

}  // namespace ctk::sim
