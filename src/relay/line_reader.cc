#include "relay/line_reader.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "json/reader.h"

namespace ctk::relay {
namespace {

constexpr size_t kChunk = 256u << 10;

class FileStream final : public ByteStream {
 public:
  FileStream(int file, bool owned, std::string name, const ReadWait& wait)
      : file_(file), owned_(owned), name_(std::move(name)), wait_(wait) {}
  ~FileStream() override {
    if (owned_) ::close(file_);
  }
  FileStream(const FileStream&) = delete;
  FileStream& operator=(const FileStream&) = delete;

  Result<size_t> read(char* into, size_t size) override {
    for (;;) {
      if (Status ready = wait_.until_readable(file_, name_); !ready) return forward_error(std::move(ready));
      const ssize_t got = ::read(file_, into, size);
      if (got >= 0) return static_cast<size_t>(got);
      // EAGAIN: another reader of the same pipe was quicker.
      if (errno != EINTR && errno != EAGAIN) return fail(ErrorKind::refused, "cannot read " + name_, std::strerror(errno));
    }
  }

 private:
  int file_;
  bool owned_;
  std::string name_;
  const ReadWait& wait_;
};

/// Gives back what was looked at, then the rest.
class PeekedStream final : public ByteStream {
 public:
  PeekedStream(std::string first, std::unique_ptr<ByteStream> rest) : first_(std::move(first)), rest_(std::move(rest)) {}
  Result<size_t> read(char* into, size_t size) override {
    if (at_ == first_.size()) return rest_->read(into, size);
    const size_t count = std::min(size, first_.size() - at_);
    std::memcpy(into, first_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string first_;
  size_t at_ = 0;
  std::unique_ptr<ByteStream> rest_;
};

class GzipStream final : public ByteStream {
 public:
  explicit GzipStream(std::unique_ptr<ByteStream> raw) : raw_(std::move(raw)) { inflateInit2(&state_, 15 + 16); }
  ~GzipStream() override { inflateEnd(&state_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  Result<size_t> read(char* into, size_t size) override {
    state_.next_out = reinterpret_cast<Bytef*>(into);
    state_.avail_out = static_cast<uInt>(size);
    while (!damage_ && state_.avail_out == size) {
      if (state_.avail_in == 0) {
        Result<size_t> got = raw_->read(input_.data(), input_.size());
        if (!got) return got;
        if (*got == 0) {
          if (inside_) return fail(ErrorKind::corrupt, "the gzip data ends too early");
          return 0;
        }
        state_.next_in = reinterpret_cast<Bytef*>(input_.data());
        state_.avail_in = static_cast<uInt>(*got);
      }
      inside_ = true;
      const int code = inflate(&state_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {
        // Files may be several gzip members one after another.
        inflateReset(&state_);
        inside_ = false;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        damage_ = Error{ErrorKind::corrupt, "the gzip data is damaged", state_.msg == nullptr ? "" : state_.msg, ""};
      }
    }
    if (state_.avail_out == size) return std::unexpected(*damage_);
    return size - state_.avail_out;
  }

 private:
  std::unique_ptr<ByteStream> raw_;
  z_stream state_{};
  std::array<char, 64u << 10> input_{};
  bool inside_ = false;
  std::optional<Error> damage_;  ///< told once all that came before it is read
};

class ZstdStream final : public ByteStream {
 public:
  explicit ZstdStream(std::unique_ptr<ByteStream> raw) : raw_(std::move(raw)), state_(ZSTD_createDStream()) {}
  ~ZstdStream() override { ZSTD_freeDStream(state_); }
  ZstdStream(const ZstdStream&) = delete;
  ZstdStream& operator=(const ZstdStream&) = delete;

  Result<size_t> read(char* into, size_t size) override {
    ZSTD_outBuffer out{into, size, 0};
    while (!damage_ && out.pos == 0) {
      if (in_.pos == in_.size) {
        Result<size_t> got = raw_->read(input_.data(), input_.size());
        if (!got) return got;
        if (*got == 0) {
          if (wanted_ != 0) return fail(ErrorKind::corrupt, "the zstd data ends too early");
          return 0;
        }
        in_ = {input_.data(), *got, 0};
      }
      wanted_ = ZSTD_decompressStream(state_, &out, &in_);
      if (ZSTD_isError(wanted_) != 0U)
        damage_ = Error{ErrorKind::corrupt, "the zstd data is damaged", ZSTD_getErrorName(wanted_), ""};
    }
    if (out.pos == 0) return std::unexpected(*damage_);
    return out.pos;
  }

 private:
  std::unique_ptr<ByteStream> raw_;
  ZSTD_DStream* state_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  size_t wanted_ = 0;
  std::optional<Error> damage_;  ///< told once all that came before it is read
  std::array<char, 64u << 10> input_{};
};

}  // namespace

Result<std::unique_ptr<ByteStream>> open_file(const std::string& path, const ReadWait& wait) {
  if (path == "-") return std::make_unique<FileStream>(STDIN_FILENO, false, "standard input", wait);
  // A named pipe that nobody writes to is waited for where the wait can be ended.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    const ErrorKind kind = errno == EACCES ? ErrorKind::denied : ErrorKind::not_found;
    return fail(kind, "cannot open file '" + path + "'", std::strerror(errno));
  }
  return std::make_unique<FileStream>(file, true, path, wait);
}

Result<std::unique_ptr<ByteStream>> decompress(std::unique_ptr<ByteStream> raw) {
  std::string first(4, '\0');
  size_t have = 0;
  while (have < first.size()) {
    Result<size_t> got = raw->read(first.data() + have, first.size() - have);
    if (!got) return std::unexpected(std::move(got).error());
    if (*got == 0) break;
    have += *got;
  }
  first.resize(have);
  auto whole = std::make_unique<PeekedStream>(first, std::move(raw));
  using namespace std::string_view_literals;
  if (first.starts_with("\x1f\x8b"sv)) return std::make_unique<GzipStream>(std::move(whole));
  if (first == "\x28\xb5\x2f\xfd"sv) return std::make_unique<ZstdStream>(std::move(whole));
  return whole;
}

Result<bool> LineReader::next(std::string& line) {
  line = std::exchange(begun_, {});
  for (;;) {
    const void* newline = begin_ < end_ ? std::memchr(buffer_.data() + begin_, '\n', end_ - begin_) : nullptr;
    const size_t stop = newline != nullptr ? static_cast<size_t>(static_cast<const char*>(newline) - buffer_.data()) : end_;
    const size_t length = stop - begin_;
    if (newline != nullptr) {
      line.reserve(line.size() + length + json::kPadding);
      line.append(buffer_, begin_, length);
      begin_ = stop + 1;
      break;
    }
    line.append(buffer_, begin_, length);
    begin_ = end_ = 0;
    if (finished_) {
      if (line.empty()) return false;
      break;
    }
    buffer_.resize(kChunk);
    Result<size_t> got = bytes_->read(buffer_.data(), buffer_.size());
    if (!got) {
      begun_ = std::exchange(line, {});
      return forward_error(std::move(got));
    }
    end_ = *got;
    finished_ = *got == 0;
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  ++number_;
  return true;
}

}  // namespace ctk::relay
