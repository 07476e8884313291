// Whether a table in DynamoDB is the one that a table in the target was loaded from. Pure.
#pragma once

#include "coordination/position_store.h"

namespace ctk::verify {

/// `stored`: of the target's record (a table's, its stream's, a Kinesis stream's or a file's); `table`: of the table as it
/// is described now. Both are an ARN and the time at which it was made. False where they cannot be of one table: another
/// region, account or name, or one that was made after the stream which the target follows. A file may be anybody's.
bool is_same_table(const coordination::Incarnation& stored, const coordination::Incarnation& table);

}  // namespace ctk::verify
