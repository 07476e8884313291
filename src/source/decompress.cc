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
constexpr const char* kNothingIsDone = "nothing of it is applied; load a good copy";
/// The checksum comes last, and a good copy has the versions of the damaged one.
constexpr const char* kWhatMayBeWrong =
    "what lies before is applied, and rows of it may be wrong, which a good copy does not mend, as its changes are no "
    "newer: drop the table, or delete those rows, before it is loaded";

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

/// What is read of it is read of another one, which outlives it.
class BorrowedStream final : public ByteStream {
 public:
  explicit BorrowedStream(ByteStream& lender) : lender_(lender) {}
  Result<size_t> read(char* into, size_t size) override { return lender_.read(into, size); }

 private:
  ByteStream& lender_;
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
    last_.append(bytes_.data() + size_ - std::min(size_, kLast), std::min(size_, kLast));
    last_.erase(0, last_.size() - std::min(last_.size(), kLast));
    return size_ > 0;
  }
  std::string_view rest() const { return {bytes_.data() + at_, size_ - at_}; }
  /// Up to eight bytes before the end, once that is reached.
  std::string_view last() const { return last_; }
  void use(size_t count) { at_ += count; }
  uint64_t offset() const { return before_ + at_; }

 private:
  static constexpr size_t kLast = 8;

  std::unique_ptr<ByteStream> raw_;
  std::string last_;
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
    bool foreign = false;     ///< then, where what follows a member or frame is no other one
  };
  virtual ~Unpacker() = default;
  virtual Step step(std::string_view in, char* out, size_t size) = 0;
  virtual std::string_view format() const = 0;
  /// Whether `last`, the last bytes of a file that ends within a member, look like the end of that member: then it was not
  /// cut, but its damage led past its end.
  virtual bool has_end(std::string_view /*last*/) const { return false; }
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
    made_ += step.made;
    if (code == Z_STREAM_END) {
      inflateReset(&state_);
      made_ = 0;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      step.damage = state_.msg == nullptr ? "error " + std::to_string(code) : state_.msg;
    }
    return step;
  }
  std::string_view format() const override { return "gzip"; }
  /// A member ends with its size, modulo 2^32 (RFC 1952). Damage that hides a block's end adds a little to what comes out.
  bool has_end(std::string_view last) const override {
    if (made_ == 0 || last.size() < 4) return false;
    uint32_t told = 0;
    for (size_t i = 0; i < 4; ++i) told |= uint32_t{static_cast<uint8_t>(last[last.size() - 4 + i])} << (8 * i);
    const uint32_t apart = std::min(told - static_cast<uint32_t>(made_), static_cast<uint32_t>(made_) - told);
    return apart <= 4096 + made_ / 64;
  }

 private:
  z_stream state_{};
  uint64_t made_ = 0;  ///< of this member
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
      step.foreign = ZSTD_getErrorCode(wanted) == ZSTD_error_prefix_unknown;
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
  /// `if_damaged`: what to do then.
  UnpackedStream(std::unique_ptr<ByteStream> raw, std::unique_ptr<Unpacker> unpacker, std::string name,
                 const char* if_damaged)
      : input_(std::move(raw)), unpacker_(std::move(unpacker)), name_(std::move(name)), if_damaged_(if_damaged) {}

  Result<size_t> read(char* into, size_t size) override {
    for (;;) {
      if (damage_) return std::unexpected(*damage_);
      // What the last call had no room for comes first.
      if (!filled_) {
        Result<bool> more = input_.refill();
        if (!more) return forward_error(std::move(more));
        if (!*more && !inside_) return 0;
        if (!*more) return std::unexpected(*(damage_ = end_within()));
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
      } else if (step.foreign && began_) {
        foreign();
      } else if (!step.damage.empty()) {
        damage_ = damaged(step.damage);
      }
      if (step.made > 0) return step.made;
    }
  }

  /// Whether a member or frame is known to have given what was never packed into it: its checksum comes last.
  bool is_sound() const { return is_sound_; }

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

  Error damaged(std::string peer) {
    is_sound_ = false;
    return {ErrorKind::corrupt,
            fmt::format("{} is damaged at byte {}: its {} data cannot be unpacked", name_, input_.offset(),
                        unpacker_->format()),
            std::move(peer), if_damaged_};
  }

  /// The end came where none may be: it was cut off, or its damage hid the end.
  Error end_within() {
    if (unpacker_->has_end(input_.last())) return damaged("the end of the data was not found");
    return {ErrorKind::corrupt,
            fmt::format("{} ends at byte {}, in the midst of its {} data", name_, input_.offset(), unpacker_->format()), "",
            kWhatIsDone};
  }

  Input input_;
  std::unique_ptr<Unpacker> unpacker_;
  std::string name_;
  const char* if_damaged_;
  bool inside_ = false;          ///< of a member or frame
  bool began_ = false;           ///< one has ended
  bool padded_ = false;          ///< zeros follow it
  bool filled_ = false;          ///< there was no room left: more may come without further input
  bool is_sound_ = true;         ///< what it gave is what was packed
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

/// A stream that was looked at.
struct Opened {
  std::unique_ptr<ByteStream> plain;
  const UnpackedStream* packed = nullptr;  ///< what it is read of, if it is packed
};

Result<Opened> open_content(std::unique_ptr<ByteStream> raw, const std::string& name, const char* if_damaged) {
  Result<std::string> first = peek(raw, kShortHead);
  if (!first) return forward_error(std::move(first));
  const bool named_gzip = ends_with_any(name, {".gz"}), named_zstd = ends_with_any(name, {".zst", ".zstd"});
  const bool cut_gzip = first->size() < kGzip.size() && kGzip.starts_with(*first) && (named_gzip || !first->empty());
  const bool cut_zstd = first->size() < kZstd.size() && kZstd.starts_with(*first) && (named_zstd || first->size() > 1);
  std::unique_ptr<Unpacker> unpacker;
  if (first->starts_with(kGzip)) {
    unpacker = std::make_unique<GzipUnpacker>();
  } else if (first->starts_with(kZstd) || is_skippable(*first)) {
    unpacker = std::make_unique<ZstdUnpacker>();
  } else if (cut_gzip || cut_zstd) {
    return fail(
        ErrorKind::corrupt,
        fmt::format("{} ends at byte {}, before its {} data begins", name, first->size(), cut_gzip ? "gzip" : "zstd"), "",
        "load it again from a good copy");
  }
  const std::string_view packed_by = unpacker ? unpacker->format() : "";
  Opened opened{std::move(raw)};
  if (unpacker) {
    auto unpacked = std::make_unique<UnpackedStream>(std::move(opened.plain), std::move(unpacker), name, if_damaged);
    opened.packed = unpacked.get();
    opened.plain = std::move(unpacked);
  }
  Result<std::string> text = peek(opened.plain, kShortHead);
  if (!text) return forward_error(std::move(text));
  Status readable = check_other_formats(*text, name, packed_by);
  if (readable && may_be_tar(*text)) {
    text = peek(opened.plain, kTarHead);
    if (!text) return forward_error(std::move(text));
    readable = check_other_formats(*text, name, packed_by);
  }
  if (!readable) return forward_error(std::move(readable));
  return opened;
}

/// Unpacks all of `raw` for its checksums. An error where it is damaged, or reading was stopped: what else is wrong with it
/// shows when it is read.
Status check_whole(ByteStream& raw, const std::string& name) {
  Result<Opened> opened = open_content(std::make_unique<BorrowedStream>(raw), name, kNothingIsDone);
  if (!opened) return forward_error(std::move(opened));
  if (opened->packed == nullptr) return {};
  std::array<char, 64u << 10> away;
  for (;;) {
    Result<size_t> got = opened->plain->read(away.data(), away.size());
    if (got && *got > 0) continue;
    const bool stopped = !got && got.error().kind == ErrorKind::stopped;
    if (stopped || !opened->packed->is_sound()) return forward_error(std::move(got));
    return {};
  }
}

}  // namespace

Result<std::unique_ptr<ByteStream>> decompress(std::unique_ptr<ByteStream> raw, const std::string& name) {
  if (raw->rewind()) {
    if (Status whole = check_whole(*raw, name); !whole) return forward_error(std::move(whole));
    if (!raw->rewind()) return fail(ErrorKind::refused, "cannot read " + name + " from its beginning again");
  }
  Result<Opened> opened = open_content(std::move(raw), name, kWhatMayBeWrong);
  if (!opened) return forward_error(std::move(opened));
  return std::move(opened->plain);
}

}  // namespace ctk::source
