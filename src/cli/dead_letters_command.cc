// `ctk dead-letters list|show`.
#include <fmt/format.h>

#include "cli/exit_code.h"
#include "cli/letter_pages.h"
#include "cli/report_text.h"
#include "cli/run_commands.h"

namespace ctk::cli {
namespace {

int list_letters(TargetSession& session, bool json, World& world) {
  LetterPages pages(session);
  LetterList list(json);
  while (true) {
    const auto letters = pages.next();
    if (!letters) return report_error(world, letters.error());
    if (letters->empty()) break;
    if (!print_result(world, list.page(*letters))) return kFailed;
  }
  return print_result(world, list.end()) ? kDone : kFailed;
}

int show_letter(TargetSession& session, const std::string& id, bool json, World& world) {
  auto letters = session.dead_letters(id);
  if (!letters && letters.error().kind == ErrorKind::not_found) letters = std::vector<sink::DeadLetter>{};
  if (!letters) return report_error(world, letters.error());
  if (letters->empty()) {
    return report_error(world, {ErrorKind::not_found, fmt::format("there is no dead letter \"{}\"", id), "",
                                "ctk dead-letters list shows what there is"});
  }
  const sink::DeadLetter& letter = letters->front();
  return print_result(world, json ? dead_letter_json(letter) : dead_letter_text(letter)) ? kDone : kFailed;
}

}  // namespace

int run_dead_letters(const DeadLettersCommand& command, World& world) {
  const auto session = TargetSession::open(command.target, world);
  if (!session) return report_error(world, session.error());
  return command.id ? show_letter(**session, *command.id, command.json, world)
                    : list_letters(**session, command.json, world);
}

}  // namespace ctk::cli
