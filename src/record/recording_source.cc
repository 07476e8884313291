#include "record/recording_source.h"

#include <utility>

#include "base/lifeline.h"
#include "record/recorded_line.h"

namespace ctk::record {
namespace {

using aws::ShardId;
using source::Page;
using source::ReadRequest;

/// The ARN in "ARN/created", which is what a stream's incarnation is.
RecordedStream stream_of(const source::SourceIdentity& identity) {
  const std::string& incarnation = identity.incarnation.str();
  using Service = RecordedStream::Service;
  return {identity.service == "kinesis" ? Service::kinesis : Service::dynamodb,
          incarnation.substr(0, incarnation.rfind('/'))};
}

class RecordingSource final : public source::StreamSource {
 public:
  RecordingSource(source::StreamSource& stream, RecordLimit limit) : stream_(stream), limit_(std::move(limit)) {}

  void open(Done<source::SourceIdentity> done) override {
    stream_.open(lifeline_.guard([this, done = std::move(done)](Result<source::SourceIdentity> identity) mutable {
      if (!identity) return done(std::move(identity));
      recorded_ = stream_of(*identity);
      // Each is written, whichever it is of.
      identity->traits.repeats_records = false;
      identity->source_table = kRecords;
      identity->key_order = {"record"};
      identity->scan.reset();
      done(std::move(identity));
    }));
  }

  void list(Done<std::vector<shards::ListedShard>> done) override { stream_.list(std::move(done)); }
  void forget(const ShardId& shard) override { stream_.forget(shard); }
  void leave(const ShardId& shard) override { stream_.leave(shard); }
  void children(const ShardId& shard, Done<std::vector<shards::ListedShard>> done) override {
    stream_.children(shard, std::move(done));
  }
  void exists(const ShardId& shard, Done<bool> done) override { stream_.exists(shard, std::move(done)); }
  std::optional<Error> ended() const override { return stream_.ended(); }

  void read(const ReadRequest& request, Done<Page> done) override {
    stream_.read(request, lifeline_.guard([this, shard = request.shard, done = std::move(done)](Result<Page> page) mutable {
      if (page) take(shard, *page);
      done(std::move(page));
    }));
  }

 private:
  static constexpr const char* kRecords = "records";

  void take(const ShardId& shard, Page& page) {
    if (limit_.most && given_ + page.records.size() > *limit_.most) cut(page, *limit_.most - given_);
    given_ += page.records.size();
    for (dynamodb::RawRecord& record : page.records) {
      const size_t before = record.data.size();
      record.data = change_around(recorded_line(recorded_, shard, record), record.sequence);
      page.bytes += record.data.size() - std::min(record.data.size(), before);
    }
    if (limit_.most && given_ == *limit_.most && limit_.on_last) std::exchange(limit_.on_last, nullptr)();
  }

  /// The records behind the limit were never read: the position is that of the last one before it.
  static void cut(Page& page, uint64_t count) {
    page.records.resize(count);
    page.resume.reset();
    page.ended = false;
    page.children.clear();
    page.at_tip = false;
    page.read_to = kNoTime;
  }

  source::StreamSource& stream_;
  RecordLimit limit_;
  RecordedStream recorded_;
  uint64_t given_ = 0;
  Lifeline lifeline_;
};

}  // namespace

std::unique_ptr<source::StreamSource> make_recording_source(source::StreamSource& stream, RecordLimit limit) {
  return std::make_unique<RecordingSource>(stream, std::move(limit));
}

}  // namespace ctk::record
