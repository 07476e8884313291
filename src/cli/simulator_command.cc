// `ctk simulator`: a simulated AWS for anybody's client.
#include <fmt/format.h>

#include <charconv>
#include <condition_variable>
#include <mutex>

#include "base/file_reading.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/run_commands.h"
#include "cli/signals.h"
#include "sim/accelerated_clock.h"
#include "sim/simulator_server.h"

namespace ctk::cli {
namespace {

/// Of an IAM policy. AWS takes 6,144 characters.
constexpr size_t kLongestPolicy = 1u << 20;

std::vector<std::string> parts_of(const std::string& words) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= words.size();) {
    const size_t end = std::min(words.find(':', begin), words.size());
    parts.push_back(words.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string text_of_refusal(const sim::ServiceError& refusal) {
  return fmt::format("{}: {}", refusal.code, refusal.message);
}

Status make_table(sim::Services& services, const std::string& words, Timestamp now) {
  const std::vector<std::string> parts = parts_of(words);
  if (parts.size() < 2 || parts.size() > 3 || std::ranges::find(parts, "") != parts.end()) {
    return usage(fmt::format("option --table: found \"{}\", accepted is NAME:HASH[:RANGE]", words));
  }
  sim::TableInput input{.name = parts[0], .keys = {}, .stream = aws::StreamView::new_and_old_images};
  for (size_t i = 1; i < parts.size(); ++i) input.keys.push_back({parts[i], 'S'});
  auto made = services.dynamodb.create_table(input, now);
  if (made) return {};
  return usage(fmt::format("table {} cannot be made: {}", parts[0], text_of_refusal(made.error())));
}

Status make_stream(sim::Services& services, const std::string& words, Timestamp now) {
  const std::vector<std::string> parts = parts_of(words);
  int shards = 0;
  if (parts.size() == 2) std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), shards);
  if (shards < 1 || shards > 10'000 || parts[0].empty()) {
    return usage(fmt::format("option --stream: found \"{}\", accepted is NAME:SHARDS", words));
  }
  auto made = services.kinesis.create_stream(parts[0], shards, now);
  if (made) return {};
  return usage(fmt::format("stream {} cannot be made: {}", parts[0], text_of_refusal(made.error())));
}

Status furnish(sim::Services& services, const SimulatorCommand& command, Timestamp now) {
  for (const std::string& table : command.tables) {
    if (auto made = make_table(services, table, now); !made) return made;
  }
  for (const std::string& stream : command.streams) {
    if (auto made = make_stream(services, stream, now); !made) return made;
  }
  return {};
}

Result<sim::IamPolicy> read_policy(const std::string& file) {
  const auto text = read_small_regular_file(file, kLongestPolicy);
  if (!text) return usage(fmt::format("option --policy: {} cannot be read: {}", file, text.error().message));
  auto policy = sim::parse_iam_policy(*text);
  if (!policy) return usage(fmt::format("option --policy: {}: {}", file, policy.error().message));
  return policy;
}

sim::FaultKnobs faults_of(const SimulatorCommand& command) {
  if (command.faults == "mild") return sim::mild_faults();
  return command.faults == "wild" ? sim::wild_faults() : sim::FaultKnobs{};
}

/// Until a signal asks for the end.
class WishToEnd {
 public:
  void ask() {
    std::lock_guard lock(mutex_);
    asked_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return asked_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool asked_ = false;
};

}  // namespace

int run_simulator(const SimulatorCommand& command, World& world) {
  WishToEnd wish;
  const SignalWatcher signals([&] { wish.ask(); });
  const uint64_t seed = command.seed.value_or(world.random.next());
  sim::AcceleratedClock clock(world.clock, command.speed);
  sim::Services services(seed);
  services.kinesis.options().read_limits = command.limits;
  services.streams.options().limits = command.limits;
  if (const auto made = furnish(services, command, clock.now()); !made) return report_error(world, made.error());
  if (command.policy) {
    auto policy = read_policy(*command.policy);
    if (!policy) return report_error(world, policy.error());
    services.policy = std::move(*policy);
  }
  sim::SimulatorServerOptions options;
  options.host = command.host;
  options.port = command.port;
  options.seed = seed;
  options.faults = faults_of(command);
  options.advance_clock = [&clock](Duration by) { clock.leap(by); };
  const sim::SimulatorServer server(services, clock, options);
  if (!server.listening()) {
    return report_error(
        world, {ErrorKind::unreachable,
                fmt::format("cannot listen on {}:{}: the port is taken, or the address is not this machine's", command.host,
                            command.port),
                {},
                "another port, or 0 for a free one; 127.0.0.1 is always this machine's"});
  }
  if (!print_result(world, fmt::format("listening on {}\n", server.url()))) return kFailed;
  wish.wait();
  return kDone;
}

}  // namespace ctk::cli
