#include "cli/status_values.h"

#include <algorithm>

#include "cli/shown_text.h"
#include "observe/progress.h"

namespace ctk::cli {

using json::Element;

std::string text_of(Element element, std::string_view name) {
  return shown_line(json::string_member(element, name).value_or("?"));
}

std::string relay_name_of(Element relay) {
  const std::string name = text_of(relay, "name");
  return name.empty() ? "(no name yet)" : name;
}

std::string health_of(Element relay) {
  const bool ready = json::bool_member(relay, "ready").value_or(false);
  if (json::bool_member(relay, "healthy").value_or(false)) return ready ? "healthy, caught up" : "healthy, catching up";
  const bool works = text_of(relay, "state") != "failed";
  return ready || !works ? "NOT healthy" : "NOT healthy, catching up";
}

std::optional<double> number_of(Element element, std::string_view name) {
  const auto value = json::member(element, name);
  double number = 0;
  if (!value || value->get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

uint64_t count_of(Element element, std::string_view name) {
  const double number = number_of(element, name).value_or(0);
  return number > 0 && number < 1e18 ? static_cast<uint64_t>(number) : 0;
}

bool was_loaded_before(json::Element load) {
  return !json::bool_member(load, "running").value_or(true) && number_of(load, "segments") == 0.0;
}

std::string duration_of(double seconds) {
  return observe::human_duration(Duration(static_cast<int64_t>(std::clamp(seconds, 0.0, 1e10) * 1e6)));
}

/// None where it is no array.
std::vector<Element> elements_of(Element element, std::string_view name) {
  std::vector<Element> elements;
  const auto value = json::member(element, name);
  json::Array array;
  if (!value || value->get(array) != simdjson::SUCCESS) return elements;
  for (const Element each : array) elements.push_back(each);
  return elements;
}

}  // namespace ctk::cli
