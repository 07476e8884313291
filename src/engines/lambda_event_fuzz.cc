// Fuzzes the events of AWS Lambda: each is one, or refused in words; of what is one, every record is written or given
// again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "engines/lambda_batch.h"
#include "source/source.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ctk::engines;
  std::string text(reinterpret_cast<const char*>(data), size);
  auto shards = read_lambda_event(text);
  if (!shards) {
    if (shards.error().message.empty()) std::abort();
    return 0;
  }
  LambdaBatch batch(std::move(*shards));
  const size_t all = batch.size();
  if (all > 0 && batch.failures().empty()) std::abort();
  std::optional<WrittenRecord> written;
  while (batch.turn()) {
    LambdaBatch::Run run = batch.take(written);
    const size_t before = batch.written();
    for (size_t i = 0; i < run.records.size(); ++i) {
      const bool is_last = i + 1 == run.records.size();
      if (!run.records[i].sequence.valid()) std::abort();
      if (batch.stored(ctk::source::position_behind(run.records[i])) != is_last) std::abort();
    }
    if (batch.written() < before || batch.written() > all) std::abort();
    written = std::move(run.last);
  }
  if (batch.written() != all || !batch.failures().empty()) std::abort();
  return 0;
}
