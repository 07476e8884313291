#include "relay/run.h"

#include <utility>

namespace ctk::relay {
namespace {

std::string default_name(const RelayOptions& options, const source::SourceIdentity& identity) {
  const std::string target = options.schema.empty()      ? options.table.value_or("")
                             : options.table.has_value() ? options.schema + "." + *options.table
                                                         : options.schema;
  return identity.service + ":" + identity.name + "@" + target;
}

}  // namespace

coordination::RelayName relay_name(const RelayOptions& options, const source::SourceIdentity& identity) {
  return coordination::RelayName(options.positions_name.value_or(default_name(options, identity)));
}

Positions positions_of(sink::Sink& sink) {
  using Kept = Positions::Kept;
  return {sink.positions(), sink.traits().transactions ? Kept::with_rows : Kept::apart};
}

void Run::opened(source::SourceIdentity what) {
  identity = std::move(what);
  opened_at = now();
  name = relay_name(options, identity);
  if (!identity.traits.first_record_decides_kind && identity.has_stream) kind = identity.traits.version_kind;
}

Timestamp Run::server_now() const {
  if (identity.server_time == kNoTime) return env.clock.now();
  return identity.server_time + (now() - opened_at);
}

shards::CadencePolicy Run::cadence() const {
  return shards::make_cadence(options.poll.quiet_pause(identity.traits.idle_poll), options.poll.max_lag,
                              identity.traits.calls_a_second);
}

std::string Run::dead_letter_source() const {
  if (identity.origin.empty()) return name.str();
  return identity.origin + "@" + options.schema + "." + options.table.value_or("");
}

Error Run::other_incarnation(const Incarnation& stored, const Incarnation& found) const {
  return Error{ErrorKind::mismatch,
               "the stored positions of relay '" + name.str() + "' belong to another incarnation of the stream: stored " +
                   stored.str() + ", found " + found.str(),
               "", options.reset_command.empty() ? "--reset forgets them" : "to begin anew: " + options.reset_command};
}

}  // namespace ctk::relay
