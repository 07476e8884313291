// Fuzzes the decoder. Whatever the bytes: every change comes out, as a Change whose values can be written, and read again
// with the same result, or with a reason.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dynamodb/decode.h"
#include "dynamodb/encode.h"

namespace {

using ctk::dynamodb::Change;
using ctk::dynamodb::Decoded;
using ctk::dynamodb::Decoder;
using ctk::dynamodb::Value;

void check(bool good) {
  if (!good) std::abort();
}

std::string typed_object(Value value) {
  std::string out;
  ctk::dynamodb::append_typed_object(out, value);
  return out;
}

/// The same change, as AWS would write it.
std::string event_of(const Change& change) {
  std::string image = typed_object(change.new_image());
  return R"({"eventName":"MODIFY","dynamodb":{"ApproximateCreationDateTime":)" +
         std::to_string(ctk::to_micros(change.time)) + R"(,"ApproximateCreationDateTimePrecision":"MICROSECOND","Keys":)" +
         typed_object(change.keys()) + R"(,"NewImage":)" + image + "}}";
}

void check_change(Decoder& decoder, const Change& change) {
  check(!change.key.empty() && !change.order.empty() && !change.record.empty());
  check(ctk::dynamodb::typed_key(change.keys()) == change.key);
  if (!change.has_new_image()) return;
  ctk::dynamodb::RawRecord record;
  record.data = event_of(change);
  Decoded again = decoder.decode(std::move(record), {});
  check(again.changes.size() == 1 && again.undecodable.empty());
  check(again.changes[0].key == change.key && again.changes[0].time == change.time);
  check(typed_object(again.changes[0].new_image()) == typed_object(change.new_image()));
  std::string plain, plain_again;
  append_plain(plain, change.new_image());
  append_plain(plain_again, again.changes[0].new_image());
  check(plain == plain_again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Decoder decoder;
  ctk::dynamodb::RawRecord record;
  record.data = std::string_view(reinterpret_cast<const char*>(data), size);
  record.line = 1;
  Decoded decoded = decoder.decode(std::move(record), {.kind = {}, .old_image = true});
  for (const Change& change : decoded.changes) check_change(decoder, change);
  for (const ctk::dynamodb::Undecodable& failed : decoded.undecodable) {
    check(!failed.reason.empty() && failed.reason.size() <= 4096 && (size == 0 || !failed.record.empty()));
  }
  return 0;
}
