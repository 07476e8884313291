// A DynamoDB endpoint for benchmarks that knows DescribeTable and Scan: items are held as the text that answers carry, and
// served as fast as asked for; pages end at 1 MB of items, the service's other limits are off.
//
//   scan_endpoint ITEMS
//
// ITEMS is a file of write_items, an item a line, in the order in which a Scan meets them: a segment is a stretch of it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <unordered_map>
#include <vector>

#include "json/reader.h"
#include "serve.h"
#include "sim/item.h"
#include "sim/item_json.h"

namespace ctk::bench {
namespace {

constexpr size_t kPageBytes = 1u << 20;

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "scan_endpoint: " << why << '\n';
  std::exit(1);
}

class Endpoint {
 public:
  explicit Endpoint(const std::string& path) {
    std::ifstream file(path);
    if (!file) give_up("cannot open " + path);
    for (std::string line; std::getline(file, line);) {
      const auto parsed = parser().parse(line);
      if (!parsed) give_up("a line of " + path + " is no item");
      const auto item = sim::read_item(*parsed);
      if (!item) give_up("a line of " + path + " is no item");
      keys_.push_back(sim::to_json({{"customer", item->at("customer")}, {"order", item->at("order")}}));
      places_.emplace(keys_.back(), items_.size());
      sizes_.push_back(sim::bytes_of(*item));
      bytes_ += sizes_.back();
      items_.push_back(std::move(line));
    }
  }

  std::string answer(const std::string& target, const std::string& body) const {
    if (target.ends_with("DescribeTable")) return description();
    const auto request = parser().parse(body);
    return request && target.ends_with("Scan") ? page(*request) : "{}";
  }

 private:
  static json::Parser& parser() {
    thread_local json::Parser parser;
    return parser;
  }

  std::string description() const {
    return fmt::format(
        R"({{"Table":{{"TableName":"bench","TableArn":"arn:aws:dynamodb:us-east-1:000000000000:table/bench",)"
        R"("TableStatus":"ACTIVE","CreationDateTime":1.7E9,"ItemCount":{},"TableSizeBytes":{},)"
        R"("KeySchema":[{{"AttributeName":"customer","KeyType":"HASH"}},{{"AttributeName":"order","KeyType":"RANGE"}}],)"
        R"("AttributeDefinitions":[{{"AttributeName":"customer","AttributeType":"S"}},)"
        R"({{"AttributeName":"order","AttributeType":"N"}}],"BillingModeSummary":{{"BillingMode":"PAY_PER_REQUEST"}}}}}})",
        items_.size(), bytes_);
  }

  /// Behind the request's ExclusiveStartKey, or at the segment's beginning.
  size_t start_of(json::Element request, size_t first) const {
    const auto key = json::member(request, "ExclusiveStartKey");
    if (!key) return first;
    const auto item = sim::read_item(*key);
    const auto place = item ? places_.find(sim::to_json(*item)) : places_.end();
    if (place == places_.end()) give_up("asked to begin behind an unknown key");
    return place->second + 1;
  }

  std::string page(json::Element request) const {
    const auto segment = static_cast<size_t>(json::int_member(request, "Segment").value_or(0));
    const auto segments = static_cast<size_t>(json::int_member(request, "TotalSegments").value_or(1));
    const auto limit = static_cast<size_t>(json::int_member(request, "Limit").value_or(INT64_MAX));
    const size_t end = items_.size() * (segment + 1) / segments;
    const size_t start = start_of(request, items_.size() * segment / segments);
    size_t at = start;
    size_t bytes = 0;
    std::string out = R"({"Items":[)";
    out.reserve(2 * kPageBytes);
    for (; at < end && bytes < kPageBytes && at - start < limit; ++at) {
      if (at > start) out += ',';
      out += items_[at];
      bytes += sizes_[at];
    }
    out += fmt::format(R"(],"Count":{0},"ScannedCount":{0},)", at - start);
    if (at < end) out += fmt::format(R"("LastEvaluatedKey":{},)", keys_[at - 1]);
    return out + fmt::format(R"("ConsumedCapacity":{{"TableName":"bench","CapacityUnits":{}}}}})", (bytes + 4095) / 4096);
  }

  std::vector<std::string> items_, keys_;
  std::vector<size_t> sizes_;
  std::unordered_map<std::string, size_t> places_;
  size_t bytes_ = 0;
};

}  // namespace
}  // namespace ctk::bench

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "scan_endpoint ITEMS\n";
    return 2;
  }
  const ctk::bench::Endpoint endpoint(words[1]);
  return ctk::bench::serve([&endpoint](const std::string& target, const std::string& body) {
    return ctk::bench::Reply{endpoint.answer(target, body)};
  });
}
