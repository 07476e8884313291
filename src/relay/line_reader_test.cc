#include "relay/line_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <fstream>

namespace ctk::relay {
namespace {

const ReadWait kWait;

/// A file that goes with the test.
class TempFile {
 public:
  explicit TempFile(const std::string& content) {
    char name[] = "/tmp/ctk-lines-XXXXXX";
    ::close(::mkstemp(name));
    path_ = name;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TempFile() { ::unlink(path_.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
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

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

Result<std::vector<std::string>> lines_of(const std::string& content) {
  const TempFile file(content);
  auto raw = open_file(file.path(), kWait);
  auto plain = decompress(std::move(*raw));
  if (!plain) return std::unexpected(plain.error());
  LineReader reader(std::move(*plain));
  std::vector<std::string> lines;
  for (std::string line;;) {
    Result<bool> more = reader.next(line);
    if (!more) return std::unexpected(more.error());
    if (!*more) return lines;
    lines.push_back(line);
  }
}

using Lines = std::vector<std::string>;

TEST(LineReader, SplitsAtNewlinesOfBothKindsAndKeepsALastLineWithoutEnd) {
  EXPECT_EQ(*lines_of("a\nb\r\n\nc"), (Lines{"a", "b", "", "c"}));
  EXPECT_EQ(*lines_of(""), Lines{});
  EXPECT_EQ(*lines_of("a\n"), Lines{"a"});
}

TEST(LineReader, TellsCompressionByContent) {
  const std::string text = "one\ntwo\n" + std::string(1'000'000, 'x') + "\nlast";
  const Lines expected{"one", "two", std::string(1'000'000, 'x'), "last"};
  EXPECT_EQ(*lines_of(text), expected);
  EXPECT_EQ(*lines_of(gzip(text)), expected);
  EXPECT_EQ(*lines_of(zstd(text)), expected);
  EXPECT_EQ(*lines_of(gzip("a\n") + gzip("b\n")), (Lines{"a", "b"}));
  EXPECT_EQ(*lines_of(zstd("a\n") + zstd("b\n")), (Lines{"a", "b"}));
}

TEST(LineReader, ATruncatedArchiveIsAnErrorNotAnEnd) {
  const std::string text(100'000, 'x');
  std::string half = gzip(text);
  half.resize(half.size() / 2);
  EXPECT_EQ(lines_of(half).error().kind, ErrorKind::corrupt);
  half = zstd(text);
  half.resize(half.size() / 2);
  EXPECT_EQ(lines_of(half).error().kind, ErrorKind::corrupt);
}

TEST(LineReader, GivesTheLinesBeforeTheDamage) {
  std::string damaged = gzip("one\ntwo\n");
  damaged[damaged.size() - 8] ^= 1;  // the checksum
  const TempFile file(damaged);
  LineReader reader(*decompress(std::move(*open_file(file.path(), kWait))));
  std::string line;
  ASSERT_TRUE(*reader.next(line));
  EXPECT_EQ(line, "one");
  ASSERT_TRUE(*reader.next(line));
  EXPECT_EQ(line, "two");
  EXPECT_EQ(reader.next(line).error().kind, ErrorKind::corrupt);
}

TEST(LineReader, AFileThatIsNotThereIsNotFound) {
  EXPECT_EQ(open_file("/nowhere/at/all", kWait).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace ctk::relay
