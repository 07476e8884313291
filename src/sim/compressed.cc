#include "sim/compressed.h"

#include <fmt/format.h>
#include <zlib.h>

#include <utility>

namespace ctk::sim {
namespace {

constexpr size_t kShort = 1024;
constexpr int kGzipOnly = 15 + 16;
constexpr int kLevel = 6, kMemory = 8;  ///< zlib's own defaults

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipOnly, kMemory, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace

void compress(net::ServedAnswer& answer) {
  if (answer.body.size() < kShort) return;
  answer.body = gzip(answer.body);
  const auto* bytes = reinterpret_cast<const Bytef*>(answer.body.data());
  answer.headers.emplace_back("Content-Encoding", "gzip");
  answer.headers.emplace_back("x-amz-crc32", fmt::to_string(crc32(0, bytes, static_cast<uInt>(answer.body.size()))));
}

}  // namespace ctk::sim
