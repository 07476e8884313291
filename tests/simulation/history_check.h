// A history at rest, beside what the stream has told: every change once, in order, each until the next one.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "simulation/kept_history.h"
#include "simulation/upstream.h"

namespace ctk::simulation {

/// By key and order, as records have them: what came twice is one.
using RecordedChanges = std::map<std::string, std::map<std::string, StreamRecord>>;

/// `items`: what loads can have read. Changes from before `due` may be missing; kNoTime: none may.
std::optional<std::string> wrong_in_history(const KeptHistory& kept, const RecordedChanges& recorded, const History& items,
                                            Timestamp due);

}  // namespace ctk::simulation
