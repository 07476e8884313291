#include "cli/listening.h"

#include <fmt/format.h>

#include "cli/commands.h"

namespace ctk::cli {
namespace {

constexpr size_t kShortToken = 8;

}  // namespace

Listening::Listening(const ListenOptions& options, World& world)
    : health_window_(options.health_window),
      log_(world.log, world.redactor, world.clock),
      world_{world.clock, world.random, log_, world.terminal, world.redactor, world.output, world.environment, &metrics_} {
  metrics_.gauge("ctk_build_info", "1, of the version that runs.", {{"version", std::string(version())}}).set(1);
}

Result<std::unique_ptr<Listening>> Listening::begin(const ListenOptions& options, std::vector<observe::RelayStatus> first,
                                                    World& world) {
  std::unique_ptr<Listening> listening(new Listening(options, world));
  observe::StatusServerOptions server{options.host,          options.port,           options.door,
                                      options.health_window, std::string(version()), std::move(first)};
  auto made = observe::StatusServer::listen(std::move(server), listening->metrics_, listening->log_, world.clock);
  if (!made) {
    made.error().hint = "another process may listen there: choose another port, or 0 for a free one";
    return forward_error(std::move(made));
  }
  listening->server_ = std::move(*made);
  if (options.door.token && options.door.token->reveal().size() < kShortToken)
    listening->log_.warn("the listen-token is short: whoever can reach this port may guess it");
  listening->log_.info("listening", {{"url", listening->server_->url()}});
  return listening;
}

}  // namespace ctk::cli
