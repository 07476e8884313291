#include "source/decompress.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "source/other_formats.h"

namespace ctk::source {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kGzip = "\x1f\x8b"sv;
constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd"sv;
constexpr const char* kWhatIsDone = "what lies before is applied; load it again from a good copy";

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

/// Compressed bytes as they come, and how many of them were used.
class Input {
 public:
  explicit Input(std::unique_ptr<ByteStream> raw) : raw_(std::move(raw)) {}

  /// Gets more once all are used; false at the end.
  Result<bool> refill() {
    if (at_ < size_) return true;
    Result<size_t> got = raw_->read(bytes_.data(), bytes_.size());
    if (!got) return forward_error(std::move(got));
    before_ += size_;
    at_ = 0;
    size_ = *got;
    return size_ > 0;
  }
  std::string_view rest() const { return {bytes_.data() + at_, size_ - at_}; }
  void use(size_t count) { at_ += count; }
  uint64_t offset() const { return before_ + at_; }

 private:
  std::unique_ptr<ByteStream> raw_;
  std::array<char, 64u << 10> bytes_{};
  size_t at_ = 0, size_ = 0;
  uint64_t before_ = 0;  ///< offset of bytes_[0]
};

/// One format's decompressor.
class Unpacker {
 public:
  struct Step {
    size_t used = 0, made = 0;
    bool ended = false;       ///< a member or frame ended here
    std::string damage = {};  ///< the library's words; empty while all is well
    std::string lacks = {};   ///< then, where nothing is damaged: what it would take to unpack it
  };
  virtual ~Unpacker() = default;
  virtual Step step(std::string_view in, char* out, size_t size) = 0;
  virtual std::string_view format() const = 0;
};

class GzipUnpacker final : public Unpacker {
 public:
  GzipUnpacker() { inflateInit2(&state_, 15 + 16); }
  ~GzipUnpacker() override { inflateEnd(&state_); }
  GzipUnpacker(const GzipUnpacker&) = delete;
  GzipUnpacker& operator=(const GzipUnpacker&) = delete;

  Step step(std::string_view in, char* out, size_t size) override {
    state_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    state_.avail_in = static_cast<uInt>(in.size());
    state_.next_out = reinterpret_cast<Bytef*>(out);
    state_.avail_out = static_cast<uInt>(size);
    const int code = inflate(&state_, Z_NO_FLUSH);
    Step step{in.size() - state_.avail_in, size - state_.avail_out, code == Z_STREAM_END};
    if (code == Z_STREAM_END) {
      inflateReset(&state_);
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      step.damage = state_.msg == nullptr ? "error " + std::to_string(code) : state_.msg;
    }
    return step;
  }
  std::string_view format() const override { return "gzip"; }

 private:
  z_stream state_{};
};

class ZstdUnpacker final : public Unpacker {
 public:
  ZstdUnpacker() : state_(ZSTD_createDStream()) {
    // As far back as a frame may refer (zstd --long): memory is only taken for what a frame needs of it.
    ZSTD_DCtx_setParameter(state_, ZSTD_d_windowLogMax, ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound);
  }
  ~ZstdUnpacker() override { ZSTD_freeDStream(state_); }
  ZstdUnpacker(const ZstdUnpacker&) = delete;
  ZstdUnpacker& operator=(const ZstdUnpacker&) = delete;

  Step step(std::string_view in, char* out, size_t size) override {
    // A call that meets damage gives nothing, not even what it has unpacked before: so no more than it asks for, and
    // nothing while there may be output left.
    ZSTD_outBuffer to{out, size, 0};
    const std::string_view given = in.substr(0, filled_ ? 0 : wanted_);
    ZSTD_inBuffer from{given.data(), given.size(), 0};
    const size_t wanted = ZSTD_decompressStream(state_, &to, &from);
    filled_ = to.pos == size;
    Step step{from.pos, to.pos, wanted == 0};
    if (ZSTD_isError(wanted) != 0U) {
      step.damage = ZSTD_getErrorName(wanted);
      step.lacks = lacks(ZSTD_getErrorCode(wanted));
    } else {
      wanted_ = wanted == 0 ? kFrameBegin : wanted;
    }
    return step;
  }
  std::string_view format() const override { return "zstd"; }

 private:
  static constexpr size_t kFrameBegin = 5;  ///< the shortest that zstd asks for at first

  static std::string lacks(ZSTD_ErrorCode code) {
    switch (code) {
      case ZSTD_error_memory_allocation: return "more memory than there is";
      case ZSTD_error_frameParameter_windowTooLarge: return "a window of more than 2 GB of memory";
      case ZSTD_error_dictionary_wrong:
      case ZSTD_error_dictionary_corrupted: return "the dictionary that it was packed with";
      case ZSTD_error_version_unsupported:
      case ZSTD_error_frameParameter_unsupported: return "another version of zstd";
      default: return "";
    }
  }

  ZSTD_DStream* state_;
  size_t wanted_ = kFrameBegin;
  bool filled_ = false;
};

class UnpackedStream final : public ByteStream {
 public:
  UnpackedStream(std::unique_ptr<ByteStream> raw, std::unique_ptr<Unpacker> unpacker, std::string name)
      : input_(std::move(raw)), unpacker_(std::move(unpacker)), name_(std::move(name)) {}

  Result<size_t> read(char* into, size_t size) override {
    for (;;) {
      if (damage_) return std::unexpected(*damage_);
      // What the last call had no room for comes first.
      if (!filled_) {
        Result<bool> more = input_.refill();
        if (!more) return forward_error(std::move(more));
        if (!*more && !inside_) return 0;
        if (!*more) return damaged("ends", "in the midst of its " + std::string(unpacker_->format()) + " data", "");
      }
      if (!inside_ && !begin_next()) continue;
      const Unpacker::Step step = unpacker_->step(input_.rest(), into, size);
      input_.use(step.used);
      inside_ = !step.ended;
      filled_ = step.made == size && inside_;
      began_ = began_ || step.ended;
      if (!step.lacks.empty()) {
        damage_ = Error{
            ErrorKind::refused,
            fmt::format("{} cannot be unpacked here from byte {} on: that takes {}", name_, input_.offset(), step.lacks),
            step.damage, "unpack it elsewhere: zstd -dc --long=31 FILE | ctk load file+dynamodb+cdc:- …"};
      } else if (!step.damage.empty()) {
        damage_ =
            damaged("is damaged", ": its " + std::string(unpacker_->format()) + " data cannot be unpacked", step.damage)
                .error();
      }
      if (step.made > 0) return step.made;
    }
  }

 private:
  /// Looks at what follows a member or frame; false where that is no other one, or only zeros so far.
  bool begin_next() {
    const std::string_view rest = input_.rest();
    const bool gzip = unpacker_->format() == "gzip";
    if (began_ && gzip && (padded_ || rest[0] == '\0')) {
      padded_ = true;
      const size_t zeros = std::min(rest.find_first_not_of('\0'), rest.size());
      input_.use(zeros);
      if (zeros < rest.size()) foreign();
      return false;
    }
    if (began_ && gzip && rest[0] != kGzip[0]) {
      foreign();
      return false;
    }
    inside_ = true;
    return true;
  }

  void foreign() {
    damage_ =
        Error{ErrorKind::corrupt,
              fmt::format("{} holds, from byte {} on, what is no {} data", name_, input_.offset(), unpacker_->format()), "",
              kWhatIsDone};
  }

  std::unexpected<Error> damaged(std::string_view what, const std::string& how, std::string peer) const {
    const bool ends = what == "ends";
    return fail(ErrorKind::corrupt,
                fmt::format("{} {} at byte {}{}{}", name_, what, input_.offset(), ends ? ", " : "", how), std::move(peer),
                kWhatIsDone);
  }

  Input input_;
  std::unique_ptr<Unpacker> unpacker_;
  std::string name_;
  bool inside_ = false;          ///< of a member or frame
  bool began_ = false;           ///< one has ended
  bool padded_ = false;          ///< zeros follow it
  bool filled_ = false;          ///< there was no room left: more may come without further input
  std::optional<Error> damage_;  ///< told once all that came before it is read
};

/// Up to `count` of the first bytes, or up to a line's end among them; `stream` gives them all the same.
Result<std::string> peek(std::unique_ptr<ByteStream>& stream, size_t count) {
  std::string first(count, '\0');
  size_t have = 0;
  while (have < count && (have < kShortHead || first.find('\n') >= have)) {
    Result<size_t> got = stream->read(first.data() + have, count - have);
    // An error that is not the first read's comes again behind what was read.
    if (!got && have > 0) break;
    if (!got) return forward_error(std::move(got));
    if (*got == 0) break;
    have += *got;
  }
  first.resize(have);
  stream = std::make_unique<PeekedStream>(first, std::move(stream));
  return first;
}

bool is_skippable(std::string_view first) {
  return first.size() >= 4 && (first[0] & 0xF0) == 0x50 && first.substr(1, 3) == "\x2a\x4d\x18"sv;
}

}  // namespace

Result<std::unique_ptr<ByteStream>> decompress(std::unique_ptr<ByteStream> raw, const std::string& name) {
  Result<std::string> first = peek(raw, kShortHead);
  if (!first) return forward_error(std::move(first));
  const bool named_gzip = ends_with_any(name, {".gz"}), named_zstd = ends_with_any(name, {".zst", ".zstd"});
  const bool cut_gzip = first->size() < kGzip.size() && kGzip.starts_with(*first) && (named_gzip || !first->empty());
  const bool cut_zstd = first->size() < kZstd.size() && kZstd.starts_with(*first) && (named_zstd || first->size() > 1);
  std::unique_ptr<ByteStream> plain = std::move(raw);
  std::string_view packed_by;
  if (first->starts_with(kGzip)) {
    packed_by = "gzip";
    plain = std::make_unique<UnpackedStream>(std::move(plain), std::make_unique<GzipUnpacker>(), name);
  } else if (first->starts_with(kZstd) || is_skippable(*first)) {
    packed_by = "zstd";
    plain = std::make_unique<UnpackedStream>(std::move(plain), std::make_unique<ZstdUnpacker>(), name);
  } else if (cut_gzip || cut_zstd) {
    return fail(
        ErrorKind::corrupt,
        fmt::format("{} ends at byte {}, before its {} data begins", name, first->size(), cut_gzip ? "gzip" : "zstd"), "",
        "load it again from a good copy");
  }
  Result<std::string> text = peek(plain, kShortHead);
  if (!text) return forward_error(std::move(text));
  Status readable = check_other_formats(*text, name, packed_by);
  if (readable && may_be_tar(*text)) {
    text = peek(plain, kTarHead);
    if (!text) return forward_error(std::move(text));
    readable = check_other_formats(*text, name, packed_by);
  }
  if (!readable) return forward_error(std::move(readable));
  return plain;
}

}  // namespace ctk::source
