// Fuzzes the reader of CBOR: whatever comes, what is made of it is JSON or a refusal in words, and a list that breaks off
// is a document once it is closed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cbor/cbor_json.h"
#include "cbor/cbor_reader.h"

namespace {

void check(bool good) {
  if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ctk::cbor;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto json = to_json(bytes);
  check(json || !json.error().message.empty());
  Reader in(bytes);
  in.skip();
  check(in.complete() || !json);  // text that is no UTF-8 may be skipped, but not read
  const bool closed = close_cut_list(bytes, "Records");
  if (!closed) check(bytes.size() == size);
  Reader again(bytes);
  again.skip();
  if (closed) check(again.complete());
  return 0;
}
