// What the JSON of AWS's services has in common. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/kinesis_api.h"
#include "base/error.h"
#include "json/reader.h"

namespace ctk::aws {

/// The name of an iterator's start, as both stream services have it: TRIM_HORIZON, ….
std::string_view iterator_type(IteratorStart::Kind kind);

/// `corrupt`: an answer is not what the service promises.
std::unexpected<Error> strange_answer(std::string_view service, std::string_view action, std::string_view what);

/// The text of a member; empty where it is missing or no text.
std::string text_member(json::Element element, std::string_view name);

/// Whether a member that says that something goes on says so, or that nothing does: a text, null, or missing. What is
/// neither must not be taken for an end.
bool is_text_or_none(json::Element element, std::string_view name);

/// A number as a time: seconds, milliseconds or microseconds by magnitude, as parse_timestamp tells them apart.
std::optional<Timestamp> time_of(double number);

/// A length of time as a service gives it; what is none, or longer than anything lasts, is brought within 0 to a century.
Duration span_of(int64_t count, Duration unit);

/// A time as a number or, from emulators, as text.
std::optional<Timestamp> time_member(json::Element element, std::string_view name);

/// Calls `each(element)` for the members of an array; a missing array is an empty one. Stops at false and returns it.
template <class Each>
bool for_each(json::Element element, std::string_view name, Each each) {
  std::optional<json::Element> list = json::member(element, name);
  json::Array array;
  if (!list || list->get(array) != simdjson::SUCCESS) return true;
  for (json::Element entry : array) {
    if (!each(entry)) return false;
  }
  return true;
}

/// Whether that member is an array. An answer without the one that it is about is not an empty one.
bool has_list(json::Element element, std::string_view name);

/// The first and, of a closed shard, the last sequence number of a SequenceNumberRange.
void read_range(json::Element range, SequenceNumber& first, std::optional<SequenceNumber>& last);

/// The iterator in an answer to GetShardIterator of `service`.
Result<std::string> read_shard_iterator(std::string_view service, std::string_view body);

}  // namespace ctk::aws
