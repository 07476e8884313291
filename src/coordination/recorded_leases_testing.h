// The lease tables in testdata/, for tests.
#pragma once

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "coordination/lease.h"
#include "json/reader.h"

namespace ctk::coordination {

/// The items of one recorded table, each as DynamoDB JSON. `sources`: CTK_SOURCE_DIR.
inline std::vector<std::string> recorded_items(const std::string& sources, const std::string& file,
                                               std::string_view table) {
  std::ifstream in(sources + "/src/coordination/testdata/" + file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  json::Parser parser;
  std::vector<std::string> items;
  for (const json::Element each : parser.parse(text).value()["tables"].get_array()) {
    if (json::string_member(each, "TableName") != table) continue;
    for (const json::Element item : each["Items"].get_array()) items.push_back(simdjson::minify(item));
  }
  return items;
}

/// The leases among them, by shard.
inline std::vector<Lease> recorded_leases(const std::string& sources, const std::string& file, std::string_view table) {
  std::vector<Lease> leases;
  for (const std::string& item : recorded_items(sources, file, table)) {
    if (auto lease = read_lease(item).value()) leases.push_back(std::move(*lease));
  }
  std::ranges::sort(leases, {}, &Lease::shard);
  return leases;
}

}  // namespace ctk::coordination
