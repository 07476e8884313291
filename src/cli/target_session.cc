#include "cli/target_session.h"

#include <fmt/format.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stop_token>

#include "cli/odbc_question.h"
#include "sink/sql/sql_targets.h"

namespace ctk::cli {

using coordination::RelayName;
using coordination::StoredPosition;

Status check_file(const sink::TargetOptions& target) {
  if (target.kind != table::Target::sqlite) return {};
  const std::string file = sink::sqlite_file(target.url);
  std::error_code unknown;
  if (file == ":memory:" || std::filesystem::exists(file, unknown)) return {};
  return fail(ErrorKind::not_found, fmt::format("there is no file {}", file), "", "ctk load makes it");
}

class TargetSession::Pending {
 public:
  ~Pending() { close(answered_); }
  int descriptor() const { return answered_; }  ///< readable once the answer is there
  void give(Result<sink::ResultSet> answer) {
    answer_ = std::move(answer);
    eventfd_write(answered_, 1);
  }
  Result<sink::ResultSet> take() { return std::move(*answer_); }

 private:
  int answered_ = eventfd(0, EFD_CLOEXEC);
  std::optional<Result<sink::ResultSet>> answer_;
};

TargetSession::TargetSession(TargetPlan plan, World& world, std::ostream* dry_run_out)
    : world_(world),
      target_(std::move(plan.target)),
      options_(std::move(plan.options)),
      loop_(world.clock),
      sink_(target_, world, loop_, dry_run_out),
      thread_([this] { loop_.run(); }) {}

TargetSession::~TargetSession() {
  const auto closed = wait<bool>([this](Done<bool> done) { sink_.sink().close(std::move(done)); });
  if (!closed) world_.log.warn("closing the target failed", {{"error", to_string(closed.error())}});
  loop_.quit();
  thread_.join();
}

Result<std::unique_ptr<TargetSession>> TargetSession::open(const TargetWords& words, World& world) {
  const auto url = find_target(words.argument, words.flag, world.environment());
  if (!url) return std::unexpected(url.error());
  auto plan = plan_target(*url, words.flags, ask_odbc_once());
  if (!plan) return std::unexpected(plan.error());
  if (!plan->target.kind->holds_own_tables) {
    return fail(ErrorKind::usage,
                "an ndjson target holds no tables: expected crate://, postgresql://, mysql://, mariadb://, sqlite:/// or "
                "odbc:");
  }
  if (auto there = check_file(plan->target); !there) return std::unexpected(there.error());
  std::unique_ptr<TargetSession> session(new TargetSession(std::move(*plan), world, nullptr));
  const auto connected = session->wait<bool>([&](Done<bool> done) { session->sink_.sink().connect(std::move(done)); });
  if (!connected) return std::unexpected(connected.error());
  return session;
}

std::unique_ptr<TargetSession> TargetSession::rehearse(const sink::TargetOptions& target, World& world, std::ostream& out) {
  TargetPlan plan{target, {}};
  plan.target.dry_run = true;
  return std::unique_ptr<TargetSession>(new TargetSession(std::move(plan), world, &out));
}

Result<sink::ResultSet> TargetSession::query(std::string sql) {
  return wait<sink::ResultSet>(
      [&](Done<sink::ResultSet> done) { sink_.console()->query(std::move(sql), std::move(done)); });
}

std::shared_ptr<TargetSession::Pending> TargetSession::begin(sink::Query query) {
  auto pending = std::make_shared<Pending>();
  loop_.post([this, pending, query = std::move(query)]() mutable {
    sink_.console()->query(std::move(query),
                           [pending](Result<sink::ResultSet> result) { pending->give(std::move(result)); });
  });
  return pending;
}

Result<sink::ResultSet> TargetSession::query_within(Duration patience, std::string sql, const Interrupts& interrupts) {
  std::stop_source stop;
  const auto pending = begin({std::move(sql), stop.get_token(), mark()});
  pollfd ends[] = {{pending->descriptor(), POLLIN, 0}, {interrupts.descriptor(), POLLIN, 0}};
  poll(ends, 2, static_cast<int>(patience / std::chrono::milliseconds(1)));
  if ((ends[0].revents & POLLIN) != 0) return pending->take();
  stop.request_stop();
  return fail(ErrorKind::stopped, "nobody waits for the answer any more");
}

Result<sink::ResultSet> TargetSession::query(std::string sql, Interrupts& interrupts, const std::function<void()>& again) {
  std::stop_source stop;
  sink::Query query(std::move(sql), stop.get_token(), mark());
  query.on_notice = [this](const sink::Notice& notice) { report_notice(world_, notice); };
  const auto pending = begin(std::move(query));
  pollfd ends[] = {{pending->descriptor(), POLLIN, 0}, {interrupts.descriptor(), POLLIN, 0}};
  while ((ends[0].revents & POLLIN) == 0) {
    const bool ready = poll(ends, 2, -1) > 0;
    if (!ready) ends[0].revents = 0;
    if (ready && interrupts.take() && !stop.request_stop()) again();
  }
  Result<sink::ResultSet> answer = pending->take();
  if (!answer && stop.stop_requested()) answer.error().kind = ErrorKind::stopped;  // it may not have come so far as to run
  return answer;
}

std::string TargetSession::mark() { return fmt::format("ctk {:016x}", world_.random.next()); }

Result<sink::TableReport> TargetSession::show(const table::QualifiedName& name) {
  return wait<sink::TableReport>([&](Done<sink::TableReport> done) { sink_.console()->show(name, std::move(done)); });
}

Result<sink::DeadLetterPage> TargetSession::dead_letter_page(std::string from, size_t bytes) {
  using Page = sink::DeadLetterPage;
  return wait<Page>([&](Done<Page> done) { sink_.console()->dead_letter_page(std::move(from), bytes, std::move(done)); });
}

Result<std::vector<sink::DeadLetter>> TargetSession::dead_letters(std::optional<std::string> id) {
  using DeadLetters = std::vector<sink::DeadLetter>;
  return wait<DeadLetters>([&](Done<DeadLetters> done) { sink_.console()->dead_letters(std::move(id), std::move(done)); });
}

Result<std::vector<coordination::TableRecord>> TargetSession::records() {
  using Records = std::vector<coordination::TableRecord>;
  return wait<Records>([&](Done<Records> done) { sink_.sink().records(std::move(done)); });
}

Result<bool> TargetSession::exists(const table::QualifiedName& name) {
  return wait<bool>([&](Done<bool> done) { sink_.sink().exists(name, std::move(done)); });
}

Result<sink::OpenTable> TargetSession::open_table(const table::TableSpec& spec,
                                                  const coordination::TableRegistration& registration) {
  return wait<sink::OpenTable>([&](Done<sink::OpenTable> done) { sink_.sink().open(spec, registration, std::move(done)); });
}

Result<sink::RowVersions> TargetSession::row_versions(const std::string& table, std::vector<std::string> keys) {
  return wait<sink::RowVersions>(
      [&](Done<sink::RowVersions> done) { sink_.console()->row_versions(table, std::move(keys), std::move(done)); });
}

Result<std::vector<std::string>> TargetSession::retyping(const table::TableSpec& spec) {
  using Statements = std::vector<std::string>;
  return wait<Statements>([&](Done<Statements> done) { sink_.console()->retyping(spec, std::move(done)); });
}

Result<sink::BatchOutcome> TargetSession::apply(std::shared_ptr<const sink::Batch> batch) {
  return wait<sink::BatchOutcome>([&](Done<sink::BatchOutcome> done) { sink_.sink().apply(batch, std::move(done)); });
}

Result<std::vector<TargetSession::RelayRows>> TargetSession::positions(const std::optional<std::string>& relay) {
  using Names = std::vector<RelayName>;
  using Rows = std::vector<StoredPosition>;
  auto names = wait<Names>([this](Done<Names> done) { sink_.sink().positions().relays(std::move(done)); });
  if (!names && names.error().kind != ErrorKind::not_found) return std::unexpected(names.error());
  // A store that was never made holds nothing.
  Names known = names ? std::move(*names) : Names{};
  if (relay && std::ranges::find(known, RelayName(*relay)) == known.end()) {
    std::string all;
    for (const RelayName& name : known) all += (all.empty() ? "" : ", ") + name.str();
    return fail(ErrorKind::not_found, fmt::format("there are no positions of a relay \"{}\"", *relay), "",
                all.empty() ? "the target holds no positions at all" : "there are positions of " + all);
  }
  std::vector<RelayRows> found;
  for (const RelayName& name : known) {
    if (relay && name.str() != *relay) continue;
    auto rows = wait<Rows>([&](Done<Rows> done) { sink_.sink().positions().read(name, std::move(done)); });
    if (!rows) return std::unexpected(rows.error());
    found.emplace_back(name, std::move(*rows));
  }
  return found;
}

Result<size_t> TargetSession::remove_positions(const RelayName& relay, bool finished_only) {
  return wait<size_t>([&](Done<size_t> done) { sink_.sink().positions().remove(relay, finished_only, std::move(done)); });
}

}  // namespace ctk::cli
