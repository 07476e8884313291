// What a stream of lines is like.
#include "table/target_parts.h"

namespace ctk::table {

constinit const TargetTraits kNdjsonTraits = {
    .product = "ndjson",
    .maps_names = false,
    .keys = {.binary = ColumnType::text, .numbers = kAllNumbers, .binaries = kTextOnly},
    .holds_own_tables = false,
    .folds = false,
};

}  // namespace ctk::table
