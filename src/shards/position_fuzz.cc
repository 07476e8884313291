// Fuzzes stored positions: what is accepted is written back as it was meant.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "shards/position.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ctk::shards;
  const ctk::Result<Position> position = parse_position({reinterpret_cast<const char*>(data), size});
  if (!position) return 0;
  const ctk::Result<Position> again = parse_position(to_string(*position));
  if (!again || *again != *position) std::abort();
  return 0;
}
