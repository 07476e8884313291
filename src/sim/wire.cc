#include "sim/wire.h"

#include <fmt/format.h>

namespace ctk::sim {

WireAnswer to_wire(const ServiceError& refusal, std::string_view prefix) {
  WireAnswer answer;
  answer.status = refusal.status;
  json::Writer writer(answer.body);
  writer.begin_object();
  write_text(writer, "__type", std::string(prefix) + refusal.code);
  write_text(writer, "message", refusal.message);
  if (!refusal.item.empty()) {
    writer.key("Item");
    writer.raw(refusal.item);
  }
  writer.end_object();
  return answer;
}

std::unexpected<ServiceError> bad_input(const std::string& message) {
  return refuse("ValidationException", "1 validation error detected: " + message);
}

std::string WireInput::text(std::string_view name) const {
  return std::string(json::string_member(body_, name).value_or(""));
}

std::optional<std::string> WireInput::optional_text(std::string_view name) const {
  const auto value = json::string_member(body_, name);
  return value ? std::optional(std::string(*value)) : std::nullopt;
}

int64_t WireInput::number(std::string_view name, int64_t otherwise) const {
  return json::int_member(body_, name).value_or(otherwise);
}

std::optional<WireInput> WireInput::object(std::string_view name) const {
  const auto found = json::member(body_, name);
  return found && found->is_object() ? std::optional(WireInput(*found)) : std::nullopt;
}

void write_time(json::Writer& writer, std::string_view name, Timestamp time) {
  const int64_t ms = to_micros(time) / 1000;
  writer.key(name);
  writer.number(fmt::format("{}.{:03}", ms / 1000, ms % 1000));
}

void write_text(json::Writer& writer, std::string_view name, std::string_view text) {
  writer.key(name);
  writer.string(text);
}

void write_number(json::Writer& writer, std::string_view name, int64_t number) {
  writer.key(name);
  writer.number(number);
}

}  // namespace ctk::sim
