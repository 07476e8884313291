#include "source/streams_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/lifeline.h"
#include "source/streams_find.h"
#include "source/streams_listing.h"
#include "source/streams_shard.h"
#include "source/streams_tip.h"

namespace ctk::source {
namespace {

constexpr Duration kRetention = std::chrono::hours(24);
/// Nobody promises that records go on the second.
constexpr Duration kTrimmingSlack = std::chrono::hours(1);
/// Records carry whole seconds, rounded down; those of DynamoDB Local whole minutes.
constexpr Duration kFineTick = std::chrono::seconds(1);
constexpr Duration kCoarseTick = std::chrono::minutes(1);
constexpr int kMostRecords = 1000;
/// The service gives a megabyte at most, of which the last record leaves a little.
constexpr size_t kFullAnswer = 900'000;

/// What is read of one shard.
struct Cursor {
  std::optional<std::string> iterator;
  StreamsTip tip;
  Timestamp newest = kNoTime;  ///< the last record's time
  /// Records that the iterator gives although they are not wanted: older than the position's time, up to a number.
  Timestamp drop_before = kNoTime;
  aws::SequenceNumber drop_through;
  /// Behind the records that were dropped for their time: where an iterator at `passed_from` can begin.
  aws::SequenceNumber passed;
  Timestamp passed_from = kNoTime;
};

class StreamsSource final : public StreamSource {
 public:
  StreamsSource(aws::DynamoDbApi& tables, aws::DynamoDbStreamsApi& streams, const StreamsSourceOptions& options,
                EventLoop& loop, Clock& clock)
      : api_(streams),
        loop_(loop),
        clock_(clock),
        finder_(tables, streams, options.table, options.enable_stream),
        listing_(streams, loop, [this](const aws::StreamsDescription& stream) { note(stream); }) {}

  void open(Done<SourceIdentity> done) override {
    finder_.find(lifeline_.guard([this, done = std::move(done)](Result<aws::StreamsDescription> stream) mutable {
      if (!stream) return done(forward_error(std::move(stream)));
      arn_ = stream->arn;
      table_ = stream->table;
      note(*stream);
      done(identity(*stream));
    }));
  }

  void list(Done<std::vector<ListedShard>> done) override { listing_.list(arn_, std::move(done)); }
  void children(const ShardId& shard, Done<std::vector<ListedShard>> done) override {
    listing_.children(arn_, shard, std::move(done));
  }
  void exists(const ShardId& shard, Done<bool> done) override { listing_.exists(arn_, shard, std::move(done)); }

  void read(const ReadRequest& request, Done<Page> done) override {
    Cursor& cursor = cursors_[request.shard];
    if (cursor.iterator) return get_records(cursor, request, std::move(done));
    using Kind = aws::IteratorStart::Kind;
    cursor.drop_before = kNoTime;
    cursor.drop_through = {};
    switch (request.position.kind) {
      case Position::Kind::at_sequence:
        return begin(request, {Kind::at_sequence, request.position.sequence, {}}, std::move(done));
      case Position::Kind::after_sequence:
        return begin(request, {Kind::after_sequence, request.position.sequence, {}}, std::move(done));
      case Position::Kind::at_timestamp:
        if (has_hole(request)) return post(trimmed(request), std::move(done));
        cursor.drop_before = request.position.time;
        if (cursor.passed_from == request.position.time)
          return begin(request, {Kind::after_sequence, cursor.passed, {}}, std::move(done));
        break;
      case Position::Kind::trim_horizon:
      case Position::Kind::after_key:
      case Position::Kind::shard_end:
        // The horizon never says that it has moved.
        if (has_hole(request)) return post(trimmed(request), std::move(done));
        break;
    }
    begin(request, {}, std::move(done));
  }

  void forget(const ShardId& shard) override {
    Cursor& cursor = cursors_[shard];
    cursor.iterator.reset();
    cursor.tip.interrupted();
  }

  void leave(const ShardId& shard) override { cursors_.erase(shard); }

  std::optional<Error> ended() const override {
    if (status_ != "DISABLED") return std::nullopt;
    return Error{ErrorKind::gap,
                 fmt::format("stream {} was switched off and is read to its end: what changes in table '{}' since then is "
                             "not in it",
                             arn_.str(), table_.str()),
                 "", "switch the table's stream on again and begin anew with --reset"};
  }

 private:
  void note(const aws::StreamsDescription& stream) {
    status_ = stream.status;
    note_time(stream.server_time);
  }
  void note_time(Timestamp server_time) {
    if (server_time != kNoTime) ahead_ = server_time - clock_.now();
  }
  Timestamp server_now() const { return clock_.now() + ahead_; }

  SourceIdentity identity(const aws::StreamsDescription& stream) const {
    SourceIdentity identity;
    identity.service = "dynamodb";
    identity.name = stream.table.str();
    identity.incarnation = Incarnation(stream.arn.str() + "/" + format_iso8601(stream.created));
    identity.server_time = stream.server_time;
    identity.created = stream.created;
    identity.traits.retention = kRetention;
    identity.traits.idle_poll = kStreamsIdlePoll;
    identity.source_table = stream.table.str();
    for (const aws::KeyAttribute& key : stream.keys) identity.key_order.push_back(key.name);
    identity.traits.reports_trimming = true;
    identity.traits.shards_go_on = true;
    identity.traits.version_kind = dynamodb::VersionKind::streams;
    identity.traits.lateness = Duration{};
    identity.traits.clock_tick = kFineTick;
    return identity;
  }

  /// Whether records may have been trimmed between what was read of the shard and what it still has.
  bool has_hole(const ReadRequest& request) const {
    if (request.read_to == kNoTime) return false;
    const Timestamp whole_to = std::max(request.read_to, creation_time(request.shard));
    return server_now() - whole_to > kRetention;
  }

  Error trimmed(const ReadRequest& request) const {
    const std::string from =
        request.read_to == kNoTime ? "position " + shards::to_string(request.position) : format_iso8601(request.read_to);
    return Error{ErrorKind::gap,
                 fmt::format("shard {} was read up to {}, and the stream keeps nothing from before {}: the changes between "
                             "are lost",
                             request.shard.str(), from, format_iso8601(server_now() - kRetention)),
                 "", ""};
  }

  /// Whether the service can have dropped nothing of the shard by its age. What is gone of it nevertheless went early
  /// (other services than AWS do so), and how much of it nobody knows.
  bool is_young(const ShardId& shard) const {
    const Timestamp made = creation_time(shard);
    return made != kNoTime && server_now() - made < kRetention - kTrimmingSlack;
  }

  Error trimmed_early(const ReadRequest& request) const {
    return Error{ErrorKind::gap,
                 fmt::format("shard {} was read up to {}, and the stream has already dropped the record where reading "
                             "stopped: changes behind it may be lost",
                             request.shard.str(), format_iso8601(request.read_to)),
                 "", ""};
  }

  /// Like an answer: never from inside the call.
  void post(Error error, Done<Page> done) {
    loop_.post([error = std::move(error), done = std::move(done)]() mutable { done(std::unexpected(std::move(error))); });
  }

  void begin(const ReadRequest& request, const aws::IteratorStart& start, Done<Page> done) {
    api_.get_shard_iterator(
        arn_, request.shard, start,
        lifeline_.guard([this, request, start, done = std::move(done)](Result<std::string> iterator) mutable {
          if (!iterator && iterator.error().kind == ErrorKind::gap)
            return take_trimming(request, start, std::move(iterator).error(), std::move(done));
          if (!iterator) return done(forward_error(std::move(iterator)));
          Cursor& cursor = cursors_[request.shard];
          cursor.iterator = std::move(*iterator);
          get_records(cursor, request, std::move(done));
        }));
  }

  /// The record behind which reading was to begin is trimmed. Nothing is lost where the shard was read, without a hole, up
  /// to a moment from which on everything is still there.
  void take_trimming(const ReadRequest& request, const aws::IteratorStart& start, Error error, Done<Page> done) {
    using Kind = aws::IteratorStart::Kind;
    Cursor& cursor = cursors_[request.shard];
    cursor.iterator.reset();
    const bool by_number = start.kind == Kind::after_sequence || start.kind == Kind::at_sequence;
    if (!by_number) {
      // The horizon itself moved on between two calls.
      error.kind = ErrorKind::unreachable;
      return done(std::unexpected(std::move(error)));
    }
    const bool wanted = request.position.kind != Position::Kind::at_timestamp;
    const bool has_gap = request.read_to == kNoTime || has_hole(request);
    if (wanted && (has_gap || is_young(request.shard))) {
      Error gap = has_gap ? trimmed(request) : trimmed_early(request);
      gap.peer = std::move(error.peer);
      return done(std::unexpected(std::move(gap)));
    }
    cursor.passed_from = kNoTime;
    if (start.kind == Kind::after_sequence) cursor.drop_through = start.sequence;
    begin(request, {}, std::move(done));
  }

  void get_records(Cursor& cursor, const ReadRequest& request, Done<Page> done) {
    const int limit = std::min(request.max_records, kMostRecords);
    auto take = [this, &cursor, request, done = std::move(done)](Result<aws::StreamsPage> answer) mutable {
      take_answer(cursor, request, std::move(answer), std::move(done));
    };
    api_.get_records(*cursor.iterator, limit, request.max_bytes, lifeline_.guard(std::move(take)));
  }

  void take_answer(Cursor& cursor, const ReadRequest& request, Result<aws::StreamsPage> answer, Done<Page> done) {
    if (!answer) {
      // After a transient failure the same iterator may be used again; expired ones are forgotten by the caller.
      if (answer.error().kind != ErrorKind::gap) return done(forward_error(std::move(answer)));
      return take_trimming(request, start_of(request.position), std::move(answer).error(), std::move(done));
    }
    note_time(answer->server_time);
    // Behind the records that were kept of an answer that was too large there is no iterator.
    cursor.iterator = answer->cut_off ? std::nullopt : std::move(answer->next_iterator);
    done(page_of(request, cursor, std::move(*answer)));
  }

  static aws::IteratorStart start_of(const Position& position) {
    using Kind = aws::IteratorStart::Kind;
    if (position.kind == Position::Kind::after_sequence) return {Kind::after_sequence, position.sequence, {}};
    if (position.kind == Position::Kind::at_sequence) return {Kind::at_sequence, position.sequence, {}};
    return {};
  }

  bool wanted(const Cursor& cursor, const aws::StreamsRecord& record) {
    if (!cursor.drop_through.empty() && record.sequence <= cursor.drop_through) return false;
    if (cursor.drop_before == kNoTime || record.time == kNoTime) return true;
    if (record.time.time_since_epoch() % kCoarseTick != Duration{}) tick_ = kFineTick;
    return record.time + tick_ > cursor.drop_before;
  }

  Page page_of(const ReadRequest& request, Cursor& cursor, aws::StreamsPage&& answer) {
    Page page;
    page.server_time = answer.server_time == kNoTime ? clock_.now() : answer.server_time;
    page.cut_off = answer.cut_off;
    page.ended = !cursor.iterator && !answer.cut_off;
    page.bytes = answer.answer_bytes;
    const bool empty = answer.records.empty();
    const Timestamp newest = empty ? kNoTime : answer.records.back().time;
    cursor.tip.saw(empty ? kNoTime : std::max(newest, Timestamp{}), page.server_time, clock_.monotonic());
    if (newest != kNoTime) cursor.newest = newest;
    page.records.reserve(answer.records.size());
    for (aws::StreamsRecord& record : answer.records) {
      if (wanted(cursor, record)) {
        page.records.push_back({std::move(record.data), std::move(record.sequence), 0, record.time});
      } else if (page.records.empty() && request.position.kind == Position::Kind::at_timestamp) {
        cursor.passed = std::move(record.sequence);
        cursor.passed_from = request.position.time;
      }
    }
    page.full = page.cut_off || answer.records.size() >= static_cast<size_t>(std::min(request.max_records, kMostRecords)) ||
                answer.answer_bytes >= kFullAnswer;
    page.at_tip = cursor.tip.reached();
    // A shard may have ended long ago: what came since then is in its children.
    page.read_to = cursor.tip.quiet() && !page.ended ? page.server_time : newest;
    const Timestamp known_to = cursor.newest != kNoTime ? cursor.newest : request.read_to;
    if (!page.at_tip && known_to != kNoTime) page.behind = std::max(Duration{}, page.server_time - known_to);
    return page;
  }

  aws::DynamoDbStreamsApi& api_;
  EventLoop& loop_;
  Clock& clock_;
  StreamFinder finder_;
  StreamsListing listing_;
  aws::Arn arn_;
  aws::TableName table_;
  std::string status_;
  Duration ahead_{};                             ///< the server's clock before ours
  Duration tick_ = kCoarseTick;                  ///< of the records' times, until one shows that it is finer
  std::unordered_map<ShardId, Cursor> cursors_;  ///< they stay where they are
  Lifeline lifeline_;
};

}  // namespace

bool is_table_stream_arn(const std::string& text) {
  return text.starts_with("arn:") && text.find(":table/") != std::string::npos &&
         text.find("/stream/") != std::string::npos;
}

std::unique_ptr<StreamSource> make_streams_source(aws::DynamoDbApi& tables, aws::DynamoDbStreamsApi& streams,
                                                  const StreamsSourceOptions& options, EventLoop& loop, Clock& clock) {
  return std::make_unique<StreamsSource>(tables, streams, options, loop, clock);
}

}  // namespace ctk::source
