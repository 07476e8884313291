#include "sim/simulator_actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ctk::sim {
namespace {

using Body = Answer<std::string>;

struct ActionCall : WireInput {
  ActionCall(Services& simulated, json::Element body, Timestamp time, const ActionControls& outside)
      : WireInput(body), services(simulated), now(time), controls(outside) {}

  Services& services;
  Timestamp now;
  const ActionControls& controls;

  Duration seconds() const { return std::chrono::seconds(number("seconds", 0)); }
  bool has(std::string_view name) const { return member(name).has_value(); }
  /// The ARN of the table's stream.
  Answer<std::string> table_stream() const {
    std::string arn = services.dynamodb.stream_of(text("table"));
    if (!arn.empty()) return arn;
    return refuse("ResourceNotFoundException", fmt::format("Table {} is not there or has no stream", text("table")));
  }
};

Body shards_changed(Answer<size_t> shards) {
  if (!shards) return forward_refusal(std::move(shards));
  return fmt::format(R"({{"shards":{}}})", *shards);
}

Body done(Answer<void> answer) {
  if (!answer) return forward_refusal(std::move(answer));
  return std::string("{}");
}

Body roll_shard(const ActionCall& call) {
  auto arn = call.table_stream();
  if (!arn) return arn;
  return shards_changed(call.services.streams.roll(*arn, call.truth("all"), call.now));
}

Body split_shard(const ActionCall& call) {
  if (!call.has("stream")) {
    auto arn = call.table_stream();
    if (!arn) return arn;
    return shards_changed(call.services.streams.split(*arn, call.truth("all"), call.now));
  }
  Kinesis& kinesis = call.services.kinesis;
  const std::string stream = call.text("stream"), shard = call.text("shard");
  if (shard.empty()) {
    auto split = kinesis.split_any(stream, call.now);
    if (!split) return forward_refusal(std::move(split));
    return std::string(R"({"shards":1})");
  }
  auto listing =
      kinesis.list_shards({.stream = stream, .next_token = {}, .exclusive_start = {}, .max_results = {}}, call.now);
  if (!listing) return forward_refusal(std::move(listing));
  for (const ShardDescription& found : listing->shards) {
    if (found.shard.id.str() != shard) continue;
    const aws::HashKey middle = found.range.first + (found.range.last - found.range.first) / 2 + 1;
    return done(kinesis.split_shard(stream, shard, aws::to_string(middle), call.now));
  }
  return refuse("ResourceNotFoundException", fmt::format("Stream {} has no shard {}", stream, shard));
}

Body merge_shards(const ActionCall& call) {
  return done(call.services.kinesis.merge_shards(call.text("stream"), call.text("shard"), call.text("adjacent"), call.now));
}

Body trim(const ActionCall& call) {
  const Timestamp horizon = call.now - call.seconds();
  if (call.has("stream")) return done(call.services.kinesis.trim(call.text("stream"), horizon, call.now));
  auto arn = call.table_stream();
  if (!arn) return arn;
  return done(call.services.streams.trim(*arn, horizon, call.now));
}

Body throttle(const ActionCall& call) {
  const Timestamp until = call.now + call.seconds();
  if (call.has("stream")) {
    const std::string stream = call.text("stream");
    if (call.services.kinesis.stream(stream) == nullptr)
      return refuse("ResourceNotFoundException", fmt::format("Stream {} is not there", stream));
    call.services.kinesis.throttle(stream, until);
    return std::string("{}");
  }
  const std::string table = call.text("table");
  if (call.services.dynamodb.items_of(table) == nullptr)
    return refuse("ResourceNotFoundException", fmt::format("Table {} is not there", table));
  call.services.dynamodb.throttle(table, until);
  if (const std::string arn = call.services.dynamodb.stream_of(table); !arn.empty()) {
    call.services.streams.throttle(arn, until);
  }
  return std::string("{}");
}

Body expire_iterators(const ActionCall& call) {
  call.services.kinesis.expire_iterators(call.now);
  call.services.streams.expire_iterators(call.now);
  return std::string("{}");
}

Body kill_connections(const ActionCall& call) {
  if (call.controls.kill_connections) call.controls.kill_connections();
  return std::string("{}");
}

Body advance_clock(const ActionCall& call) {
  if (!call.controls.advance_clock) return refuse("ValidationException", "This clock cannot be moved");
  call.controls.advance_clock(call.seconds());
  return fmt::format(R"({{"now":"{}"}})", format_iso8601(call.now + call.seconds()));
}

/// What was asked of the services until now.
Body counts(const ActionCall& call) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object();
  writer.key("calls");
  writer.begin_object();
  for (const auto& [action, number] : call.services.calls) write_number(writer, action, static_cast<int64_t>(number));
  writer.end_object();
  writer.key("scanned_units");
  writer.number(fmt::format("{}", call.services.dynamodb.scanned_units()));
  writer.end_object();
  return out;
}

/// A policy that is enforced from here on; without the member, none.
Body set_policy(const ActionCall& call) {
  const auto given = call.object("policy");
  if (!given) {
    call.services.policy.reset();
    return std::string("{}");
  }
  auto policy = parse_iam_policy(simdjson::minify(given->body()));
  if (!policy) return refuse("ValidationException", policy.error().message);
  call.services.policy = std::move(*policy);
  return std::string("{}");
}

/// Whatever is misspelt or of another type would otherwise mean its default: a `trim` of everything.
Answer<void> check_members(const ActionCall& call) {
  constexpr int64_t kMostSeconds = 1'000'000'000;
  constexpr std::string_view kTexts[] = {"action", "stream", "table", "shard", "adjacent"};
  for (const auto [name, value] : call.body().get_object()) {
    const bool text = std::ranges::find(kTexts, name) != std::end(kTexts);
    int64_t seconds = -1;
    if (name == "seconds" && (value.get(seconds) != simdjson::SUCCESS || seconds < 0 || seconds > kMostSeconds))
      return refuse("ValidationException", fmt::format("\"seconds\" is a whole number from 0 to {}", kMostSeconds));
    if (name == "all" && !value.is_bool()) return refuse("ValidationException", "\"all\" is true or false");
    if (text && !value.is_string()) return refuse("ValidationException", fmt::format("\"{}\" is a string", name));
    if (name == "policy" && !value.is_object()) return refuse("ValidationException", "\"policy\" is an object");
    if (!text && name != "seconds" && name != "all" && name != "policy")
      return refuse("ValidationException", fmt::format("Nothing happens by a member \"{}\"", name));
  }
  return {};
}

struct Action {
  std::string_view name;
  Body (*run)(const ActionCall& call);
};

constexpr std::array kActions{
    Action{"roll-shard", roll_shard},
    Action{"split-shard", split_shard},
    Action{"merge-shards", merge_shards},
    Action{"trim", trim},
    Action{"throttle", throttle},
    Action{"expire-iterators", expire_iterators},
    Action{"kill-connections", kill_connections},
    Action{"advance-clock", advance_clock},
    Action{"set-policy", set_policy},
    Action{"counts", counts},
};

}  // namespace

WireAnswer run_action(Services& services, std::string_view body, Timestamp now, const ActionControls& controls) {
  json::Parser parser;
  const auto input = parser.parse(body);
  if (!input || !input->is_object()) return to_wire({"SerializationException", "The body is no JSON object", 400});
  const ActionCall call(services, *input, now, controls);
  const auto* found = std::ranges::find(kActions, call.text("action"), &Action::name);
  if (found == kActions.end()) {
    return to_wire({"ValidationException", fmt::format("No action \"{}\"", call.text("action")), 400});
  }
  if (const Answer<void> fits = check_members(call); !fits) return to_wire(fits.error());
  Body answer = found->run(call);
  if (!answer) return to_wire(answer.error());
  return {200, std::move(*answer)};
}

}  // namespace ctk::sim
