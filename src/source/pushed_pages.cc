#include "source/pushed_pages.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "source/shard_reader.h"

namespace ctk::source {
namespace {

/// An event says how far its shard was read when it was sent, and not when that was: so long it may have been on its way,
/// or waiting here.
constexpr Duration kOnItsWay = std::chrono::seconds(5);
/// Whoever reads is called when there is more.
constexpr Duration kUntilCalled = std::chrono::seconds(10);
/// Of a record beside its data.
constexpr size_t kRecordFrame = 200;

size_t size_of_record(const dynamodb::RawRecord& record) { return record.data.size() + kRecordFrame; }

}  // namespace

void PushedPages::add(aws::ShardEvent event, Timestamp server_time) {
  Page page;
  page.records.reserve(event.records.size());
  for (aws::KinesisRecord& record : event.records) {
    page.records.push_back({std::move(record.data), std::move(record.sequence), 0, record.arrival});
    page.bytes += size_of_record(page.records.back());
  }
  page.ended = !event.continuation;
  page.children = listed(std::move(event.children));
  page.behind = event.behind_latest;
  page.at_tip = !page.ended && event.behind_latest == Duration{};
  page.server_time = server_time;
  page.rest = kUntilCalled;
  // The shard may have ended long ago, which is said after its last records: what came since then is in its children.
  if (!page.records.empty())
    page.read_to = page.records.back().arrival;
  else if (!page.ended)
    page.read_to = server_time - event.behind_latest - kOnItsWay;
  bytes_ += page.bytes;
  pages_.push_back(std::move(page));
}

Result<Page> PushedPages::take(const ReadRequest& request) {
  Page& first = pages_.front();
  size_t count = 0, bytes = 0;
  const size_t most = std::min(first.records.size(), static_cast<size_t>(std::max(1, request.max_records)));
  while (count < most && (request.max_bytes == 0 || bytes + size_of_record(first.records[count]) <= request.max_bytes))
    bytes += size_of_record(first.records[count++]);
  if (count == first.records.size()) return take_whole();
  if (count == 0) return fail(ErrorKind::too_large, "a record that was pushed is longer than there is room for");
  Page page;
  const auto end = first.records.begin() + static_cast<std::ptrdiff_t>(count);
  page.records.assign(std::make_move_iterator(first.records.begin()), std::make_move_iterator(end));
  first.records.erase(first.records.begin(), end);
  first.bytes -= bytes;
  bytes_ -= bytes;
  // What is left does not keep the memory of what is counted no more.
  for (dynamodb::RawRecord& record : first.records) {
    if (record.data.memory() == page.records.back().data.memory()) record.data = json::SharedText(record.data.view());
  }
  page.cut_off = count < most;
  page.at_once = true;
  page.behind = std::max<Duration>(first.behind, std::chrono::milliseconds(1));
  page.server_time = first.server_time;
  page.read_to = page.records.back().arrival;
  page.bytes = bytes;
  return page;
}

Page PushedPages::take_whole() {
  Page page = std::move(pages_.front());
  pages_.pop_front();
  bytes_ -= page.bytes;
  if (pages_.empty()) return page;
  page.at_tip = false;
  page.at_once = true;
  page.rest = {};
  return page;
}

void PushedPages::clear() {
  pages_.clear();
  bytes_ = 0;
}

}  // namespace ctk::source
