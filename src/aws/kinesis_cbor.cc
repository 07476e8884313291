#include "aws/kinesis_cbor.h"

#include <optional>

#include "aws/common_wire.h"
#include "cbor/cbor_reader.h"
#include "json/reader.h"

namespace ctk::aws {
namespace {

std::optional<Timestamp> take_time(cbor::Reader& in) {
  if (in.kind() == cbor::Kind::text) {
    const Result<Timestamp> time = parse_timestamp(in.text().value_or(""));
    return time ? std::optional(*time) : std::nullopt;
  }
  const std::optional<double> number = in.number();
  return number ? time_of(*number) : std::nullopt;
}

/// Emulators write base64 where AWS writes bytes. False where it is neither.
bool take_data(cbor::Reader& in, json::SharedText& data) {
  const bool encoded = in.kind() == cbor::Kind::text;
  const std::optional<std::string_view> found = encoded ? in.text() : in.bytes();
  if (!found) return false;
  const std::optional<std::string> decoded = encoded ? json::decode_base64(*found) : std::nullopt;
  if (encoded && !decoded) return false;
  data = encoded ? *decoded : *found;
  return true;
}

/// False where it is none.
bool take_record(cbor::Reader& in, RecordPage& page) {
  KinesisRecord record;
  bool has_data = false;
  in.members([&](std::string_view name) {
    if (name == "SequenceNumber") {
      record.sequence = SequenceNumber(in.text().value_or(""));
    } else if (name == "ApproximateArrivalTimestamp") {
      record.arrival = take_time(in).value_or(kNoTime);
    } else if (name == "Data") {
      has_data = take_data(in, record.data);
    }
  });
  if (in.failed() || !has_data || !record.sequence.valid()) return false;
  page.records.push_back(std::move(record));
  return true;
}

std::optional<HashKeyRange> take_keys(cbor::Reader& in) {
  std::string first, last;
  in.members([&](std::string_view name) {
    if (name == "StartingHashKey") first = in.text().value_or("");
    if (name == "EndingHashKey") last = in.text().value_or("");
  });
  return read_hash_key_range(first, last);
}

bool take_child(cbor::Reader& in, RecordPage& page) {
  ChildShard child;
  in.members([&](std::string_view name) {
    if (name == "ShardId") {
      child.id = ShardId(std::string(in.text().value_or("")));
    } else if (name == "ParentShards") {
      in.entries([&] {
        if (const auto parent = in.text()) child.parents.emplace_back(std::string(*parent));
      });
    } else if (name == "HashKeyRange") {
      child.keys = take_keys(in);
    }
  });
  if (child.id.empty()) return false;
  page.children.push_back(std::move(child));
  return true;
}

}  // namespace

Result<RecordPage> read_cbor_record_page(std::string_view body, PageNames names) {
  const auto strange = [&](std::string_view what) { return strange_answer("Kinesis", names.action, what); };
  RecordPage page;
  page.answer_bytes = body.size();
  bool good_records = true, good_children = true;
  cbor::Reader in(body);
  const bool is_map = in.members([&](std::string_view name) {
    if (name == "Records") {
      in.entries([&] { good_records = take_record(in, page) && good_records; });
    } else if (name == "ChildShards") {
      in.entries([&] { good_children = take_child(in, page) && good_children; });
    } else if (name == names.next) {
      const std::string next(in.text().value_or(""));
      if (!next.empty()) page.next_iterator = next;
    } else if (name == "MillisBehindLatest") {
      page.behind_latest = span_of(in.integer().value_or(0), std::chrono::milliseconds(1));
    }
  });
  if (!is_map || !in.complete()) return strange("not valid CBOR");
  if (!good_records) return strange("a record without sequence number or data");
  if (!good_children) return strange("a child shard without id");
  return page;
}

}  // namespace ctk::aws
