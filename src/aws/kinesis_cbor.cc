#include "aws/kinesis_cbor.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

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

/// Whose records stay in it.
using Answer = std::shared_ptr<std::string>;

/// What it takes up is kept for as long as its records are: not much more than it needs, padding included.
Answer keep(std::string body) {
  const size_t needed = body.size() + json::kPadding;
  if (body.capacity() >= needed && body.capacity() - needed <= needed / 4)
    return std::make_shared<std::string>(std::move(body));
  auto answer = std::make_shared<std::string>();
  answer->reserve(needed);
  answer->append(body);
  return answer;
}

/// What came in pieces was put together elsewhere.
bool stands_in(const std::string& answer, std::string_view text) {
  const std::less_equal<const char*> before;
  return before(answer.data(), text.data()) && before(text.data() + text.size(), answer.data() + answer.size());
}

/// Emulators write base64 where AWS writes bytes. False where it is neither.
bool take_data(cbor::Reader& in, const Answer& answer, json::SharedText& data) {
  if (in.kind() == cbor::Kind::text) {
    const std::optional<std::string> decoded = json::decode_base64(in.text().value_or("?"));
    if (decoded) data = *decoded;
    return decoded.has_value();
  }
  const std::optional<std::string_view> found = in.bytes();
  if (!found) return false;
  data = stands_in(*answer, *found) ? json::SharedText(answer, answer->capacity(), *found) : json::SharedText(*found);
  return true;
}

/// What stands behind a record's data has been read by now.
void end_texts(const RecordPage& page, const Answer& answer) {
  for (const KinesisRecord& record : page.records) {
    if (record.data.memory() == answer) (*answer)[record.data.data() + record.data.size() - answer->data()] = '\0';
  }
}

/// False where it is none.
bool take_record(cbor::Reader& in, const Answer& answer, RecordPage& page) {
  KinesisRecord record;
  bool has_data = false;
  in.members([&](std::string_view name) {
    if (name == "SequenceNumber") {
      record.sequence = SequenceNumber(in.text().value_or(""));
    } else if (name == "ApproximateArrivalTimestamp") {
      record.arrival = take_time(in).value_or(kNoTime);
    } else if (name == "Data") {
      has_data = take_data(in, answer, record.data);
    }
  });
  if (in.failed() || !has_data || !record.sequence.valid()) return false;
  page.records.push_back(std::move(record));
  return true;
}

/// In an answer whose first record takes so many bytes. A list that grows by and by copies them again and again.
size_t expected_records(size_t answer, size_t first) {
  constexpr size_t kMost = 10'000;  // that Kinesis gives
  return std::min(answer / std::max<size_t>(first, 1) + 1, kMost);
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

Result<RecordPage> read_cbor_record_page(std::string body, PageNames names) {
  const Answer answer = keep(std::move(body));
  const auto strange = [&](std::string_view what) { return strange_answer("Kinesis", names.action, what); };
  RecordPage page;
  page.answer_bytes = answer->size();
  bool has_records = false, good_records = true, good_children = true, good_next = true;
  cbor::Reader in(*answer);
  const bool is_map = in.members([&](std::string_view name) {
    if (name == "Records") {
      has_records = in.entries([&] {
        const size_t before = in.position();
        good_records = take_record(in, answer, page) && good_records;
        if (page.records.size() == 1) page.records.reserve(expected_records(answer->size(), in.position() - before));
      });
    } else if (name == "ChildShards") {
      in.entries([&] { good_children = take_child(in, page) && good_children; });
    } else if (name == names.next) {
      good_next = in.kind() == cbor::Kind::null || in.kind() == cbor::Kind::text;
      const std::string next(in.text().value_or(""));
      if (!next.empty()) page.next_iterator = next;
    } else if (name == "MillisBehindLatest") {
      page.behind_latest = span_of(in.integer().value_or(0), std::chrono::milliseconds(1));
    }
  });
  if (!is_map || !in.complete()) return strange("not valid CBOR");
  if (!has_records) return strange("no Records");
  if (!good_next) return strange(fmt::format("a {} that is no text", names.next));
  if (!good_records) return strange("a record without sequence number or data");
  if (!good_children) return strange("a child shard without id");
  end_texts(page, answer);
  return page;
}

}  // namespace ctk::aws
