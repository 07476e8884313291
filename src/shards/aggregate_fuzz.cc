// Fuzzes aggregates: what comes out lies within what went in, in its order. The bytes are looked at as they are, and as a
// message between the magic number and its checksum, which no fuzzer finds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "shards/aggregate.h"
#include "shards/aggregate_testing.h"

namespace {

void check(std::string_view whole) {
  const auto records = ctk::shards::take_apart(whole);
  if (!records) return;
  if (records->empty()) std::abort();
  const char* behind = whole.data();
  for (const ctk::shards::SubRecord& one : *records) {
    if (one.data.data() < behind || one.data.data() + one.data.size() > whole.data() + whole.size()) std::abort();
    behind = one.data.data() + one.data.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  check(bytes);
  check(ctk::shards::sealed(bytes));
  return 0;
}
