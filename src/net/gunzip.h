// One gzip stream, unpacked as it comes.
#pragma once

#include <zlib.h>

#include <array>
#include <functional>
#include <string_view>

namespace ctk::net {

class Gunzip {
 public:
  Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;
  ~Gunzip();

  /// Gets a piece of what was packed; false: no more is wanted.
  using Take = std::function<bool(std::string_view)>;
  /// `packed` follows what was fed before. False: nothing more can come, since `take` wants no more, or the bytes are no
  /// gzip, which is_damaged() tells apart.
  bool feed(std::string_view packed, const Take& take);
  bool is_damaged() const { return is_damaged_; }
  /// Its end has come, with the checksum that it has there.
  bool is_whole() const { return is_whole_; }

 private:
  z_stream stream_{};
  std::array<char, 64u << 10> piece_;
  bool is_damaged_ = false, is_whole_ = false;
};

}  // namespace ctk::net
