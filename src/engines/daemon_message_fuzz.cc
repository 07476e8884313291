// Fuzzes the messages of KCL's MultiLangDaemon: each is one, or refused in words.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engines/daemon_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ctk::engines;
  const auto message = read_daemon_message({reinterpret_cast<const char*>(data), size});
  if (!message) {
    if (message.error().message.empty()) std::abort();
    return 0;
  }
  if (message->records.empty() == message->last.has_value()) std::abort();
  return 0;
}
