// The records of a file: its JSON objects, one or many on a line, or one over many lines (json/value_splitter.h).
//
// A record's place is the line on which it ends, and which of the records that end there it is. Its position is the line's
// number ("12"), for the second and later ones of a line with theirs behind it ("12:2").
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "dynamodb/raw_record.h"
#include "json/text_block.h"
#include "json/value_splitter.h"
#include "source/byte_stream.h"

namespace ctk::source {

/// Reads records from UTF-8 text. Holds one record at a time, and of one that is longer than 32 MB its beginning only.
///   RecordReader reader(std::move(bytes), name);
///   while (reader.next(record).value_or(false)) …
class RecordReader {
 public:
  /// `name` is the text's as errors show it: "file 'x'".
  RecordReader(std::unique_ptr<ByteStream> bytes, std::string name) : bytes_(std::move(bytes)), name_(std::move(name)) {}

  /// The next record, with spare capacity for in-place parsing; false at the end. An error of the stream, or `corrupt`
  /// where it ends within an array or a list of records, comes behind the whole records that came before it, and again at
  /// each later call; after one that is_nothing_yet() it goes on. Then, too, all objects that are whole have been given, be
  /// their line at its end or not.
  Result<bool> next(dynamodb::RawRecord& record);
  /// Goes on behind the record whose position this is; false where the file has no such place.
  Result<bool> skip_to(const std::string& position);

 private:
  std::string_view text() const { return std::string_view(buffer_).substr(begin_, end_ - begin_); }
  bool take(dynamodb::RawRecord& record);
  bool take_line(dynamodb::RawRecord& record);
  bool take_piece(dynamodb::RawRecord& record);
  bool take_line_apart();
  bool take_cut_list(dynamodb::RawRecord& record);
  void cut_off(const char* within, uint64_t first_line);
  json::SharedText kept(std::string_view text);
  void give(dynamodb::RawRecord& record, std::string_view text, uint64_t first_line);
  void pass(size_t count);
  Status fill();

  std::unique_ptr<ByteStream> bytes_;
  std::string name_;
  json::ValueSplitter splitter_{kLongest};
  json::TextBlock block_;  ///< for the next records
  std::string buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t line_ = 1;     ///< of buffer_[begin_]
  uint32_t records_ = 0;  ///< that have ended on that line
  bool at_line_begin_ = true;
  bool waits_ = false;     ///< what is there has been looked at: more is needed
  bool finished_ = false;  ///< nothing more will come, or
  std::optional<Error> failure_;

  static constexpr size_t kLongest = 32u << 20;
};

}  // namespace ctk::source
