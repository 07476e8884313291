#include "cli/demo_command.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <mutex>

#include "base/event_loop.h"
#include "cli/exit_code.h"
#include "cli/result_format.h"
#include "cli/run_commands.h"
#include "cli/signals.h"
#include "cli/target_session.h"
#include "cli/wiring.h"
#include "dynamodb/decode.h"
#include "dynamodb/encode.h"
#include "json/writer.h"
#include "observe/progress.h"
#include "relay/relay.h"
#include "sim/http_server.h"
#include "sim/lively_table.h"

namespace ctk::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kTable = "sensors";
constexpr const char* kStream = "cdc-stream";
constexpr const char* kRegion = "eu-central-1";
constexpr int kWrites = 1500;
constexpr int kWritesAtOnce = 5;
constexpr Duration kBetweenWrites = milliseconds(10);
constexpr Duration kPatience = seconds(30);

/// The far side: a table that is written to, its stream, and the address under which the stream is found.
class Source {
 public:
  explicit Source(World& world)
      : world_(world),
        services_(world.random.next(), kRegion),
        server_(services_, world.clock),
        table_(kTable, kRegion, world.random) {
    std::lock_guard lock(server_.mutex());
    (void)services_.kinesis.create_stream(kStream, 2, world.clock.now());
  }

  bool listening() const { return server_.listening(); }
  std::string url() const {
    return fmt::format("kinesis+dynamodb+cdc://DEMO_KEY:DEMO_SECRET@127.0.0.1:{}/{}?region={}", server_.port(), kStream,
                       kRegion);
  }
  const sim::DynamoDbTable& table() const { return table_.table(); }
  uint64_t records() const { return records_; }
  bool done() const { return writes_ >= kWrites; }

  /// A few writes; at a third and at two thirds of the way, shards split and merge.
  void live() {
    std::lock_guard lock(server_.mutex());
    for (int i = 0; i < kWritesAtOnce; ++i) {
      const Timestamp now = world_.clock.now();
      if (const auto change = table_.step(now)) {
        sim::TableEvent event = sim::kinesis_event(*change);
        const sim::PutInput put{kStream, std::move(event.record), std::move(event.partition_key), {}};
        if (services_.kinesis.put_record(put, now)) ++records_;
      }
      ++writes_;
      if (writes_ == kWrites / 3) reshard(4, "2 shards split into 4");
      if (writes_ == kWrites * 2 / 3) reshard(3, "2 of 4 shards merge");
    }
  }

 private:
  void reshard(int shards, std::string_view words) {
    if (services_.kinesis.update_shard_count(kStream, shards, world_.clock.now())) world_.log.info(words);
  }

  World& world_;
  sim::Services services_;
  sim::HttpServer server_;
  sim::LivelyTable table_;
  uint64_t records_ = 0;
  int writes_ = 0;
};

Result<LoadPlan> plan_demo(const Source& source, const std::string& target) {
  auto parsed = parse_command_line({"load", source.url(), target});
  if (!parsed) return forward_error(std::move(parsed));
  return plan_load(std::get<LoadCommand>(parsed->command), aws::Environment{}, is_readable_file);
}

/// Lets the table live and the relay follow, until the relay has applied all that was written.
class Run {
 public:
  Run(LoadPlan plan, Source& source, World& world) : plan_(std::move(plan)), source_(source), world_(world) {}

  Result<relay::RelayStats> run() {
    plan_.relay.worker = coordination::WorkerName("demo");
    const SignalWatcher signals([this] {
      loop_.post([this] {
        interrupted_ = true;
        relay_->stop();
      });
    });
    auto wired = WiredSource::make(plan_.source, world_, loop_);
    if (!wired) return forward_error(std::move(wired));
    WiredSink sink(plan_.target, world_, loop_);
    ThreadExecutor worker(loop_, "ctk-worker");
    relay::Relay relay(plan_.relay, (*wired)->source(), sink.sink(),
                       {loop_, world_.clock, world_.random, world_.log, worker});
    relay_ = &relay;
    const observe::ProgressReporter progress([&] { return relay.stats(); }, loop_, world_.clock, world_.log,
                                             world_.terminal);
    Result<relay::RelayStats> ending = relay::RelayStats{};
    loop_.post([&] {
      relay.run([&](Result<relay::RelayStats> result) {
        ending = std::move(result);
        loop_.quit();
      });
    });
    give_up_at_ = world_.clock.monotonic() + kPatience;
    tick();
    loop_.run();
    if (ending && interrupted_) return fail(ErrorKind::stopped, "interrupted");
    return ending;
  }

 private:
  void tick() {
    loop_.after(kBetweenWrites, [this] {
      if (!source_.done()) source_.live();
      const relay::RelayStats stats = relay_->stats();
      const bool arrived = source_.done() && stats.applied + stats.dead_letters >= source_.records();
      if (arrived || world_.clock.monotonic() > give_up_at_) return relay_->stop();
      tick();
    });
  }

  LoadPlan plan_;
  Source& source_;
  World& world_;
  ThreadLoop loop_{world_.clock};
  relay::Relay* relay_ = nullptr;
  Duration give_up_at_{};
  bool interrupted_ = false;
};

void say(World& world, const std::string& text) { (void)print_result(world, text + "\n"); }

void show_beginning(const Source& source, const std::string& target, World& world) {
  world.terminal.write_line(fmt::format(
      "A simulated DynamoDB table \"{}\" is written to; its changes go into a simulated Kinesis stream. What runs now is\n"
      "  {} load \"{}\" \"{}?table={}\"",
      kTable, program_invocation_name, net::redact_url(source.url()), target, kTable));
}

/// Compares, and shows what there is; the exit code.
int show_result(const Source& source, const relay::RelayStats& stats, const std::string& target, World& world) {
  TargetWords words;
  words.argument = target;
  auto session = TargetSession::open(words, world);
  if (!session) return report_error(world, session.error());
  auto rows = (*session)->query(fmt::format("SELECT device, slot, data FROM {}_live ORDER BY device, slot", kTable));
  if (!rows) return report_error(world, rows.error());
  auto wanted = expected_rows(source.table());
  if (!wanted) return report_error(world, wanted.error());

  std::map<std::vector<std::string>, std::string> found;
  for (const auto& row : rows->rows) found[{row[0].value_or(""), row[1].value_or("")}] = row[2].value_or("");
  const size_t living = rows->rows.size();
  rows->rows.resize(std::min<size_t>(living, 6));
  say(world, "");
  say(world, format_result(*rows, ResultFormat::vertical));
  if (found != *wanted) {
    return report_error(
        world, Error{ErrorKind::internal,
                     fmt::format("the table has {} items, the database {} rows, and they differ", wanted->size(), living),
                     {},
                     {}});
  }
  say(world, fmt::format("{} changes came through {} shards. The table has {} items now, the database the same {} rows.",
                         stats.applied, stats.shards, wanted->size(), living));
  return kDone;
}

void show_next_steps(const std::string& target, World& world) {
  say(world, fmt::format(R"(
Try next:
  {0} show table {1} {2}
  {0} shell --command "SELECT device, slot, data ->> 'celsius' AS celsius FROM {1}_live LIMIT 5;" {2}
  {0} positions list {2}
and with a stream of your own:
  {0} load "kinesis+dynamodb+cdc://KEY:SECRET@aws/STREAM?region={3}" postgresql://user:password@localhost/database
  {0} load --help)",
                         program_invocation_name, kTable, target, kRegion));
}

}  // namespace

Result<std::map<std::vector<std::string>, std::string>> expected_rows(const sim::DynamoDbTable& table) {
  std::map<std::vector<std::string>, std::string> rows;
  for (const auto& [place, item] : table.items()) {
    // An item as the only change of a record of its own, so that its values can be read by type.
    dynamodb::RawRecord record;
    record.data = fmt::format(
        R"({{"eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{{"ApproximateCreationDateTime":1,"Keys":{},"NewImage":{}}}}})",
        place.key, sim::to_json(item));
    record.sequence = aws::SequenceNumber("1");
    auto decoded = dynamodb::Decoder().decode(std::move(record), {.kind = dynamodb::VersionKind::kinesis});
    if (decoded.changes.size() != 1) return fail(ErrorKind::internal, "an item of the model cannot be read");
    const dynamodb::Change& change = decoded.changes[0];
    std::vector<std::string> columns;
    for (const dynamodb::Value value : change.keys()) columns.emplace_back(value.text());
    std::string data = "{";
    for (const dynamodb::Value value : change.new_image()) {
      if (table.key_of(item).contains(std::string(value.name()))) continue;
      if (data.size() > 1) data += ',';
      json::append_string(data, value.name());
      data += ':';
      dynamodb::append_plain(data, value);
    }
    rows[std::move(columns)] = data + "}";
  }
  return rows;
}

int run_demo_into(const std::string& file, World& world) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(file + suffix);
  const std::string target = fmt::format("sqlite:///{}", file);
  Source source(world);
  if (!source.listening()) return report_error(world, Error{ErrorKind::unreachable, "no free port on 127.0.0.1", {}, {}});
  auto plan = plan_demo(source, target + "?table=" + kTable);
  if (!plan) return report_error(world, plan.error());
  if (!world.output.quiet) show_beginning(source, target, world);
  auto stats = Run(std::move(*plan), source, world).run();
  if (!stats) return report_error(world, stats.error());
  if (!world.output.quiet) world.terminal.write_line(observe::summary_line("done", *stats, true));
  const int code = show_result(source, *stats, target, world);
  if (code == kDone) show_next_steps(target, world);
  return code;
}

int run_demo(const DemoCommand& command, World& world) { return run_demo_into(command.output, world); }

}  // namespace ctk::cli
