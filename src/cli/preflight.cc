#include "cli/preflight.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/judge_target.h"
#include "cli/needs.h"
#include "cli/target_spec.h"
#include "relay/run.h"
#include "sink/ndjson/ndjson_sink.h"

namespace ctk::cli {

using check::Finding;
using check::Verdict;

namespace {

/// For answers that somebody waits for: so long for credentials, and then for all that is asked with them.
constexpr Duration kPatience = std::chrono::seconds(10);

Finding failed(std::string name, const Error& error) {
  return {Verdict::fail, std::move(name),
          error.peer.empty() ? error.message : fmt::format("{}: {}", error.message, error.peer), error.hint};
}

bool is_refused(const check::Findings& findings, std::string_view name) {
  const auto found = std::ranges::find(findings, name, &Finding::check);
  return found != findings.end() && found->verdict == Verdict::fail;
}

/// A target of lines, which can be asked nothing.
sink::TargetSight see_lines(const std::string& path) {
  sink::TargetSight sight;
  sight.server = "ndjson";
  if (sink::is_standard_output(path)) {
    sight.writable = "standard output";
    return sight;
  }
  sight.writable = sink::check_writable_file(path);
  sight.free_bytes = sink::free_bytes_beside(path);
  return sight;
}

}  // namespace

Preflight::Preflight(LoadPlan plan, check::SourceNeeds needs, Settings settings, World& world, EventLoop& loop)
    : plan_(std::move(plan)),
      needs_(std::move(needs)),
      settings_(std::move(settings)),
      world_(world),
      loop_(loop),
      deadline_(loop, world.clock, kPatience),
      tasks_(loop) {
  plan_.target.start_timeout = std::min(plan_.target.start_timeout.value_or(kPatience), kPatience);
}

void Preflight::run(Done<check::Findings> done) { tasks_.spawn(look(), std::move(done)); }

Task<Result<check::Findings>> Preflight::look() {
  reach_target();
  if (const auto* file = std::get_if<FilePlan>(&plan_.source.from)) {
    co_await look_at_file(*file);
  } else {
    co_await look_at_aws();
  }
  co_await look_at_target();
  co_return std::move(findings_);
}

Task<bool> Preflight::look_at_file(const FilePlan& file) {
  const bool there = file.path == "-" || is_readable_file(file.path);
  find(there ? Finding{Verdict::ok, "source", file.path == "-" ? "standard input" : file.path + " can be read"}
             : Finding{Verdict::fail, "source", file.path + " is not there, or cannot be read", "name another file"});
  co_return there;
}

Task<bool> Preflight::look_at_aws() {
  auto reached = SourceCalls::make(plan_.source, world_, loop_);
  if (!reached) {
    find(failed("credentials", reached.error()));
    co_return false;
  }
  calls_ = std::move(*reached);
  Result<aws::Credentials> found = co_await tasks_.answer<aws::Credentials>(
      [&](Done<aws::Credentials> done) { calls_->credentials().get(deadline_.hold(std::move(done))); });
  if (!found) {
    identity_.none = found.error();
    find(check::judge_identity(identity_));
    co_return false;
  }
  const Deadline signed_calls(loop_, world_.clock, kPatience);
  ask_who(*found, signed_calls);
  const auto* kinesis = std::get_if<KinesisPlan>(&plan_.source.from);
  const aws::ServiceEndpoint& endpoint =
      kinesis != nullptr ? kinesis->endpoint : std::get<TablePlan>(plan_.source.from).tables;
  const std::string table = cli::table_of(plan_.source);
  const check::SourceApis apis{calls_->kinesis(),       calls_->fan_out(),   &calls_->tables(),
                               calls_->table_streams(), &calls_->settings(), calls_->leases()};
  probe_ = std::make_unique<check::SourceProbe>(apis, needs_, table, signed_calls, loop_);
  Result<check::SourceSight> sight =
      co_await tasks_.answer<check::SourceSight>([&](Done<check::SourceSight> done) { probe_->run(std::move(done)); });
  sight_ = std::move(*sight);
  if (!co_await judge_identity()) co_return false;
  const bool known = findings_.back().verdict == Verdict::ok;
  find({Verdict::ok, "region", endpoint.region});
  find(check::judge_clock(calls_->http().off()));
  find(check::judge_reach(sight_, needs_, endpoint.url));
  for (const check::CallSight& call : sight_.calls) find(check::judge_call(call, known));
  for (const check::LeaseTableSight& leases : sight_.leases) {
    for (Finding& finding : check::judge_leases(leases, known)) find(std::move(finding));
  }
  const bool there = !is_refused(findings_, "source");
  if (there && (needs_.kinesis || needs_.table_stream)) find(check::judge_stream(sight_, needs_));
  if (needs_.kinesis && sight_.kinesis) find(check::judge_precision(sight_, table));
  if (sight_.recovery) find(check::judge_recovery(*sight_.recovery));
  co_return true;
}

void Preflight::ask_who(const aws::Credentials& found, const Deadline& deadline) {
  identity_.origin = found.origin;
  const IdentityEndpoint where = identity_endpoint(plan_.source, world_.environment());
  identity_.borrowed = where.borrowed;
  net::HttpRequest request = aws::caller_identity_request(where.sts, found, world_.clock.now());
  request.timeout = kPatience;
  Done<net::HttpResponse> answered =
      tasks_.guard([this](Result<net::HttpResponse> answer) { identity_answer_.give(std::move(answer)); });
  calls_->http().send(std::move(request), deadline.hold(std::move(answered)));
}

Task<bool> Preflight::judge_identity() {
  const Result<net::HttpResponse> answer = co_await tasks_.answer<net::HttpResponse>(
      [&](Done<net::HttpResponse> done) { identity_answer_.take(tasks_, std::move(done)); });
  identity_.identity =
      answer ? aws::read_caller_identity(*answer) : Result<aws::CallerIdentity>(std::unexpected(answer.error()));
  Finding finding = check::judge_identity(identity_);
  const bool usable = finding.verdict != Verdict::fail;
  find(std::move(finding));
  co_return usable;
}

std::optional<Result<table::TableSpec>> Preflight::spec() const {
  if (!sight_.table || plan_.target.kind == table::Target::ndjson) return std::nullopt;
  return target_spec(plan_.target, *sight_.table);
}

void Preflight::reach_target() {
  if (!settings_.target_named) return;
  sink_ = std::make_unique<WiredSink>(plan_.target, world_, loop_);
  if (sink_->target_check() == nullptr) return;
  sink::TargetQuestion question;
  question.positions = !plan_.positions_in_memory;
  Done<sink::TargetSight> seen = tasks_.guard([this](Result<sink::TargetSight> sight) { reached_.give(std::move(sight)); });
  sink_->target_check()->look(question, deadline_.hold(std::move(seen)));
}

/// It was reached before the source has said what its table is to be: with that, it is looked at again.
Task<Result<sink::TargetSight>> Preflight::see_target(std::optional<table::TableSpec> spec) {
  if (sink_->target_check() == nullptr) co_return see_lines(plan_.target.url.path);
  Result<sink::TargetSight> reached = co_await tasks_.answer<sink::TargetSight>(
      [&](Done<sink::TargetSight> done) { reached_.take(tasks_, std::move(done)); });
  if (!reached || !spec) co_return reached;
  sink::TargetQuestion question;
  question.spec = std::move(spec);
  question.positions = !plan_.positions_in_memory;
  co_return co_await tasks_.answer<sink::TargetSight>([&](Done<sink::TargetSight> done) {
    sink_->target_check()->look(question, Deadline(loop_, world_.clock, kPatience).hold(std::move(done)));
  });
}

Task<bool> Preflight::look_at_target() {
  if (!settings_.target_named) {
    find({Verdict::warn, "target", "none is named, so none was looked at", "name it behind the source, or by --target"});
    co_return false;
  }
  const std::optional<Result<table::TableSpec>> wanted = spec();
  std::optional<table::TableSpec> table;
  if (wanted && *wanted) table = **wanted;
  const Result<sink::TargetSight> sight = co_await see_target(std::move(table));
  const std::optional<uint64_t> bytes =
      plan_.source.scan && sight_.table ? std::optional(sight_.table->bytes) : std::nullopt;
  for (Finding& finding : check::judge_target(sight, plan_.title.target, bytes)) {
    const bool of_table = finding.check == "target table" && wanted && !*wanted;
    if (finding.check == "target table" && !plan_.target.kind->holds_own_tables) continue;  // lines have none
    find(of_table ? failed("target table", wanted->error()) : std::move(finding));
  }
  const bool follows = needs_.kinesis || needs_.table_stream;
  const bool reached = calls_ && !is_refused(findings_, "credentials") && !is_refused(findings_, "source");
  if (sight && follows && reached) co_await look_at_positions();
  co_return sight.has_value();
}

Task<bool> Preflight::look_at_positions() {
  Result<source::SourceIdentity> identity =
      co_await tasks_.answer<source::SourceIdentity>([&](Done<source::SourceIdentity> done) {
        calls_->stream().open(Deadline(loop_, world_.clock, kPatience).hold(std::move(done)));
      });
  if (!identity) co_return false;  // said already, call by call
  check::PositionsSight seen{relay::relay_name(plan_.relay, *identity), identity->incarnation, {}, identity->server_time};
  seen.gap_stops = plan_.relay.on_gap == relay::OnGap::stop;
  seen.kept = !plan_.positions_in_memory && sink_->target_check() != nullptr;
  seen.forgets = plan_.relay.reset;
  seen.bounded = plan_.relay.once;
  seen.loads = plan_.relay.load.snapshot != relay::Snapshot::none;
  seen.start_given = plan_.relay.start.given;
  seen.starts_at_end = plan_.relay.start.kind == relay::StartPoint::Kind::latest;
  if (seen.kept) {
    using Rows = std::vector<coordination::StoredPosition>;
    Result<Rows> rows = co_await tasks_.answer<Rows>([&](Done<Rows> done) {
      sink_->sink().positions().read(seen.relay, Deadline(loop_, world_.clock, kPatience).hold(std::move(done)));
    });
    if (!rows && rows.error().kind != ErrorKind::not_found) {
      find(failed("retention", rows.error()));
      co_return false;
    }
    if (rows) seen.rows = std::move(*rows);
  }
  find(check::judge_retention(identity->traits.retention, seen, settings_.again));
  if (auto start = check::judge_start(seen, settings_.again)) find(std::move(*start));
  co_return true;
}

}  // namespace ctk::cli
