// The commands that do something. Each gives the exit code of the program; errors have been said by then.
#pragma once

#include "cli/command_line.h"
#include "cli/load_plan.h"
#include "cli/world.h"

namespace ctk::cli {

int run_load(const LoadCommand& command, World& world);
/// Several relays, as a configuration file has them.
int run_load_config(const LoadConfigCommand& command, World& world);
/// Looks whether each of them would run, and changes nothing.
int run_check_config(const CheckConfigCommand& command, World& world);
/// Looks whether a load would run, and changes nothing.
int run_check(const CheckCommand& command, World& world);
/// What a load would take: time, calls, capacity, money.
int run_plan(const PlanCommand& command, World& world);
int run_shell(const ShellCommand& command, World& world);
int run_show_table(const ShowTableCommand& command, World& world);
int run_positions(const PositionsCommand& command, World& world);
int run_dead_letters(const DeadLettersCommand& command, World& world);
int run_replay(const ReplayCommand& command, World& world);
int run_status(const StatusCommand& command, World& world);
/// Until it is left.
int run_top(const TopCommand& command, World& world);
int run_verify(const VerifyCommand& command, World& world);
/// A stream's records into a file, as they are.
int run_record(const RecordCommand& command, World& world);
int run_completion(const CompletionCommand& command, World& world);
int run_man(World& world);
/// The whole thing on one machine with nothing but this program.
int run_demo(const DemoCommand& command, World& world);

/// Until the daemon closes standard input.
int run_kcl_processor(const KclProcessorCommand& command, World& world);

/// Until Lambda ends it.
int run_lambda(const LambdaCommand& command, World& world);
/// Tells Lambda why the function cannot begin, where it is one of Lambda's.
void report_to_lambda(const Error& error, World& world);

/// Serves a simulated AWS until it is told to stop.
int run_simulator(const SimulatorCommand& command, World& world);

}  // namespace ctk::cli
