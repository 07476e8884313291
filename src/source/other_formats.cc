#include "source/other_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace ctk::source {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMark = "\xef\xbb\xbf";
constexpr std::string_view kLoad = "ctk load file+dynamodb+cdc:- …";

/// What packs one text or several files.
struct Archive {
  std::string_view begins, name, program;
};

constexpr Archive kArchives[] = {{"\xfd"
                                  "7zX"sv,
                                  "xz", "xz -dc"},
                                 {"\x1f\x8b"sv, "gzip", "gzip -dc"},
                                 {"\x28\xb5\x2f\xfd"sv, "zstd", "zstd -dc"},
                                 {"BZh"sv, "bzip2", "bzip2 -dc"},
                                 {"\x04\x22\x4d\x18"sv, "lz4", "lz4 -dc"},
                                 {"\x02\x21\x4c\x18"sv, "lz4", "lz4 -dc"},
                                 {"PK\x03\x04"sv, "zip", "unzip -p"},
                                 {"PK\x05\x06"sv, "zip", "unzip -p"},
                                 {"\xff\x06\x00\x00"sv, "Snappy", "snzip -dc"},
                                 {"\x1f\x9d"sv, "compress (.Z)", "gzip -dc"},
                                 {"7z\xbc\xaf"sv, "7-Zip", "7z x -so"},
                                 {"\x5d\0\0"sv, "lzma", "xz -dc"},
                                 {"LZIP"sv, "lzip", "lzip -dc"},
                                 {"\x89LZO"sv, "lzop", "lzop -dc"},
                                 {"Rar!"sv, "rar", "unrar p -inul"},
                                 {"\x78\x01"sv, "zlib", "pigz -dc"},
                                 {"\x78\x9c"sv, "zlib", "pigz -dc"},
                                 {"\x78\xda"sv, "zlib", "pigz -dc"}};

struct Format {
  std::string_view begins, name;
};

constexpr Format kFormats[] = {{"PAR1"sv, "a Parquet file"},
                               {"Obj\x01"sv, "an Avro file"},
                               {"ORC"sv, "an ORC file"},
                               {"$ion"sv, "Amazon Ion"},
                               {"\xe0\x01\x00\xea"sv, "Amazon Ion"}};

bool is_tar(std::string_view first) {
  constexpr size_t kMagic = 257;
  return first.size() > kMagic && first.substr(kMagic).starts_with("ustar");
}

/// What JSON may begin with, or the blanks and marks before it.
bool may_be_json(std::string_view first) {
  return first.empty() || "{[\",] \t\r\n\x1e"sv.contains(first[0]) || kMark.starts_with(first.substr(0, kMark.size()));
}

const Archive* archive_of(std::string_view first, const std::string& name) {
  static constexpr Archive kTar = {"", "tar", "tar -xOf"};
  static constexpr Archive kBrotli = {"", "Brotli", "brotli -dc"};
  const auto* found = std::ranges::find_if(kArchives, [&](const Archive& one) { return first.starts_with(one.begins); });
  if (found != std::end(kArchives)) return found;
  if (is_tar(first)) return &kTar;
  // Nothing tells Brotli but a name.
  return ends_with_any(name, {".br"}) && !may_be_json(first) ? &kBrotli : nullptr;
}

std::string how_to_unpack(const Archive& archive, std::string_view packed_by) {
  // tar finds out by itself what its archive is packed by.
  if (packed_by.empty() || archive.name == "tar") return fmt::format("{} FILE | {}", archive.program, kLoad);
  return fmt::format("{} -dc FILE > INNER; {} INNER | {}", packed_by, archive.program, kLoad);
}

/// The first characters of JSON are of ASCII: where the zeros stand tells the width and the order of the bytes.
std::string_view wide_encoding(std::string_view first) {
  if (first.starts_with("\xff\xfe\0\0"sv) || first.starts_with("\0\0\xfe\xff"sv)) return "UTF-32";
  if (first.starts_with("\xff\xfe"sv) || first.starts_with("\xfe\xff"sv)) return "UTF-16";
  if (first.size() < 4) return {};
  const size_t character = std::min(first.find_first_not_of('\0'), first.size());
  if (!may_be_json(first.substr(character, 1))) return {};  // A name of one letter begins a tar archive.
  const auto zero = [&](size_t at) { return first[at] == '\0'; };
  const int zeros = zero(0) + zero(1) + zero(2) + zero(3);
  if (zeros == 3 && (zero(0) != zero(3))) return "UTF-32";
  if (zeros == 2 && zero(0) == zero(2) && zero(1) == zero(3)) return "UTF-16";
  return {};
}

}  // namespace

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> endings) {
  if (name.ends_with('\'')) name.remove_suffix(1);
  return std::ranges::any_of(endings, [name](std::string_view ending) { return name.ends_with(ending); });
}

bool may_be_tar(std::string_view first) {
  if (first.size() < kShortHead || may_be_json(first)) return false;
  return !"\0\xfe\xff"sv.contains(first[0]) && !first.contains('\n');
}

Status check_other_formats(std::string_view first, const std::string& name, std::string_view packed_by) {
  if (const Archive* archive = archive_of(first, name)) {
    const std::string inside = packed_by.empty() ? "" : fmt::format(", inside {}", packed_by);
    return fail(ErrorKind::refused,
                fmt::format("{} is packed by {}{}; plain, gzip and zstd files are read", name, archive->name, inside), "",
                how_to_unpack(*archive, packed_by));
  }
  for (const Format& format : kFormats) {
    if (!first.starts_with(format.begins)) continue;
    return fail(ErrorKind::refused, fmt::format("{} is {}; events are read as JSON", name, format.name), "",
                "export it as JSON lines");
  }
  if (const std::string_view encoding = wide_encoding(first); !encoding.empty()) {
    return fail(ErrorKind::refused, fmt::format("{} is {} text; JSON is read in UTF-8", name, encoding), "",
                fmt::format("iconv -f {} -t UTF-8 FILE | {}", encoding, kLoad));
  }
  return {};
}

}  // namespace ctk::source
