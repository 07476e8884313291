// A load whose segments many workers share, each of which decides by itself what there is to do: from what is durable
// alone, so that all come to the same. Its epoch is begun and ended in `ctk_tables`, by whoever comes first. Pure.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "coordination/position_store.h"
#include "coordination/table_record.h"
#include "shards/walk.h"

namespace ctk::load {

/// How many segments. Nothing that workers may see differently counts, such as the table's size.
int choose_shared_segments(std::optional<int> given);

/// Whether the relay has read its stream already: then no load begins, only one that runs is gone on with. What other
/// workers read meanwhile would be written in the older epoch, and lost to the load's rows.
bool has_read_stream(const std::vector<coordination::StoredPosition>& rows);

/// Why a relay with these positions cannot take part in the table's load, if so: it was never begun, or there are positions
/// that were stored before it.
std::optional<Error> refuse_shared_load(const std::vector<coordination::StoredPosition>& rows,
                                        const coordination::TableRecord& record);

/// The segments of the record's epoch that are to be read, with where they stand: those that have `rows`, and of `planned`
/// the others.
std::vector<coordination::StoredPosition> segments_to_read(const std::vector<coordination::StoredPosition>& rows,
                                                           const std::vector<coordination::NewShard>& planned,
                                                           const coordination::TableRecord& record);

/// Whether the segment is of an older load than the record's. Those of the last one stay, so that every worker can see that
/// they have ended.
bool is_left_of_older_load(const aws::ShardId& shard, const coordination::TableRecord& record);

/// Which of the `known` shards have nothing from before the load's end left to be applied: those whose `rows`, under its
/// epoch, say that they were open and read past it, and whatever comes of such a one, which was opened later. `before`:
/// those of which it was known already. So a stream whose shards roll all the time is past the end at some time, too.
std::set<aws::ShardId> shards_past_load(const coordination::TableRecord& record,
                                        const std::vector<shards::KnownShard>& known,
                                        const std::vector<coordination::StoredPosition>& rows,
                                        std::set<aws::ShardId> before);

/// Whether all known shards of the stream that are not finished are `past` the load.
bool are_all_past_load(const std::vector<shards::KnownShard>& known, const std::set<aws::ShardId>& past);

}  // namespace ctk::load
