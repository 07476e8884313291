// A DynamoDB endpoint for benchmarks that knows DescribeTable and Scan: items are served as fast as asked for; pages end at
// 1 MB of items, the service's other limits are off.
//
//   scan_endpoint ITEMS           holds them as the text that answers carry
//   scan_endpoint COUNT BYTES     makes them when they are asked for, and holds none
//
// ITEMS is a file of write_items, an item a line, in the order in which a Scan meets them: a segment is a stretch of it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
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

json::Parser& parser() {
  thread_local json::Parser parser;
  return parser;
}

/// A table's items in the order of a Scan.
class Items {
 public:
  virtual ~Items() = default;
  virtual size_t count() const = 0;
  virtual size_t bytes() const = 0;
  /// Appends the item's text; its bytes as the service counts them.
  virtual size_t put(size_t place, std::string& out) const = 0;
  virtual std::string key(size_t place) const = 0;
  virtual size_t place_of(json::Element key) const = 0;
};

class HeldItems final : public Items {
 public:
  explicit HeldItems(const std::string& path) {
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

  size_t count() const override { return items_.size(); }
  size_t bytes() const override { return bytes_; }
  size_t put(size_t place, std::string& out) const override {
    out += items_[place];
    return sizes_[place];
  }
  std::string key(size_t place) const override { return keys_[place]; }
  size_t place_of(json::Element key) const override {
    const auto item = sim::read_item(key);
    const auto place = item ? places_.find(sim::to_json(*item)) : places_.end();
    if (place == places_.end()) give_up("asked to begin behind an unknown key");
    return place->second;
  }

 private:
  std::vector<std::string> items_, keys_;
  std::vector<size_t> sizes_;
  std::unordered_map<std::string, size_t> places_;
  size_t bytes_ = 0;
};

/// Each made of its place alone, which is its sort key, too.
class MadeItems final : public Items {
 public:
  MadeItems(size_t count, size_t size) : count_(count), size_(size) {
    // As long as the others' texts take: keys, names and the numbers.
    constexpr size_t kOthers = 70;
    for (uint64_t n = 1; text_.size() + kOthers < size; n = n * 6364136223846793005u + 1442695040888963407u)
      text_ += fmt::format("{:016x} ", n);
  }

  size_t count() const override { return count_; }
  size_t bytes() const override { return count_ * size_; }
  size_t put(size_t place, std::string& out) const override {
    const std::string known = key(place);
    out.append(known, 0, known.size() - 1);
    out += fmt::format(R"(,"amount":{{"N":"{}.25"}},"text":{{"S":"{}"}}}})", place % 1000, text_);
    return size_;
  }
  std::string key(size_t place) const override {
    return fmt::format(R"({{"customer":{{"S":"customer-{:016x}"}},"order":{{"N":"{}"}}}})", place * 0x9E3779B97F4A7C15u,
                       place);
  }
  size_t place_of(json::Element key) const override {
    const auto order = json::member(key, "order");
    const auto number = order ? json::string_member(*order, "N") : std::nullopt;
    if (!number) give_up("asked to begin behind an unknown key");
    return std::stoull(std::string(*number));
  }

 private:
  size_t count_, size_;
  std::string text_;
};

class Endpoint {
 public:
  explicit Endpoint(std::unique_ptr<Items> items) : items_(std::move(items)) {}

  std::string answer(const std::string& target, const std::string& body) const {
    if (target.ends_with("DescribeTable")) return description();
    const auto request = parser().parse(body);
    return request && target.ends_with("Scan") ? page(*request) : "{}";
  }

 private:
  std::string description() const {
    return fmt::format(
        R"({{"Table":{{"TableName":"bench","TableArn":"arn:aws:dynamodb:us-east-1:000000000000:table/bench",)"
        R"("TableStatus":"ACTIVE","CreationDateTime":1.7E9,"ItemCount":{},"TableSizeBytes":{},)"
        R"("KeySchema":[{{"AttributeName":"customer","KeyType":"HASH"}},{{"AttributeName":"order","KeyType":"RANGE"}}],)"
        R"("AttributeDefinitions":[{{"AttributeName":"customer","AttributeType":"S"}},)"
        R"({{"AttributeName":"order","AttributeType":"N"}}],"BillingModeSummary":{{"BillingMode":"PAY_PER_REQUEST"}}}}}})",
        items_->count(), items_->bytes());
  }

  /// Behind the request's ExclusiveStartKey, or at the segment's beginning.
  size_t start_of(json::Element request, size_t first) const {
    const auto key = json::member(request, "ExclusiveStartKey");
    if (!key) return first;
    return items_->place_of(*key) + 1;
  }

  std::string page(json::Element request) const {
    const auto segment = static_cast<size_t>(json::int_member(request, "Segment").value_or(0));
    const auto segments = static_cast<size_t>(json::int_member(request, "TotalSegments").value_or(1));
    const auto limit = static_cast<size_t>(json::int_member(request, "Limit").value_or(INT64_MAX));
    const size_t end = items_->count() * (segment + 1) / segments;
    const size_t start = start_of(request, items_->count() * segment / segments);
    size_t at = start;
    size_t bytes = 0;
    std::string out = R"({"Items":[)";
    out.reserve(2 * kPageBytes);
    for (; at < end && bytes < kPageBytes && at - start < limit; ++at) {
      if (at > start) out += ',';
      bytes += items_->put(at, out);
    }
    out += fmt::format(R"(],"Count":{0},"ScannedCount":{0},)", at - start);
    if (at < end) out += fmt::format(R"("LastEvaluatedKey":{},)", items_->key(at - 1));
    return out + fmt::format(R"("ConsumedCapacity":{{"TableName":"bench","CapacityUnits":{}}}}})", (bytes + 4095) / 4096);
  }

  const std::unique_ptr<Items> items_;
};

}  // namespace
}  // namespace ctk::bench

int main(int count, char** words) {
  if (count != 2 && count != 3) {
    std::cerr << "scan_endpoint ITEMS | scan_endpoint COUNT BYTES\n";
    return 2;
  }
  std::unique_ptr<ctk::bench::Items> items;
  if (count == 2)
    items = std::make_unique<ctk::bench::HeldItems>(words[1]);
  else
    items = std::make_unique<ctk::bench::MadeItems>(std::stoull(words[1]), std::stoull(words[2]));
  const ctk::bench::Endpoint endpoint(std::move(items));
  return ctk::bench::serve([&endpoint](const std::string& target, const std::string& body) {
    return ctk::bench::Reply{endpoint.answer(target, body)};
  });
}
