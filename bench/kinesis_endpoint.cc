// A read-only Kinesis endpoint for benchmarks: records are encoded once and served from memory as fast as asked for, in
// JSON or CBOR as they are asked for; the service's limits are off. Prints "listening on http://127.0.0.1:PORT" and serves
// until it is ended.
//
//   kinesis_endpoint EVENTS SHARDS [REPEAT]
//
// The file's events go to the shards by key, so that an item's changes stay in one. REPEAT serves the whole file so many
// times over (with new sequence numbers), for backlogs larger than memory.
#include <fmt/format.h>

#include <cstdlib>
#include <deque>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "aws/hash_key.h"
#include "base/time.h"
#include "cbor/cbor_json.h"
#include "cbor/cbor_reader.h"
#include "cbor/cbor_writer.h"
#include "json/reader.h"
#include "json/writer.h"
#include "serve.h"
#include "sim/cbor_form.h"

namespace ctk::bench {
namespace {

struct Record {
  std::string data;
  std::string base64;
};

struct Shard {
  std::vector<const Record*> records;
};

/// What of a shard a call of GetRecords asks for.
struct Range {
  size_t shard = 0;
  size_t at = 0;
  size_t limit = 0;
};

class Endpoint {
 public:
  Endpoint(const std::string& path, size_t shards, size_t repeat) : shards_(shards), repeat_(repeat) {
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
      records_.push_back({line, {}});
      json::append_base64(records_.back().base64, line);
    }
    for (const Record& record : records_)
      shards_[std::hash<std::string>{}(key_of(record.data)) % shards].records.push_back(&record);
  }

  Reply answer(const std::string& target, const std::string& body) const {
    if (!cbor::begins_map(body)) return {answer_in_json(target, body)};
    const auto request = cbor::to_json(body);
    if (!request) return {"{}"};
    const bool of_records = target.ends_with("GetRecords");
    return {.body = of_records ? records_in_cbor(*request) : sim::answer_in_cbor(answer_in_json(target, *request)),
            .content_type = "application/x-amz-cbor-1.1"};
  }

 private:
  std::string answer_in_json(const std::string& target, const std::string& body) const {
    auto parsed = parser_().parse(body);
    if (!parsed) return "{}";
    if (target.ends_with("DescribeStreamSummary")) return summary();
    if (target.ends_with("DescribeStream")) return description();
    if (target.ends_with("ListShards")) return fmt::format(R"({{"Shards":{}}})", listing());
    if (target.ends_with("GetShardIterator")) return iterator(*parsed);
    if (target.ends_with("GetRecords")) return records(*parsed);
    return "{}";
  }

  static json::Parser& parser_() {
    thread_local json::Parser parser;
    return parser;
  }

  static std::string key_of(const std::string& line) {
    const size_t at = line.find("\"Keys\":");
    return at == std::string::npos ? line : line.substr(at, line.find("}}", at) - at);
  }

  static std::string shard_id(size_t index) { return fmt::format("shardId-{:012}", index); }
  static std::string sequence(size_t shard, size_t n) { return fmt::format("49{:08}{:046}", shard, n); }

  std::string summary() const {
    return fmt::format(
        R"({{"StreamDescriptionSummary":{{"StreamName":"bench","StreamARN":"arn:aws:kinesis:us-east-1:000000000000:stream/bench",)"
        R"("StreamStatus":"ACTIVE","RetentionPeriodHours":8760,"StreamCreationTimestamp":1.7E9,"OpenShardCount":{},)"
        R"("EnhancedMonitoring":[]}}}})",
        shards_.size());
  }

  /// What older clients ask for, this program's rivals among them.
  std::string description() const {
    return fmt::format(
        R"({{"StreamDescription":{{"StreamName":"bench","StreamARN":"arn:aws:kinesis:us-east-1:000000000000:stream/bench",)"
        R"("StreamStatus":"ACTIVE","RetentionPeriodHours":8760,"StreamCreationTimestamp":1.7E9,"HasMoreShards":false,)"
        R"("EnhancedMonitoring":[],"Shards":{}}}}})",
        listing());
  }

  std::string listing() const {
    std::string out = "[";
    for (size_t i = 0; i < shards_.size(); ++i) {
      const aws::HashKeyRange keys = aws::nth_range(static_cast<int>(i), static_cast<int>(shards_.size()));
      out += fmt::format(R"({}{{"ShardId":"{}","HashKeyRange":{{"StartingHashKey":"{}","EndingHashKey":"{}"}},)"
                         R"("SequenceNumberRange":{{"StartingSequenceNumber":"{}"}}}})",
                         i == 0 ? "" : ",", shard_id(i), aws::to_string(keys.first), aws::to_string(keys.last),
                         sequence(i, 0));
    }
    return out + "]";
  }

  std::string iterator(json::Element request) const {
    const std::string shard(json::string_member(request, "ShardId").value_or("shardId-000000000000"));
    const size_t index = std::stoul(shard.substr(8));
    const auto after = json::string_member(request, "StartingSequenceNumber");
    const size_t at = after ? std::stoul(std::string(after->substr(10))) + 1 : 0;
    return fmt::format(R"({{"ShardIterator":"{}:{}"}})", index, at);
  }

  static Range range_of(json::Element request) {
    const std::string iterator(json::string_member(request, "ShardIterator").value_or("0:0"));
    const size_t colon = iterator.find(':');
    return {std::stoul(iterator.substr(0, colon)), std::stoul(iterator.substr(colon + 1)),
            static_cast<size_t>(json::int_member(request, "Limit").value_or(10000))};
  }

  /// Calls `write(sequence, record)` for the records of a page, until `out` is full; gives what comes behind them, and
  /// whether that is the end.
  template <class Write>
  std::pair<std::string, bool> write_page(const Range& range, const std::string& out, Write write) const {
    constexpr size_t kFull = 13u << 20;
    const auto& stored = shards_[range.shard].records;
    const size_t total = stored.size() * repeat_;
    size_t at = range.at;
    for (; at < total && at - range.at < range.limit && out.size() < kFull; ++at)
      write(sequence(range.shard, at), *stored[at % stored.size()]);
    return {fmt::format("{}:{}", range.shard, at), at == total};
  }

  std::string records(json::Element request) const {
    const std::string arrival = fmt::format(R"({{"ApproximateArrivalTimestamp":{}.0,"PartitionKey":"k","SequenceNumber":")",
                                            to_micros(arrival_) / 1'000'000);
    std::string out = R"({"Records":[)";
    const auto [next, ended] = write_page(range_of(request), out, [&](const std::string& sequence, const Record& record) {
      if (out.back() == '}') out += ',';
      out += arrival;
      out += sequence;
      out += R"(","Data":")";
      out += record.base64;
      out += "\"}";
    });
    return out + fmt::format(R"(],"NextShardIterator":"{}","MillisBehindLatest":{}}})", next, ended ? 0 : 1000);
  }

  std::string records_in_cbor(const std::string& request) const {
    const Range range = range_of(parser_().parse(request).value());
    std::string bytes;
    cbor::Writer out(bytes);
    out.begin_map();
    out.text("Records");
    out.begin_array();
    const auto [next, ended] = write_page(range, bytes, [&](const std::string& sequence, const Record& record) {
      out.begin_map();
      out.text("ApproximateArrivalTimestamp");
      out.time(arrival_);
      out.text("PartitionKey");
      out.text("k");
      out.text("SequenceNumber");
      out.text(sequence);
      out.text("Data");
      out.bytes(record.data);
      out.end();
    });
    out.end();
    out.text("NextShardIterator");
    out.text(next);
    out.text("MillisBehindLatest");
    out.integer(ended ? 0 : 1000);
    out.end();
    return bytes;
  }

  std::deque<Record> records_;
  std::vector<Shard> shards_;
  size_t repeat_;
  /// Of all records: no worker takes what it was handed over for lost.
  const Timestamp arrival_ = SystemClock().now();
};

}  // namespace
}  // namespace ctk::bench

int main(int count, char** words) {
  if (count < 3) {
    std::cerr << "kinesis_endpoint EVENTS SHARDS [REPEAT]\n";
    return 2;
  }
  ctk::bench::Endpoint endpoint(words[1], std::stoul(words[2]), count > 3 ? std::stoul(words[3]) : 1);
  return ctk::bench::serve(
      [&endpoint](const std::string& target, const std::string& body) { return endpoint.answer(target, body); });
}
