#include "check/judge_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/dynamodb_wire.h"
#include "json/reader.h"
#include "source/streams_find.h"
#include "source/streams_shard.h"

namespace ctk::check {
namespace {

using enum Verdict;
using std::chrono::seconds;

/// "message: peer's words"
std::string words_of(const Error& error) {
  return error.peer.empty() ? error.message : fmt::format("{}: {}", error.message, error.peer);
}

Finding failed(std::string check, const Error& error) { return {fail, std::move(check), words_of(error), error.hint}; }

/// Who does not answer gives no hint; and a stream that is not there may be one that nobody has made yet.
Finding failed_to_reach(const Error& error, bool can_be_made) {
  Finding finding = failed("source", error);
  if (error.kind == ErrorKind::not_found && can_be_made)
    finding.hint += finding.hint.empty() ? "create=true makes the stream" : "; or create=true makes the stream";
  if (error.kind == ErrorKind::unreachable && finding.hint.empty())
    finding.hint = "is that the address? The URL's host:port, endpoint-url or the region say it; HTTPS_PROXY names a proxy";
  return finding;
}

/// Whole seconds, which is what a date has; of hours, whole minutes.
std::string whole(Duration duration) {
  if (duration >= std::chrono::hours(1)) return format_duration(std::chrono::round<std::chrono::minutes>(duration));
  return format_duration(std::chrono::duration_cast<seconds>(duration));
}

/// Of a call that stream or table itself is asked by; others may have asked for a shard that nobody knew of.
bool is_of_whole(const CallSight& call) { return call.permission.action.find(":Describe") != std::string::npos; }

const Error* first_error(const SourceSight& sight, ErrorKind kind) {
  for (const CallSight& call : sight.calls) {
    if (call.error && call.error->kind == kind && (kind != ErrorKind::not_found || is_of_whole(call))) return &*call.error;
  }
  return nullptr;
}

std::string destination_call(std::string_view action, const std::string& table, const std::string& stream) {
  return fmt::format("aws dynamodb {} --table-name {} --stream-arn {}", action, table, stream);
}

/// The precision that a record tells; empty where it does not.
std::string precision_of(const std::string& record) {
  json::Parser parser;
  const auto parsed = parser.parse(record);
  if (!parsed) return "";
  const auto change = json::member(*parsed, "dynamodb");
  if (!change) return "";
  return std::string(json::string_member(*change, "ApproximateCreationDateTimePrecision").value_or(""));
}

constexpr std::string_view kTimes = "kinesis times";
constexpr std::string_view kCoarse =
    "two changes of an item within one millisecond may be taken in the wrong order where Kinesis repeats or reorders them";

Finding judge_record(const std::string& record) {
  const std::string precision = record.empty() ? "" : precision_of(record);
  if (precision == "MICROSECOND") return {ok, std::string(kTimes), "the first record has microseconds"};
  if (precision == "MILLISECOND") {
    return {warn, std::string(kTimes), fmt::format("the first record has milliseconds: {}", kCoarse),
            "aws dynamodb update-kinesis-streaming-destination --table-name TABLE --stream-arn STREAM "
            "--update-kinesis-streaming-configuration ApproximateCreationDateTimePrecision=MICROSECOND"};
  }
  return {ok, std::string(kTimes), "not known: source-table=TABLE says whom to ask"};
}

Finding judge_table_stream(const SourceSight& sight, bool enable) {
  const bool off = sight.table && (!sight.table->stream || !sight.table->stream->enabled);
  if (off && enable) return {ok, "stream", "it is off, and enable-stream=true switches it on"};
  if (off) return failed("stream", source::no_stream_error(sight.table->name, sight.table->stream.has_value()));
  if (sight.table) {
    const Status view = source::check_view(sight.table->name, sight.table->stream->view);
    if (!view) return failed("stream", view.error());
  }
  if (!sight.table_stream) return {warn, "stream", "not known as long as dynamodb:DescribeStream fails"};
  const aws::StreamsDescription& stream = *sight.table_stream;
  if (const Status view = source::check_view(stream.table, stream.view); !view) return failed("stream", view.error());
  const std::string seen = fmt::format("{} {}, {} {} on its first page", stream.status, aws::to_string(stream.view),
                                       stream.shards.size(), stream.shards.size() == 1 ? "shard" : "shards");
  const bool good = stream.status == "ENABLED" || stream.status == "ENABLING";
  return {good ? ok : warn, "stream", seen, good ? "" : "it is read to its end; nothing comes after that"};
}

/// The service has looked at what was asked for.
bool is_about_input(const Error& error) {
  return error.peer.contains("ValidationException") || error.peer.contains("InvalidArgumentException");
}

}  // namespace

Finding judge_identity(const IdentitySight& sight) {
  if (sight.none) return failed("credentials", *sight.none);
  if (sight.identity) return {ok, "credentials", fmt::format("from {}: {}", sight.origin, sight.identity->arn)};
  const Error& error = sight.identity.error();
  const std::string seen = fmt::format("from {}: {}", sight.origin, words_of(error));
  if (error.kind == ErrorKind::denied && !sight.borrowed) {
    return {fail, "credentials", seen, "other keys, or renew them: docs/credentials.md has where they are looked for"};
  }
  return {warn, "credentials", seen, "STS was asked who this is; a run does not need it"};
}

Finding judge_clock(std::optional<Duration> off) {
  if (!off) return {warn, "clock", "nobody has answered, so that it could not be compared"};
  const Duration by = std::chrono::abs(*off);
  const std::string seen = by < seconds(2)
                               ? "as the service's"
                               : fmt::format("{} {} the service's", whole(by), *off > Duration{} ? "behind" : "before");
  const std::string hint = "set this machine's clock: timedatectl set-ntp true";
  if (by > std::chrono::minutes(5)) return {fail, "clock", seen + ": AWS takes no signatures that are 5 minutes off", hint};
  if (by > seconds(30)) return {warn, "clock", seen, hint};
  return {ok, "clock", seen};
}

Finding judge_call(const CallSight& call, bool known) {
  const auto& [action, resource] = call.permission;
  const std::string check = "permission " + action;
  if (!call.untried.empty()) {
    const bool idle = call.untried.ends_with("is there") || call.untried.ends_with("is on");
    return {idle ? ok : warn, check, fmt::format("not tried: {}", call.untried)};
  }
  if (!call.error) return {ok, check, "allowed on " + resource};
  const Error& error = *call.error;
  switch (error.kind) {
    case ErrorKind::denied: {
      const std::string allow = fmt::format("allow {} on {}", action, resource);
      return {fail, check, words_of(error), known ? allow : allow + ", or give other credentials"};
    }
    case ErrorKind::unreachable: return {warn, check, "not known: nobody has answered"};
    case ErrorKind::throttled:
    case ErrorKind::skewed: return {warn, check, words_of(error), error.hint};
    // Whoever may not is told so first: what is not there, or is no longer, was looked for.
    case ErrorKind::not_found:
    case ErrorKind::gap:
    case ErrorKind::expired: return {ok, check, "allowed on " + resource};
    case ErrorKind::refused:
      if (is_about_input(error)) return {ok, check, "allowed on " + resource};
      break;
    default: break;
  }
  return {fail, check, words_of(error), error.hint};
}

Findings judge_leases(const LeaseTableSight& sight, bool known) {
  Findings findings;
  if (sight.is_of_something_else) {
    findings.push_back({fail, "lease table",
                        fmt::format("table '{}' is no lease table: its key is not leaseKey", sight.name),
                        "name another one with lease-table=NAME"});
  }
  for (const CallSight& call : sight.calls) {
    findings.push_back(judge_call(call, known));
    findings.back().check += fmt::format(" on {}", sight.name);
  }
  return findings;
}

Finding judge_reach(const SourceSight& sight, const SourceNeeds& needs, const std::string& endpoints) {
  const Error* missing = first_error(sight, ErrorKind::not_found);
  if (missing != nullptr && needs.kinesis && needs.create_kinesis && !sight.kinesis) {
    return {ok, "source", fmt::format("there is no stream at {} yet, and create=true makes it", endpoints)};
  }
  for (const ErrorKind kind :
       {ErrorKind::unreachable, ErrorKind::not_found, ErrorKind::skewed, ErrorKind::corrupt, ErrorKind::too_large}) {
    if (const Error* error = first_error(sight, kind)) return failed_to_reach(*error, needs.kinesis && !sight.kinesis);
  }
  if (sight.kinesis) return {ok, "source", fmt::format("{} at {}", sight.kinesis->arn.str(), endpoints)};
  if (sight.table) {
    return {ok, "source",
            fmt::format("{}, {} items, {} bytes, at {}", sight.table->arn.str(), sight.table->items, sight.table->bytes,
                        endpoints)};
  }
  if (sight.table_stream) return {ok, "source", fmt::format("{} at {}", sight.table_stream->arn.str(), endpoints)};
  return {ok, "source", fmt::format("{} answers", endpoints)};
}

Finding judge_stream(const SourceSight& sight, const SourceNeeds& needs) {
  if (!needs.kinesis) return judge_table_stream(sight, needs.enable_stream);
  if (!sight.kinesis && needs.create_kinesis) return {ok, "stream", "a run makes it, or takes the one that is there"};
  if (!sight.kinesis) return {warn, "stream", "not known as long as kinesis:DescribeStreamSummary fails"};
  const std::string& status = sight.kinesis->status;
  if (status == "ACTIVE" || status == "UPDATING") return {ok, "stream", status};
  return {status == "CREATING" ? warn : fail, "stream", status, status == "CREATING" ? "a run waits until it is made" : ""};
}

Finding judge_retention(Duration retention, const PositionsSight& positions, const std::string& again) {
  const std::string keeps = fmt::format("the stream keeps {}", format_duration(retention));
  if (positions.forgets && !positions.rows.empty()) {
    return {ok, "retention",
            fmt::format("{}; what is stored of {} is forgotten, as --reset asks", keeps, positions.relay.str())};
  }
  std::optional<Duration> lag;
  for (const coordination::StoredPosition& row : positions.rows) {
    // Other libraries' rows do not say whose they are.
    if (row.incarnation != positions.incarnation && !row.incarnation.empty()) {
      return {fail, "retention",
              fmt::format("the stored positions of {} are of {}, and this stream is {}", positions.relay.str(),
                          row.incarnation.str(), positions.incarnation.str()),
              again};
    }
    if (row.position.ended() || row.read_to == kNoTime) continue;
    // A shard that was made since has lost nothing of before, as whoever reads it knows.
    const Timestamp whole_to = std::max(row.read_to, source::creation_time(row.shard));
    lag = std::max(lag.value_or(Duration{}), positions.server_now - whole_to);
  }
  if (!positions.kept) return {ok, "retention", keeps + "; positions are kept in memory: each run begins at start"};
  if (positions.rows.empty())
    return {ok, "retention", fmt::format("{}; nothing is stored of {}", keeps, positions.relay.str())};
  if (!lag) return {ok, "retention", fmt::format("{}; every shard that is stored was read to its end", keeps)};
  const std::string seen = fmt::format("{}, and it was read up to {} ago", keeps, whole(*lag));
  if (*lag > retention) {
    if (!positions.gap_stops)
      return {warn, "retention", seen + ": records may have been dropped unread, and on-gap goes on"};
    return {
        fail, "retention", seen + ": records may have been dropped unread",
        fmt::format("on-gap=skip goes on without them, on-gap=resnapshot loads the table again; or begin anew: {}", again)};
  }
  if (*lag > retention / 2) {
    const std::string left = whole(retention - *lag);
    return {warn, "retention", seen,
            positions.bounded ? fmt::format("run it within {}, and then at least every {}", left, whole(retention / 2))
                              : fmt::format("start the relay within {}", left)};
  }
  return {ok, "retention", seen};
}

std::optional<Finding> judge_start(const PositionsSight& positions, const std::string& again) {
  const bool stored = positions.kept && !positions.rows.empty() && !positions.forgets;
  if (stored && positions.start_given) {
    return Finding{warn, "start", fmt::format("start is ignored: positions of {} are stored", positions.relay.str()),
                   "leave start away; or forget them: " + again};
  }
  if (!stored && positions.starts_at_end && positions.bounded && !positions.loads) {
    return Finding{warn, "start", "start=latest begins at the stream's end, and once=true ends there: nothing is read",
                   positions.kept ? "the next run reads what comes after this one" : "leave start away, or once"};
  }
  return std::nullopt;
}

Finding judge_precision(const SourceSight& sight, const std::string& table) {
  if (!sight.destinations) return judge_record(sight.record);
  if (!*sight.destinations) {
    const Error& error = sight.destinations->error();
    const bool unknown = error.kind == ErrorKind::refused;
    return {unknown ? ok : warn, std::string(kTimes), words_of(error),
            error.kind == ErrorKind::denied ? "only this check asks for it: a run does not need the right" : ""};
  }
  const std::string stream = sight.kinesis ? sight.kinesis->arn.str() : "STREAM";
  const auto found = std::ranges::find_if(**sight.destinations,
                                          [&](const aws::KinesisDestination& each) { return each.stream.str() == stream; });
  const std::string name = aws::bare_name(aws::TableName(table));
  if (found == (*sight.destinations)->end() || found->status == "DISABLED" || found->status == "DISABLING") {
    return {fail, std::string(kTimes), fmt::format("the changes of table '{}' do not go to this stream", name),
            destination_call("enable-kinesis-streaming-destination", name, stream) +
                " --enable-kinesis-streaming-configuration ApproximateCreationDateTimePrecision=MICROSECOND"};
  }
  if (found->precision == "MICROSECOND") return {ok, std::string(kTimes), "microseconds"};
  return {warn, std::string(kTimes), fmt::format("milliseconds: {}", kCoarse),
          destination_call("update-kinesis-streaming-destination", name, stream) +
              " --update-kinesis-streaming-configuration ApproximateCreationDateTimePrecision=MICROSECOND"};
}

Finding judge_recovery(const Result<bool>& recovery) {
  const std::string check = "point-in-time recovery";
  if (recovery) return {ok, check, *recovery ? "on" : "off; nothing that a run does needs it"};
  const ErrorKind kind = recovery.error().kind;
  if (kind == ErrorKind::refused) return {ok, check, "the endpoint does not say"};
  return {warn, check, words_of(recovery.error()),
          kind == ErrorKind::denied ? "only this check asks for it: a run does not need the right" : ""};
}

}  // namespace ctk::check
