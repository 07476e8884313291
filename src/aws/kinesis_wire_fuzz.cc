// Fuzzes the answers of a Kinesis endpoint: each is one of ours, or refused in words.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "aws/common_wire.h"
#include "aws/kinesis_cbor.h"
#include "aws/kinesis_wire.h"

namespace {

template <class T>
void check(const ctk::Result<T>& result) {
  if (!result && result.error().message.empty()) std::abort();
}

/// Whether a parser may go over each record.
void check_page(const ctk::Result<ctk::aws::RecordPage>& page) {
  check(page);
  if (!page) return;
  for (const ctk::aws::KinesisRecord& record : page->records) {
    const std::string behind(record.data.data() + record.data.size(), ctk::json::kPadding);
    if (behind.front() != '\0') std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ctk::aws;
  static ctk::json::Parser parser;
  std::string body(reinterpret_cast<const char*>(data), size);
  check(read_stream_summary(body));
  check(read_shard_page(body));
  check(read_shard_iterator("Kinesis", body));
  check(read_consumer("RegisterStreamConsumer", "Consumer", body));
  check_page(read_cbor_record_page(body));
  check_page(read_cbor_record_page(body, kShardEvent));
  std::string event = body;
  check_page(read_record_page(parser, event, kShardEvent));
  check_page(read_record_page(parser, body));
  return 0;
}
