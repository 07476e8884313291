// ctk: keeps SQL tables equal to DynamoDB tables. Here the world is made: clock, randomness, environment, standard error;
// everything else gets them as parameters.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "cli/command_line.h"
#include "cli/engine_words.h"
#include "cli/exit_code.h"
#include "cli/load_plan.h"
#include "cli/run_commands.h"
#include "cli/signals.h"
#include "cli/world.h"
#include "observe/stderr_log.h"

namespace {

using namespace ctk;

/// Each command's own function.
struct Runner {
  cli::World& world;

  int operator()(const cli::LoadCommand& command) const { return run_load(command, world); }
  int operator()(const cli::LoadConfigCommand& command) const { return run_load_config(command, world); }
  int operator()(const cli::CheckConfigCommand& command) const { return run_check_config(command, world); }
  int operator()(const cli::CheckCommand& command) const { return run_check(command, world); }
  int operator()(const cli::PlanCommand& command) const { return run_plan(command, world); }
  int operator()(const cli::ShellCommand& command) const { return run_shell(command, world); }
  int operator()(const cli::ShowTableCommand& command) const { return run_show_table(command, world); }
  int operator()(const cli::PositionsCommand& command) const { return run_positions(command, world); }
  int operator()(const cli::DeadLettersCommand& command) const { return run_dead_letters(command, world); }
  int operator()(const cli::ReplayCommand& command) const { return run_replay(command, world); }
  int operator()(const cli::StatusCommand& command) const { return run_status(command, world); }
  int operator()(const cli::TopCommand& command) const { return run_top(command, world); }
  int operator()(const cli::VerifyCommand& command) const { return run_verify(command, world); }
  int operator()(const cli::RecordCommand& command) const { return run_record(command, world); }
  int operator()(const cli::CompletionCommand& command) const { return run_completion(command, world); }
  int operator()(const cli::DemoCommand& command) const { return run_demo(command, world); }
  int operator()(const cli::SimulatorCommand& command) const { return run_simulator(command, world); }
  int operator()(const cli::KclProcessorCommand& command) const { return run_kcl_processor(command, world); }
  int operator()(const cli::LambdaCommand& command) const { return run_lambda(command, world); }
  int operator()(const cli::ManCommand&) const { return run_man(world); }
  int operator()(const cli::PrintCommand& command) const {
    return print_result(world, command.text) ? cli::kDone : cli::kFailed;
  }
};

/// As the system lets the process have, up to some thousands: without TLS each shard that is pushed needs a connection.
void allow_many_descriptors() {
  constexpr rlim_t kEnough = 8192;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
  limit.rlim_cur = std::min(limit.rlim_max, kEnough);
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// These stop in their own way, however early they are asked to.
bool watches_signals(const cli::Command& command) {
  return std::holds_alternative<cli::LoadCommand>(command) || std::holds_alternative<cli::LoadConfigCommand>(command) ||
         std::holds_alternative<cli::RecordCommand>(command) || std::holds_alternative<cli::SimulatorCommand>(command) ||
         std::holds_alternative<cli::KclProcessorCommand>(command) || std::holds_alternative<cli::LambdaCommand>(command);
}

int run(const char* program, std::vector<std::string> arguments) {
  cli::load_dotenv();
  const aws::Environment environment = cli::process_environment();
  const std::vector<std::string> given = cli::words_of_program(program, std::move(arguments), environment);
  const auto words = cli::with_engine_words(given, environment);
  const observe::Redactor redactor(cli::known_secrets(words ? *words : given, environment));
  auto line = words ? cli::parse_command_line(*words) : std::unexpected(words.error());
  const cli::OutputOptions output = line ? line->output : cli::OutputOptions{};

  const bool terminal_here = isatty(STDERR_FILENO) != 0 && environment.get("TERM").value_or("dumb") != "dumb";
  const bool plain_log = output.log_format == observe::LogFormat::logfmt;
  SystemClock clock;
  Random random(entropy_seed());
  observe::Terminal terminal(stderr, terminal_here && plain_log);
  const bool color = terminal_here && !environment.get("NO_COLOR");
  const auto log = make_log({output.log_format, output.log_level, color, redactor}, terminal, clock);
  cli::World world{clock, random, *log, terminal, redactor, output, cli::process_environment};
  if (!line || !watches_signals(line->command)) cli::release_signals();
  if (!line && !given.empty() && given.front() == "lambda") cli::report_to_lambda(line.error(), world);
  if (!line) return report_error(world, line.error());
  return std::visit(Runner{world}, line->command);
}

}  // namespace

// jemalloc reads this: what is free goes back to the system within a second, so that the program stays near its budget.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "narenas:1,dirty_decay_ms:1000,muzzy_decay_ms:0";
}

// Before the constructors of the libraries that we are linked with, which take longer than all else before main.
extern "C" {
extern void (*const ctk_first_of_all)();
[[gnu::section(".preinit_array"), gnu::used]] void (*const ctk_first_of_all)() = cli::hold_signals;
}

int main(int argc, char** argv) {
  cli::keep_standard_descriptors();
  cli::leave_quietly_on_broken_pipe();
  cli::outlive_size_limits();
  allow_many_descriptors();
  try {
    return run(argc > 0 ? argv[0] : "", {argv + 1, argv + argc});
  } catch (const std::exception& bug) {
    std::fprintf(stderr, "ctk: internal error: %s\n", bug.what());
    return cli::kFailed;
  }
}
