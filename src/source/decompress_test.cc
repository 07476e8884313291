#include "source/decompress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/testing/temporary_folder.h"

namespace ctk::source {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

class Bytes final : public ByteStream {
 public:
  Bytes(std::string text, size_t gulp) : text_(std::move(text)), gulp_(gulp) {}
  Result<size_t> read(char* into, size_t size) override {
    const size_t count = std::min({size, gulp_, text_.size() - at_});
    std::memcpy(into, text_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string text_;
  size_t gulp_;
  size_t at_ = 0;
};

std::string gzip(const std::string& text) {
  z_stream state{};
  deflateInit2(&state, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(compressBound(text.size()) + 64, '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  state.avail_in = static_cast<uInt>(text.size());
  state.next_out = reinterpret_cast<Bytef*>(out.data());
  state.avail_out = static_cast<uInt>(out.size());
  deflate(&state, Z_FINISH);
  out.resize(out.size() - state.avail_out);
  deflateEnd(&state);
  return out;
}

/// With a checksum behind the content, as the zstd command writes it.
std::string zstd(const std::string& text) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::string skippable(const std::string& content) {
  std::string frame = "\x5a\x2a\x4d\x18";
  for (int i = 0; i < 4; ++i) frame += static_cast<char>((content.size() >> (8 * i)) & 0xff);
  return frame + content;
}

/// What came out, and the error it ended with.
struct Unpacked {
  std::string text;
  std::optional<Error> error;
};

Unpacked unpack(std::unique_ptr<ByteStream> raw, const std::string& name = "file 'x'", size_t room = 1000) {
  Unpacked unpacked;
  auto stream = decompress(std::move(raw), name);
  if (!stream) {
    unpacked.error = stream.error();
    return unpacked;
  }
  std::string buffer(room, '\0');
  for (;;) {
    const Result<size_t> got = (*stream)->read(buffer.data(), buffer.size());
    if (!got) unpacked.error = got.error();
    if (!got || *got == 0) return unpacked;
    unpacked.text.append(buffer, 0, *got);
  }
}

Unpacked unpack(const std::string& packed, const std::string& name = "file 'x'", size_t gulp = 1u << 20,
                size_t room = 1000) {
  return unpack(std::make_unique<Bytes>(packed, gulp), name, room);
}

std::string message_of(const std::string& packed, const std::string& name = "file 'x'") {
  const Unpacked unpacked = unpack(packed, name);
  return unpacked.error ? unpacked.error->message : "";
}

/// A file: it can be read twice.
class File final : public ByteStream {
 public:
  explicit File(std::string text) : text_(std::move(text)) { rewind(); }
  Result<size_t> read(char* into, size_t size) override { return bytes_->read(into, size); }
  bool rewind() override {
    bytes_ = std::make_unique<Bytes>(text_, 1000);
    return true;
  }

 private:
  std::string text_;
  std::unique_ptr<Bytes> bytes_;
};

TEST(Decompress, GoesByContent) {
  const std::string text = "one\ntwo\n" + std::string(300'000, 'x') + "\nlast";
  for (const std::string& packed : {text, gzip(text), zstd(text)}) {
    for (const size_t gulp : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
      const Unpacked unpacked = unpack(packed, "file 'x'", gulp);
      EXPECT_EQ(unpacked.text, text);
      EXPECT_FALSE(unpacked.error);
    }
  }
  EXPECT_EQ(unpack("").text, "");
  EXPECT_EQ(message_of(""), "");
}

TEST(Decompress, TakesMembersAndFramesInARow) {
  EXPECT_EQ(unpack(gzip("a") + gzip("") + gzip("b")).text, "ab");
  EXPECT_EQ(unpack(zstd("a") + zstd("") + zstd("b")).text, "ab");
  EXPECT_EQ(unpack(skippable("index") + zstd("a") + skippable("") + zstd("b") + skippable("end")).text, "ab");
  EXPECT_EQ(message_of(skippable("index") + zstd("a") + skippable("end")), "");
  EXPECT_EQ(message_of(gzip("")), "");
}

TEST(Decompress, TakesZerosBehindTheLastGzipMember) {
  const Unpacked unpacked = unpack(gzip("a") + std::string(100'000, '\0'));
  EXPECT_EQ(unpacked.text, "a");
  EXPECT_FALSE(unpacked.error);
  EXPECT_THAT(message_of(gzip("a") + std::string(700, '\0') + "x"), HasSubstr("from byte 721 on, what is no gzip data"));
}

TEST(Decompress, WhatFollowsAndIsNeitherIsAnErrorBehindTheContent) {
  for (const std::string& garbage : {"garbage"s, "\x1f\x8c more"s, "{}"s, "\xff"s}) {
    Unpacked unpacked = unpack(gzip("a") + garbage);
    EXPECT_EQ(unpacked.text, "a");
    ASSERT_TRUE(unpacked.error) << garbage;
    EXPECT_EQ(unpacked.error->kind, ErrorKind::corrupt);
    EXPECT_THAT(unpacked.error->message, HasSubstr("byte 2")) << garbage;
    unpacked = unpack(zstd("a") + garbage);
    EXPECT_EQ(unpacked.text, "a");
    ASSERT_TRUE(unpacked.error) << garbage;
    EXPECT_EQ(unpacked.error->kind, ErrorKind::corrupt);
  }
}

TEST(Decompress, GivesAllThatComesBeforeACut) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i * 7919LL * i % 1'000'003) + "\n";
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    for (const size_t size : {whole.size() - 1, whole.size() / 2, size_t{12}, size_t{5}, size_t{4}}) {
      const Unpacked unpacked = unpack(whole.substr(0, size));
      EXPECT_TRUE(text.starts_with(unpacked.text));
      if (size > whole.size() / 3) {
        EXPECT_GT(unpacked.text.size(), text.size() / 4);
      }
      ASSERT_TRUE(unpacked.error) << size;
      EXPECT_EQ(unpacked.error->kind, ErrorKind::corrupt);
      EXPECT_THAT(unpacked.error->message, HasSubstr("file 'x' ends at byte " + std::to_string(size))) << size;
    }
  }
  EXPECT_THAT(message_of("\x1f"), HasSubstr("ends at byte 1"));
  EXPECT_THAT(message_of("\x28\xb5"), HasSubstr("ends at byte 2"));
}

TEST(Decompress, GivesAllThatComesBeforeTheDamage) {
  for (std::string damaged : {gzip("one\ntwo\n"), zstd("one\ntwo\n")}) {
    damaged[damaged.size() - (damaged[0] == '\x1f' ? 8 : 4)] ^= 1;  // the checksum
    const Unpacked unpacked = unpack(damaged);
    EXPECT_EQ(unpacked.text, "one\ntwo\n");
    ASSERT_TRUE(unpacked.error);
    EXPECT_THAT(unpacked.error->message, HasSubstr("file 'x' is damaged at byte "));
    EXPECT_NE(unpacked.error->peer, "");
  }
}

TEST(Decompress, NothingOfADamagedFileIsGiven) {
  const std::string text = "one\ntwo\n" + std::string(300'000, 'x');
  for (const bool first : {true, false}) {
    for (auto* pack : {gzip, zstd}) {
      std::string damaged = pack(text), whole = pack("whole\n");
      damaged[damaged.size() - (damaged[0] == '\x1f' ? 8 : 4)] ^= 1;  // the checksum
      const Unpacked unpacked = unpack(std::make_unique<File>(first ? damaged + whole : whole + damaged));
      EXPECT_EQ(unpacked.text, "");
      ASSERT_TRUE(unpacked.error);
      EXPECT_EQ(unpacked.error->kind, ErrorKind::corrupt);
      EXPECT_THAT(unpacked.error->message, HasSubstr("file 'x' is damaged at byte "));
      EXPECT_THAT(unpacked.error->hint, HasSubstr("nothing of it is applied"));
    }
  }
}

TEST(Decompress, ThatIsSaidOfDamageAtItsBeginningToo) {
  for (std::string damaged : {gzip("one\n"), zstd("one\n")}) {
    damaged[damaged[0] == '\x1f' ? 10 : 6] = '\xff';  // the first block
    EXPECT_THAT(unpack(std::make_unique<File>(damaged)).error.value_or(Error{}).hint,
                HasSubstr("nothing of it is applied"));
  }
}

TEST(Decompress, NoFlippedBitOfAFileGivesWhatWasNeverPacked) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "{\"id\":\"k" + std::to_string(i) + "\",\"n\":" + std::to_string(i * 7919) + "}\n";
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      std::string flipped = whole;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      const std::string magic = whole.substr(0, 4);
      if (flipped.substr(0, 2) != whole.substr(0, 2) || (magic[0] == '\x28' && flipped.substr(0, 4) != magic)) continue;
      const Unpacked unpacked = unpack(std::make_unique<File>(flipped));
      EXPECT_TRUE(text.starts_with(unpacked.text)) << bit << ": " << to_string(unpacked.error.value_or(Error{}));
    }
  }
}

TEST(Decompress, AFileThatIsCutOrHasMoreBehindItIsGivenAsFarAsItGoes) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919LL * i % 1'000'003) + "\n";
  for (const std::string& whole : {gzip(text), zstd(text)}) {
    for (const size_t size : {whole.size() - 1, whole.size() - 4, whole.size() / 2}) {
      const Unpacked unpacked = unpack(std::make_unique<File>(whole.substr(0, size)));
      EXPECT_TRUE(text.starts_with(unpacked.text));
      EXPECT_GT(unpacked.text.size(), text.size() / 4) << size;
      ASSERT_TRUE(unpacked.error);
      EXPECT_THAT(unpacked.error->message, HasSubstr("file 'x' ends at byte " + std::to_string(size)));
      EXPECT_THAT(unpacked.error->hint, HasSubstr("what lies before is applied"));
    }
  }
  for (auto* pack : {gzip, zstd}) {
    const Unpacked more = unpack(std::make_unique<File>(pack(text) + "garbage"));
    EXPECT_EQ(more.text, text);
    EXPECT_THAT(more.error.value_or(Error{}).message, HasSubstr("on, what is no "));
  }
}

TEST(Decompress, OfAPipeItSaysThatWhatIsAppliedMayBeWrong) {
  for (std::string damaged : {gzip("one\ntwo\n"), zstd("one\ntwo\n")}) {
    damaged[damaged.size() - (damaged[0] == '\x1f' ? 8 : 4)] ^= 1;
    const Unpacked unpacked = unpack(damaged);
    ASSERT_TRUE(unpacked.error);
    EXPECT_THAT(unpacked.error->hint, HasSubstr("drop the table"));
  }
}

/// A frame of one block that holds its text as it is, with a window of 2^`log` bytes.
std::string zstd_frame(const std::string& text, int log) {
  std::string frame = "\x28\xb5\x2f\xfd\0"s + static_cast<char>((log - 10) << 3);
  const size_t block = text.size() << 3 | 1;
  for (int i = 0; i < 3; ++i) frame += static_cast<char>((block >> (8 * i)) & 0xff);
  return frame + text;
}

TEST(Decompress, TakesFramesWithALongWindow) {
  for (int log = 20; log <= 31; ++log) {
    const Unpacked unpacked = unpack(zstd_frame("one\ntwo\n", log));
    EXPECT_EQ(unpacked.text, "one\ntwo\n") << log;
    EXPECT_FALSE(unpacked.error) << log;
  }
}

TEST(Decompress, DoesNotCallDamagedWhatItLacksTheMeansFor) {
  const Unpacked far = unpack(zstd("one\n") + zstd_frame("two\n", 32));
  EXPECT_EQ(far.text, "one\n");
  ASSERT_TRUE(far.error);
  EXPECT_EQ(far.error->kind, ErrorKind::refused);
  EXPECT_THAT(far.error->message, HasSubstr("takes a window of more than 2 GB"));
  const std::string with_dictionary = "\x28\xb5\x2f\xfd\x01\x50\x07\x21\0\0one\n"s;
  EXPECT_THAT(message_of(with_dictionary), HasSubstr("takes the dictionary"));
}

TEST(Decompress, AnEmptyFileWithAnArchivesNameIsNoArchive) {
  EXPECT_THAT(message_of("", "file 'x.gz'"), HasSubstr("ends at byte 0, before its gzip data"));
  EXPECT_THAT(message_of("", "file 'x.zst'"), HasSubstr("ends at byte 0, before its zstd data"));
  EXPECT_EQ(unpack("{}\n", "file 'x.gz'").text, "{}\n") << "the content counts";
}

TEST(Decompress, NamesWhatIsNotRead) {
  EXPECT_THAT(message_of("\xfd"
                         "7zXZ\0 more"s),
              HasSubstr("packed by xz"));
  EXPECT_THAT(message_of("BZh91AY&SY"), HasSubstr("bzip2"));
  EXPECT_THAT(message_of("PK\x03\x04 more"), HasSubstr("zip"));
  EXPECT_THAT(message_of("PAR1 more"), HasSubstr("Parquet"));
  EXPECT_THAT(message_of("\x1f\x9d\x90{"), HasSubstr("packed by compress (.Z)"));
  EXPECT_THAT(message_of("7z\xbc\xaf\x27\x1c"), HasSubstr("packed by 7-Zip"));
  EXPECT_THAT(message_of("\x5d\0\0\x80\0"s), HasSubstr("packed by lzma"));
  EXPECT_THAT(message_of("\x78\x9c\xab"), HasSubstr("packed by zlib"));
  EXPECT_THAT(message_of("$ion_1_0 {}"), HasSubstr("Ion"));
  EXPECT_THAT(message_of("\x8b\x03\x80{}\n", "file 'x.br'"), HasSubstr("packed by Brotli"));
  EXPECT_EQ(unpack("{}\n", "file 'x.br'").text, "{}\n") << "the content counts";
  const std::string wide = "\xff\xfe{\0\"\0"s, naked = "{\0\"\0a\0"s, big = "\0{\0\""s, mark = "\xfe\xff\0{"s;
  for (const std::string& text : {wide, naked, big, mark}) {
    EXPECT_THAT(message_of(text), HasSubstr("file 'x' is UTF-16 text"));
    EXPECT_THAT(message_of(gzip(text)), HasSubstr("file 'x' is UTF-16 text"));
  }
  EXPECT_THAT(message_of("\xff\xfe\0\0{\0\0\0"s), HasSubstr("UTF-32"));
  EXPECT_THAT(message_of("{\0\0\0\"\0\0\0"s), HasSubstr("UTF-32"));
  EXPECT_EQ(unpack("\xEF\xBB\xBF{}").text, "\xEF\xBB\xBF{}");
  EXPECT_EQ(unpack("7").text, "7");
}

std::string tar(const std::string& member, const std::string& content) {
  std::string archive = member + std::string(257 - member.size(), '\0') + "ustar";
  archive.resize(512);
  archive += content;
  archive.resize(1024 + 1024);
  return archive;
}

TEST(Decompress, NamesWhatIsInside) {
  for (const char* member : {"events.json", "./a", "a", "PaxHeader/x"}) {
    const std::string archive = tar(member, "{}\n");
    EXPECT_THAT(message_of(archive), HasSubstr("packed by tar;"));
    for (const std::string& packed : {gzip(archive), zstd(archive)}) {
      for (const size_t gulp : {size_t{1}, size_t{1} << 20}) {
        const Unpacked unpacked = unpack(packed, "file 'x'", gulp);
        ASSERT_TRUE(unpacked.error);
        EXPECT_EQ(unpacked.error->kind, ErrorKind::refused);
        EXPECT_THAT(unpacked.error->message, HasSubstr("packed by tar, inside "));
        EXPECT_THAT(unpacked.error->hint, HasSubstr("tar -xOf FILE | ctk load"));
      }
    }
  }
  const Unpacked twice = unpack(gzip(gzip("{}\n")));
  ASSERT_TRUE(twice.error);
  EXPECT_THAT(twice.error->message, HasSubstr("packed by gzip, inside gzip"));
  EXPECT_THAT(twice.error->hint, HasSubstr("gzip -dc FILE > INNER; gzip -dc INNER | ctk load"));
  EXPECT_THAT(message_of(zstd("PK\x03\x04 more")), HasSubstr("packed by zip, inside zstd"));
}

TEST(Decompress, ALineThatIsNoJsonIsNotKeptWaiting) {
  EXPECT_EQ(unpack("one\n").text, "one\n");
  EXPECT_EQ(unpack("no JSON at all", "file 'x'", 1).text, "no JSON at all");
}

/// A file that goes with the test.
class TempFile {
 public:
  explicit TempFile(const std::string& content) { std::ofstream(path_, std::ios::binary) << content; }
  const std::string& path() const { return path_; }

 private:
  TemporaryFolder folder_;
  std::string path_ = folder_ / "file";
};

TEST(OpenFile, GivesTheBytes) {
  const ReadWait wait;
  const TempFile file("some bytes");
  auto stream = open_file(file.path(), wait);
  ASSERT_TRUE(stream);
  std::string buffer(100, '\0');
  EXPECT_EQ(*(*stream)->read(buffer.data(), buffer.size()), 10U);
  EXPECT_EQ(*(*stream)->read(buffer.data(), buffer.size()), 0U);
}

TEST(OpenFile, AFileThatIsNotThereIsNotFound) {
  const ReadWait wait;
  EXPECT_EQ(open_file("/nowhere/at/all", wait).error().kind, ErrorKind::not_found);
  EXPECT_THAT(open_file("/nowhere/at/all", wait).error().message, HasSubstr("file '/nowhere/at/all'"));
}

TEST(OpenFile, ADirectoryCannotBeRead) {
  const ReadWait wait;
  auto stream = open_file(std::filesystem::temp_directory_path(), wait);
  ASSERT_TRUE(stream);
  char byte = 0;
  EXPECT_EQ((*stream)->read(&byte, 1).error().kind, ErrorKind::refused);
}

TEST(OpenFile, AFileThatIsCutShortWhileItIsReadIsAnError) {
  const ReadWait wait;
  const TempFile file(std::string(1000, 'x'));
  auto stream = open_file(file.path(), wait);
  ASSERT_TRUE(stream);
  std::string buffer(600, '\0');
  ASSERT_EQ(*(*stream)->read(buffer.data(), buffer.size()), 600U);
  std::filesystem::resize_file(file.path(), 700);
  ASSERT_EQ(*(*stream)->read(buffer.data(), buffer.size()), 100U);
  const Result<size_t> end = (*stream)->read(buffer.data(), buffer.size());
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(end.error().message, HasSubstr("ends at byte 700, and had 1000"));
}

}  // namespace
}  // namespace ctk::source
