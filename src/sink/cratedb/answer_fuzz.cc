// Fuzzes what a CrateDB server, or whatever sits before it, may answer. Cells are read as everything they could be.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sink/cratedb/bookkeeping.h"
#include "sink/cratedb/classify.h"
#include "sink/cratedb/protocol.h"

namespace {

using namespace ctk::sink::cratedb;

void read_cell(const std::string& cell) {
  static_cast<void>(cell_text(cell));
  static_cast<void>(cell_int(cell));
  static_cast<void>(cell_bool(cell));
  if (const auto elements = split_array(cell)) {
    for (const std::string_view element : *elements) {
      if (element.empty()) std::abort();
    }
  }
  static_cast<void>(split_object(cell));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  read_cell(body);
  for (const int status : {200, 400, 503}) {
    ctk::net::HttpResponse response;
    response.status = status;
    response.body = body;
    const std::expected<Answer, ServerError> answer = parse_answer(response);
    if (!answer) {
      if (to_error(answer.error(), "writing").message.empty()) std::abort();
      continue;
    }
    for (const auto& row : answer->rows) {
      for (const std::string& cell : row) read_cell(cell);
    }
    static_cast<void>(read_records(*answer));
    static_cast<void>(read_positions(*answer));
    static_cast<void>(read_dead_letters(*answer));
  }
  return 0;
}
