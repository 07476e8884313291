// The order of a table's changes as text: what a version is but for its epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "dynamodb/change.h"

namespace ctk::dynamodb {

/// The version without epoch. `kinesis`: "1." time in µs (17 digits) "." sequence (60 digits); `streams`/`file_sequence`:
/// "1." sequence (40 digits; one that is longer, ":" and 60 digits, which sorts behind); `file_time`: "1." time "." line
/// (20 digits). What shares time and line gets its place behind it: the second and later values of a line or of a record
/// ":" and their index (10 digits), the second and later changes of a value "." and theirs. So a later one sorts behind.
/// A change out of an aggregate of Kinesis has its index there (":", 10 digits) before both, the first one too.
/// In a file by time, a record in Lambda's wrapping of Kinesis that has its sequence number is as from Kinesis itself.
std::string order_text(VersionKind kind, Timestamp time, std::string_view sequence, uint64_t line);
void append_order_text(std::string& order, VersionKind kind, Timestamp time, std::string_view sequence, uint64_t line);

/// The version, without epoch, of an item that a load has read: "0." time in µs (17 digits). Every change from a stream is
/// above it.
std::string load_order(Timestamp time);

/// A number of up to 60 digits.
bool is_sequence(std::string_view text);

/// Which of what shares a line or a record a change is.
struct Place {
  std::optional<uint32_t> in_aggregate{};
  uint32_t value = 0;           ///< of the values
  uint32_t change = 0;          ///< of the value's changes
  std::string_view sequence{};  ///< of the record of Kinesis that holds it, in Lambda's wrapping; then the first of it is 0
};

void append_place(std::string& order, const Place& place);

}  // namespace ctk::dynamodb
