// Fuzzes files: plain, gzip and zstd, whole and broken. Read in gulps of any size they give the same records at the same
// places; a broken one may give fewer of them. Every record can be found again by its position, and none is lost.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "dynamodb/decode.h"
#include "source/decompress.h"
#include "source/record_reader.h"

namespace {

using ctk::Result;
using ctk::dynamodb::RawRecord;
using ctk::source::RecordReader;

void check(bool good) {
  if (!good) std::abort();
}

class Bytes final : public ctk::source::ByteStream {
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

struct Records {
  std::vector<RawRecord> records;
  bool broken = false;
};

bool same(const RawRecord& one, const RawRecord& other) {
  return one.data == other.data && one.sequence.str() == other.sequence.str() && one.line == other.line &&
         one.first_line == other.first_line && one.value == other.value && one.refusal == other.refusal;
}

/// A few bytes can stand for gigabytes: not all are read.
Records records_of(std::string_view bytes, size_t gulp) {
  Records all;
  auto stream = ctk::source::decompress(std::make_unique<Bytes>(bytes, gulp), "file 'x'");
  if (!stream) return {{}, true};
  RecordReader reader(std::move(*stream), "file 'x'");
  for (size_t total = 0; total < (1U << 20) && all.records.size() < 10'000;) {
    RawRecord record;
    const Result<bool> more = reader.next(record);
    if (!more) all.broken = true;
    if (!more || !*more) break;
    check(!record.data.empty() && record.first_line >= 1 && record.first_line <= record.line);
    if (!all.records.empty()) {
      const RawRecord& before = all.records.back();
      check(std::pair(before.line, before.value) < std::pair(record.line, record.value));
    }
    total += record.data.size();
    all.records.push_back(std::move(record));
  }
  return all;
}

/// Plain text: what no record holds is blank, or stands between the elements of an array.
void check_nothing_is_lost(std::string_view text, const Records& all) {
  const auto essence = [](std::string_view from, std::string& into) {
    for (const char c : from) {
      if (std::string_view(" \t\r\n,[]\x1e\xEF\xBB\xBF").find(c) == std::string_view::npos) into += c;
    }
  };
  std::string expected, found;
  essence(text, expected);
  for (const RawRecord& record : all.records) essence(record.data, found);
  check(expected == found);
}

void check_position(std::string_view bytes, const Records& all, size_t index) {
  auto stream = ctk::source::decompress(std::make_unique<Bytes>(bytes, bytes.size()), "file 'x'");
  check(stream.has_value());
  RecordReader reader(std::move(*stream), "file 'x'");
  check(*reader.skip_to(all.records[index].sequence.str()));
  if (index + 1 == all.records.size()) return;
  RawRecord next;
  check(*reader.next(next) && same(next, all.records[index + 1]));
}

/// Changes that share a time are ordered as they stand in the file.
void check_order(const Records& all) {
  static ctk::dynamodb::Decoder decoder;
  std::string before;
  for (const RawRecord& record : all.records) {
    const auto decoded = decoder.decode(record, {.kind = ctk::dynamodb::VersionKind::file_time});
    for (const auto& change : decoded.changes) {
      // Behind the time, which each change has of its own.
      const std::string order(change.order.substr(change.order.find('.', 2)));
      check(before < order);
      before = order;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Records sipped = records_of(bytes, 1 + data[0]);
  const Records gulped = records_of(bytes, size);
  const bool broken = sipped.broken || gulped.broken;
  const size_t common = std::min(sipped.records.size(), gulped.records.size());
  check(broken || sipped.records.size() == gulped.records.size());
  for (size_t i = 0; i < common; ++i) check(same(sipped.records[i], gulped.records[i]));
  if (broken || common == 0) return 0;
  check_position(bytes, gulped, data[0] % common);
  check_order(gulped);
  const bool packed =
      bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5\x2f\xfd") || bytes.substr(1, 3) == "\x2a\x4d\x18";
  if (!packed && bytes.size() < 10'000) check_nothing_is_lost(bytes, gulped);
  return 0;
}
