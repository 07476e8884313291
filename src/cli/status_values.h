// The values in what a `--listen` answers, whatever it answers: of an older or a newer ctk, or of somebody else. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/reader.h"

namespace ctk::cli {

/// As a terminal may show it; "?" where there is none.
std::string text_of(json::Element element, std::string_view name);
/// Of a relay, which has no name before its source was opened.
std::string relay_name_of(json::Element relay);
/// "healthy, caught up". What once was is left out where it may no longer be: a relay that is not healthy may be far
/// behind.
std::string health_of(json::Element relay);
std::optional<double> number_of(json::Element element, std::string_view name);
/// 0 where there is none.
uint64_t count_of(json::Element element, std::string_view name);
/// Of a load: it was complete before this run began, which has counted nothing of it.
bool was_loaded_before(json::Element load);
/// "1m30s".
std::string duration_of(double seconds);
/// None where it is no array.
std::vector<json::Element> elements_of(json::Element element, std::string_view name);

}  // namespace ctk::cli
