#include "net/gunzip.h"

namespace ctk::net {
namespace {

/// zlib's own: the largest window, and gzip's header around it.
constexpr int kGzipOnly = 15 + 16;

}  // namespace

Gunzip::Gunzip() { is_damaged_ = inflateInit2(&stream_, kGzipOnly) != Z_OK; }

Gunzip::~Gunzip() { inflateEnd(&stream_); }

bool Gunzip::feed(std::string_view packed, const Take& take) {
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream_.avail_in = static_cast<uInt>(packed.size());
  while (!is_damaged_) {
    if (is_whole_ && stream_.avail_in == 0) return true;
    stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
    stream_.avail_out = static_cast<uInt>(piece_.size());
    const int result = is_whole_ ? Z_DATA_ERROR : inflate(&stream_, Z_NO_FLUSH);
    const size_t size = piece_.size() - stream_.avail_out;
    if (size > 0 && !take({piece_.data(), size})) return false;
    is_whole_ = is_whole_ || result == Z_STREAM_END;
    is_damaged_ = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
    if (result == Z_BUF_ERROR || (result == Z_OK && stream_.avail_in == 0 && stream_.avail_out > 0)) return true;
  }
  return false;
}

}  // namespace ctk::net
