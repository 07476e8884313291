// What SQLite is like.
#include "table/target_parts.h"

namespace ctk::table {

constinit const TargetTraits kSqliteTraits = {
    .product = "SQLite",
    .columns = {.refused = kNul, .taken = kOwnColumns, .folds_case = true},
    .tables = {.refused = kNul, .taken = kOwnTables, .taken_prefix = "sqlite_", .folds_case = true},
    // A declared numeric type is an affinity, which makes one key of two.
    .keys = {.number = ColumnType::untyped, .numbers = kAllNumbers, .binaries = kTextOrBinary},
    .transactions = true,
    .savepoints = true,
    .ddl_in_transactions = true,
    .row_names = RowNames::row_id,
    .stale_rows = StaleRows::counted,
};

}  // namespace ctk::table
