// `ctk status`: how relays are, once; of a process that listens, or of what is stored in a target.
#include <fmt/format.h>

#include <utility>

#include "cli/exit_code.h"
#include "cli/listening_client.h"
#include "cli/run_commands.h"
#include "cli/status_text.h"
#include "cli/target_session.h"
#include "cli/target_url.h"

namespace ctk::cli {
namespace {

int show_listening(const StatusCommand& command, World& world) {
  const auto status = ask_listening({*command.url, command.token}, "/status.json", world);
  if (!status) return report_error(world, status.error());
  const auto health = ask_listening({*command.url, command.token}, "/healthz", world);
  if (!health) return report_error(world, health.error());
  auto text = status_text(status->body, health->body);
  if (!text) return report_error(world, text.error());
  if (!print_result(world, command.json ? status->body : *text)) return kFailed;
  return health->status == kUnhealthy ? kFailed : kDone;
}

/// Where no target is named, or something else than one, a process may be meant.
Error with_other_form(Error error, const TargetWords& words) {
  const std::optional<std::string>& named = words.argument ? words.argument : words.flag;
  if (error.kind != ErrorKind::usage || (named && looks_like_target(*named))) return error;
  error.hint += error.hint.empty() ? "a relay that runs with --listen is asked as http://HOST:PORT"
                                   : ", or http://HOST:PORT of a relay that runs with --listen";
  return error;
}

int show_stored(const StatusCommand& command, World& world) {
  const auto session = TargetSession::open(command.target, world);
  if (!session) return report_error(world, with_other_form(session.error(), command.target));
  const auto relays = (*session)->positions(std::nullopt);
  if (!relays) return report_error(world, relays.error());
  const Timestamp now = world.clock.now();
  const bool printed =
      print_result(world, command.json ? stored_status_json(*relays, now) : stored_status_text(*relays, now));
  return printed ? kDone : kFailed;
}

}  // namespace

int run_status(const StatusCommand& command, World& world) {
  return command.url ? show_listening(command, world) : show_stored(command, world);
}

}  // namespace ctk::cli
