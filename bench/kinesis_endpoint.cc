// A read-only Kinesis endpoint for benchmarks: records are encoded once and served from memory as fast as asked for; the
// service's limits are off. Prints "listening on http://127.0.0.1:PORT" and serves until it is ended.
//
//   kinesis_endpoint EVENTS SHARDS [REPEAT]
//
// The file's events go to the shards by key, so that an item's changes stay in one. REPEAT serves the whole file so many
// times over (with new sequence numbers), for backlogs larger than memory.
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "dynamodb/decode.h"
#include "json/reader.h"
#include "json/writer.h"
#include "serve.h"
#include "sim/hash_key.h"

namespace ctk::bench {
namespace {

struct Shard {
  std::vector<const std::string*> records;  ///< base64
};

class Endpoint {
 public:
  Endpoint(const std::string& path, size_t shards, size_t repeat) : shards_(shards), repeat_(repeat) {
    std::ifstream file(path);
    std::string line;
    while (std::getline(file, line)) {
      encoded_.emplace_back();
      json::append_base64(encoded_.back(), line);
      keys_.push_back(key_of(line));
    }
    for (size_t i = 0; i < encoded_.size(); ++i)
      shards_[std::hash<std::string>{}(keys_[i]) % shards].records.push_back(&encoded_[i]);
  }

  std::string answer(const std::string& target, const std::string& body) {
    auto parsed = parser_().parse(body);
    if (!parsed) return "{}";
    if (target.ends_with("DescribeStreamSummary")) return summary();
    if (target.ends_with("DescribeStream")) return description();
    if (target.ends_with("ListShards")) return fmt::format(R"({{"Shards":{}}})", listing());
    if (target.ends_with("GetShardIterator")) return iterator(*parsed);
    if (target.ends_with("GetRecords")) return records(*parsed);
    return "{}";
  }

 private:
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
      const sim::HashKeyRange keys = sim::nth_range(static_cast<int>(i), static_cast<int>(shards_.size()));
      out += fmt::format(R"({}{{"ShardId":"{}","HashKeyRange":{{"StartingHashKey":"{}","EndingHashKey":"{}"}},)"
                         R"("SequenceNumberRange":{{"StartingSequenceNumber":"{}"}}}})",
                         i == 0 ? "" : ",", shard_id(i), sim::to_string(keys.first), sim::to_string(keys.last),
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

  std::string records(json::Element request) const {
    const std::string iterator(json::string_member(request, "ShardIterator").value_or("0:0"));
    const auto limit = static_cast<size_t>(json::int_member(request, "Limit").value_or(10000));
    const size_t colon = iterator.find(':');
    const size_t shard = std::stoul(iterator.substr(0, colon));
    size_t at = std::stoul(iterator.substr(colon + 1));
    const auto& stored = shards_[shard].records;
    const size_t total = stored.size() * repeat_;
    std::string out = R"({"Records":[)";
    size_t taken = 0;
    for (; taken < limit && at < total && out.size() < (13u << 20); ++taken, ++at) {
      if (taken > 0) out += ',';
      out += R"({"ApproximateArrivalTimestamp":1.72074E9,"PartitionKey":"k","SequenceNumber":")";
      out += sequence(shard, at);
      out += R"(","Data":")";
      out += *stored[at % stored.size()];
      out += "\"}";
    }
    return out +
           fmt::format(R"(],"NextShardIterator":"{}:{}","MillisBehindLatest":{}}})", shard, at, at == total ? 0 : 1000);
  }

  std::vector<std::string> encoded_;
  std::vector<std::string> keys_;
  std::vector<Shard> shards_;
  size_t repeat_;
};

}  // namespace
}  // namespace ctk::bench

int main(int count, char** words) {
  if (count < 3) {
    std::cerr << "kinesis_endpoint EVENTS SHARDS [REPEAT]\n";
    return 2;
  }
  ctk::bench::Endpoint endpoint(words[1], std::stoul(words[2]), count > 3 ? std::stoul(words[3]) : 1);
  return ctk::bench::serve([&endpoint](const std::string& target, const std::string& body) {
    return ctk::bench::Reply{endpoint.answer(target, body)};
  });
}
