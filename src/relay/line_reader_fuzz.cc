// Fuzzes files: plain, gzip and zstd, whole and broken. Read in gulps of any size, they give the same lines; a broken one
// may give fewer of them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "relay/line_reader.h"

namespace {

using ctk::Result;

class Bytes final : public ctk::relay::ByteStream {
 public:
  Bytes(std::string_view bytes, size_t gulp) : bytes_(bytes), gulp_(gulp) {}
  Result<size_t> read(char* into, size_t size) override {
    const size_t count = std::min({size, gulp_, bytes_.size()});
    std::memcpy(into, bytes_.data(), count);
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
  size_t gulp_;
};

/// The lines, and "!" behind them where the file is broken. A few bytes can stand for gigabytes: not all are read.
std::vector<std::string> lines_of(std::string_view bytes, size_t gulp) {
  std::vector<std::string> lines;
  auto stream = ctk::relay::decompress(std::make_unique<Bytes>(bytes, gulp));
  if (!stream) return {"!"};
  ctk::relay::LineReader reader(std::move(*stream));
  for (size_t total = 0; total < (1U << 20) && lines.size() < 10'000;) {
    std::string line;
    const Result<bool> more = reader.next(line);
    if (!more) lines.emplace_back("!");
    if (!more || !*more) break;
    if (reader.number() != lines.size() + 1 || line.find('\n') != std::string::npos) std::abort();
    total += line.size();
    lines.push_back(std::move(line));
  }
  return lines;
}

bool broken(const std::vector<std::string>& lines) { return !lines.empty() && lines.back() == "!"; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<std::string> sipped = lines_of(bytes, 1 + data[0]);
  std::vector<std::string> gulped = lines_of(bytes, size);
  if (broken(sipped) || broken(gulped)) {
    if (broken(sipped)) sipped.pop_back();
    if (broken(gulped)) gulped.pop_back();
    const size_t common = std::min(sipped.size(), gulped.size());
    sipped.resize(common);
    gulped.resize(common);
  }
  if (sipped != gulped) std::abort();
  return 0;
}
