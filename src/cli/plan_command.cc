// `ctk plan`: what a load would take, by what the source says of itself.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/event_loop.h"
#include "base/task.h"
#include "cli/ddl.h"
#include "cli/exit_code.h"
#include "cli/needs.h"
#include "cli/plan_text.h"
#include "cli/run_commands.h"
#include "cli/source_calls.h"
#include "cli/target_spec.h"
#include "source/kinesis_source.h"
#include "source/streams_source.h"
#include "source/subscription_plan.h"

namespace ctk::cli {
namespace {

/// What is asked of a source. An error is one that a run would end with.
struct SourceFacts {
  std::optional<aws::TableDescription> table;
  std::optional<size_t> open_shards;
};

/// Used once, on the loop.
class Inquiry {
 public:
  /// `shards_made`: those of the stream that a run would make if it is not there; 0: it makes none.
  Inquiry(const SourcePlan& plan, size_t shards_made, SourceCalls& calls, EventLoop& loop)
      : plan_(plan), shards_made_(shards_made), calls_(calls), tasks_(loop) {}
  void run(Done<SourceFacts> done) { tasks_.spawn(ask(), std::move(done)); }

 private:
  Task<Result<SourceFacts>> ask() {
    SourceFacts facts;
    if (const std::string name = cli::table_of(plan_); !name.empty()) {
      const aws::TableName table(name);
      Result<aws::TableDescription> found = co_await tasks_.answer<aws::TableDescription>(
          [&](Done<aws::TableDescription> done) { calls_.tables().describe_table(table, std::move(done)); });
      if (!found) co_return forward_error(std::move(found));
      facts.table = std::move(*found);
    }
    if (!plan_.follow) {
      facts.open_shards = 0;
      co_return facts;
    }
    // A stream that is yet to be made, or switched on, has no shards to count.
    const bool is_off = facts.table && std::holds_alternative<TablePlan>(plan_.from) &&
                        !(facts.table->stream && facts.table->stream->enabled);
    if (is_off) co_return facts;
    Result<source::SourceIdentity> identity = co_await tasks_.answer<source::SourceIdentity>(
        [&](Done<source::SourceIdentity> done) { calls_.stream().open(std::move(done)); });
    if (!identity && identity.error().kind == ErrorKind::not_found && shards_made_ > 0) {
      facts.open_shards = shards_made_;
      co_return facts;
    }
    if (!identity) co_return forward_error(std::move(identity));
    using Shards = std::vector<shards::ListedShard>;
    Result<Shards> listed =
        co_await tasks_.answer<Shards>([&](Done<Shards> done) { calls_.stream().list(std::move(done)); });
    if (!listed) co_return forward_error(std::move(listed));
    facts.open_shards = static_cast<size_t>(std::ranges::count(*listed, false, &shards::ListedShard::closed));
    co_return facts;
  }

  const SourcePlan& plan_;
  const size_t shards_made_;
  SourceCalls& calls_;
  TaskGroup tasks_;
};

Result<SourceFacts> ask(const SourcePlan& plan, size_t shards_made, World& world) {
  ThreadLoop loop(world.clock);
  auto calls = SourceCalls::make(plan, world, loop);
  if (!calls) return std::unexpected(calls.error());
  Inquiry inquiry(plan, shards_made, **calls, loop);
  Result<SourceFacts> facts = SourceFacts{};
  loop.post([&] {
    inquiry.run([&](Result<SourceFacts> result) {
      facts = std::move(result);
      loop.quit();
    });
  });
  loop.run();
  return facts;
}

Result<LoadFigures> figures_of_file(const FilePlan& file) {
  LoadFigures figures;
  std::error_code unknown;
  const auto bytes = std::filesystem::file_size(file.path, unknown);
  if (unknown) return fail(ErrorKind::not_found, fmt::format("there is no file {}", file.path));
  figures.is_file = true;
  figures.bytes = bytes;
  figures.shards = 1;
  return figures;
}

Status add_ways(LoadFigures& figures, const aws::TableDescription& table, const LoadPlan& plan) {
  const check::TableSize size{table.items, table.bytes, table.read_capacity};
  check::LoadSettings settings{plan.relay.load.segments, std::nullopt, plan.relay.max_memory};
  if (plan.source.scan && plan.source.scan->read_capacity) {
    Result<double> budget = load::resolve(*plan.source.scan->read_capacity, table.read_capacity);
    if (!budget) return forward_error(std::move(budget));
    settings.read_capacity = *budget;
  }
  figures.items = table.items;
  figures.bytes = table.bytes;
  figures.ways = {check::scan_way(size, settings, figures.prices), check::export_way(size, figures.prices)};
  return {};
}

size_t shards_that_are_made(const SourcePlan& source) {
  const auto* kinesis = std::get_if<KinesisPlan>(&source.from);
  return kinesis != nullptr && kinesis->create ? static_cast<size_t>(kinesis->create_shards) : 0;
}

Result<LoadFigures> figures_of(const LoadPlan& plan, size_t shards_made, const check::Prices& prices, World& world) {
  if (const auto* file = std::get_if<FilePlan>(&plan.source.from)) return figures_of_file(*file);
  Result<SourceFacts> facts = ask(plan.source, shards_made, world);
  if (!facts) return forward_error(std::move(facts));
  LoadFigures figures;
  figures.prices = prices;
  const bool is_table = std::holds_alternative<TablePlan>(plan.source.from);
  const Duration own_pause = is_table ? source::kStreamsIdlePoll : source::SourceTraits{}.idle_poll;
  figures.idle_poll = check::quiet_pause(plan.relay.poll.quiet_pause(own_pause), plan.relay.poll.max_lag,
                                         is_table ? 0 : source::kKinesisCallsASecond);
  figures.shards = facts->open_shards;
  if (facts->table) {
    if (Status added = add_ways(figures, *facts->table, plan); !added) return forward_error(std::move(added));
    auto spec = target_spec(plan.target, *facts->table);
    if (!spec) return forward_error(std::move(spec));
    auto ddl = ddl_of(plan.target, *spec, world);
    if (!ddl) return forward_error(std::move(ddl));
    figures.ddl = std::move(*ddl);
  }
  const auto* kinesis = std::get_if<KinesisPlan>(&plan.source.from);
  figures.fan_out = kinesis != nullptr && kinesis->fan_out.has_value();
  if (figures.fan_out) figures.idle_poll = source::kSubscriptionLife;
  const auto kind = is_table          ? check::StreamKind::table_stream
                    : figures.fan_out ? check::StreamKind::kinesis_fan_out
                                      : check::StreamKind::kinesis;
  if (facts->open_shards) {
    figures.following = check::follow(kind, *facts->open_shards, figures.idle_poll, prices);
  }
  return figures;
}

}  // namespace

int run_plan(const PlanCommand& command, World& world) {
  check::Prices prices;
  for (const std::string& price : command.prices) {
    const Status set = prices.set(price);
    if (!set) return report_error(world, {set.error().kind, "option --price: " + set.error().message, "", ""});
  }
  LoadCommand load = command.load;
  name_some_target(load, world.environment());
  auto plan = plan_load(load, world.environment(), is_readable_file);
  if (!plan) return report_error(world, plan.error());
  const size_t shards_made = shards_that_are_made(plan->source);
  make_nothing(plan->source);
  const auto figures = figures_of(*plan, shards_made, prices, world);
  if (!figures) return report_error(world, figures.error());
  const bool printed = print_result(world, command.json ? figures_json(*figures) : figures_text(*figures));
  return printed ? kDone : kFailed;
}

}  // namespace ctk::cli
