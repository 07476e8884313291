#include "cli/fleet_file.h"

#include <fmt/format.h>

#include "base/file_reading.h"
#include "cli/output_files.h"

namespace ctk::cli {
namespace {

std::vector<Secret> secrets_of(const ConfigFile& config, const aws::Environment& environment) {
  std::vector<std::string> words;
  for (const ConfigRelay& relay : config.relays) {
    for (const ConfigOption& word : relay.words) words.push_back(word.value);
  }
  std::vector<Secret> secrets = known_secrets(words, environment);
  secrets.insert(secrets.end(), config.secrets.begin(), config.secrets.end());
  return secrets;
}

}  // namespace

Result<FleetPlan> read_fleet_file(const std::string& path, const FlagValues& flags, World& world) {
  const aws::Environment environment = world.environment();
  const auto text = read_small_file(path, kLongestFile);
  if (!text) return usage(fmt::format("{}: the configuration file cannot be read: {}", path, text.error().message));
  auto config = read_config(*text, path, environment);
  if (!config) return forward_error(std::move(config));
  observe::Redactor(world.redactor).learn(secrets_of(*config, environment));
  auto plan = plan_fleet(*config, flags, environment, is_readable_file);
  if (!plan) return plan;
  for (size_t i = 0; i < plan->relays.size(); ++i) {
    if (const Status differ = check_outputs_differ_from_source(plan->relays[i].plan); !differ)
      return config_error(path, config->relays[i].place, differ.error());
  }
  return plan;
}

}  // namespace ctk::cli
