#include "coordination/lease_writes.h"

#include <fmt/format.h>

namespace ctk::coordination {
namespace {

/// Gathers an UpdateItem: its clauses, and a placeholder for each attribute, since some of DynamoDB's many reserved words
/// are the names of attributes that people choose.
class Update {
 public:
  Update(const aws::TableName& table, const aws::ShardId& shard) {
    write_.table = table;
    write_.kind = aws::ItemWrite::Kind::update;
    write_.subject = lease_key(shard);
  }

  void set(const std::string& attribute, std::string value) {
    add(sets_, name(attribute) + " = " + this->value(attribute, std::move(value)));
  }
  void remove(const std::string& attribute) { add(removes_, name(attribute)); }
  void increase(const std::string& attribute, int64_t by) {
    add(adds_, name(attribute) + " " + value(attribute, number_value(by)));
  }
  void require(const std::string& attribute, std::string value) {
    also(name(attribute) + " = " + this->value("seen_" + attribute, std::move(value)));
  }
  void require_absent(const std::string& attribute) { also("attribute_not_exists(" + name(attribute) + ")"); }

  aws::ItemWrite end() {
    const auto section = [&](const char* word, const std::string& clauses) {
      if (clauses.empty()) return;
      if (!write_.update.empty()) write_.update += " ";
      write_.update += word + clauses;
    };
    section("SET ", sets_);
    section("REMOVE ", removes_);
    section("ADD ", adds_);
    return std::move(write_);
  }

 private:
  std::string name(const std::string& attribute) {
    std::string placeholder = "#" + attribute;
    write_.names[placeholder] = attribute;
    return placeholder;
  }
  std::string value(const std::string& attribute, std::string value) {
    std::string placeholder = ":" + attribute;
    write_.values[placeholder] = std::move(value);
    return placeholder;
  }
  static void add(std::string& clauses, const std::string& clause) {
    if (!clauses.empty()) clauses += ", ";
    clauses += clause;
  }
  void also(const std::string& condition) {
    if (!write_.condition.empty()) write_.condition += " AND ";
    write_.condition += condition;
  }

  aws::ItemWrite write_;
  std::string sets_, removes_, adds_;
};

aws::ItemWrite item_write(const CreateLease& create, const aws::TableName& table) {
  return {.table = table,
          .kind = aws::ItemWrite::Kind::put,
          .subject = lease_item(create.lease),
          .update = {},
          .condition = "attribute_not_exists(#leaseKey)",
          .names = {{"#leaseKey", "leaseKey"}},
          .values = {}};
}

aws::ItemWrite item_write(const TakeLease& take, const aws::TableName& table) {
  Update update(table, take.shard);
  update.require("leaseCounter", number_value(take.counter));
  update.set("leaseCounter", number_value(take.counter + 1));
  update.set("leaseOwner", text_value(take.worker.str()));
  update.remove("checkpointOwner");
  if (take.from_other) update.increase("ownerSwitchesSinceCheckpoint", 1);
  return update.end();
}

void set_progress(Update& update, const LeaseProgress& progress, int64_t owner_switches) {
  update.set("checkpoint", text_value(to_string(progress.checkpoint)));
  update.set("checkpointSubSequenceNumber", number_value(progress.checkpoint.sub_sequence));
  update.set("ownerSwitchesSinceCheckpoint", number_value(owner_switches));
  if (!progress.children.empty()) update.set("childShardIds", text_set_value(progress.children));
  const OwnProgress& own = progress.own;
  if (!own.position.empty()) update.set("ctkPosition", text_value(own.position));
  if (own.read_to != kNoTime) update.set("ctkReadTo", number_value(to_micros(own.read_to)));
  if (own.epoch != 0) update.set("ctkEpoch", number_value(own.epoch));
  if (!own.incarnation.empty()) update.set("ctkIncarnation", text_value(own.incarnation.str()));
  for (const char* pending : {"pendingCheckpoint", "pendingCheckpointSubSequenceNumber", "pendingCheckpointState"}) {
    update.remove(pending);
  }
}

aws::ItemWrite item_write(const HoldLease& hold, const aws::TableName& table) {
  Update update(table, hold.shard);
  const bool hands_over = hold.after == LeaseAfter::handed_over;
  update.require("leaseCounter", number_value(hold.counter));
  if (hands_over) {
    update.require("checkpointOwner", text_value(hold.worker.str()));
  } else if (hold.asked_by.empty()) {
    update.require_absent("checkpointOwner");
  }
  update.set("leaseCounter", number_value(hold.counter + 1));
  if (hold.progress) set_progress(update, *hold.progress, hands_over ? 1 : 0);
  if (hold.throughput) update.set("throughputKBps", fmt::format(R"({{"N":"{:.6f}"}})", *hold.throughput));
  if (hold.after == LeaseAfter::released) update.remove("leaseOwner");
  if (hands_over) update.remove("checkpointOwner");
  if (hands_over && !hold.progress) update.increase("ownerSwitchesSinceCheckpoint", 1);
  return update.end();
}

aws::ItemWrite item_write(const AskForLease& ask, const aws::TableName& table) {
  Update update(table, ask.shard);
  if (ask.withdrawn) {
    update.require("leaseOwner", text_value(ask.worker.str()));
    update.require("checkpointOwner", text_value(ask.owner.str()));
    update.set("leaseOwner", text_value(ask.owner.str()));
    update.remove("checkpointOwner");
    return update.end();
  }
  update.require("leaseOwner", text_value(ask.owner.str()));
  update.require_absent("checkpointOwner");
  update.set("leaseOwner", text_value(ask.worker.str()));
  update.set("checkpointOwner", text_value(ask.owner.str()));
  return update.end();
}

aws::ItemWrite item_write(const RemoveLease& remove, const aws::TableName& table) {
  return {.table = table,
          .kind = aws::ItemWrite::Kind::remove,
          .subject = lease_key(remove.shard),
          .update = {},
          .condition = "#leaseCounter = :leaseCounter",
          .names = {{"#leaseCounter", "leaseCounter"}},
          .values = {{":leaseCounter", number_value(remove.counter)}}};
}

bool has_progress(const Lease& row, const LeaseProgress& progress) {
  const bool same_own = row.own.position == progress.own.position &&
                        (progress.own.read_to == kNoTime || row.own.read_to == progress.own.read_to);
  return row.checkpoint == progress.checkpoint && same_own &&
         (progress.children.empty() || row.children == progress.children);
}

/// Whether the row is the worker's as it knows it. A library of version 2 that takes a lease leaves `checkpointOwner` as it
/// is: so a request that was not known before proves nothing, once the counter has moved.
bool is_held(const HoldLease& write, const Lease& row) {
  if (write.asked_by.empty()) return row.owner == write.worker && !row.handed_over();
  return row.owner == write.asked_by && row.checkpoint_owner == write.worker;
}

bool is_after(const HoldLease& write, const Lease& row) {
  switch (write.after) {
    case LeaseAfter::kept: return is_held(write, row);
    case LeaseAfter::released: return row.owner.empty() && !row.handed_over();
    case LeaseAfter::handed_over: return row.owner == write.asked_by && !row.handed_over();
  }
  return false;
}

}  // namespace

const aws::ShardId& shard_of(const LeaseWrite& write) {
  struct Of {
    const aws::ShardId& operator()(const CreateLease& create) const { return create.lease.shard; }
    const aws::ShardId& operator()(const TakeLease& take) const { return take.shard; }
    const aws::ShardId& operator()(const HoldLease& hold) const { return hold.shard; }
    const aws::ShardId& operator()(const AskForLease& ask) const { return ask.shard; }
    const aws::ShardId& operator()(const RemoveLease& remove) const { return remove.shard; }
  };
  return std::visit(Of(), write);
}

std::string lease_key(const aws::ShardId& shard) { return R"({"leaseKey":)" + text_value(shard.str()) + "}"; }

aws::ItemWrite to_item_write(const LeaseWrite& write, const aws::TableName& table) {
  return std::visit([&](const auto& each) { return item_write(each, table); }, write);
}

WriteVerdict judge(const TakeLease& write, const std::optional<Lease>& row) {
  if (!row) return WriteVerdict::lost;
  if (row->counter == write.counter) return WriteVerdict::not_applied;
  const bool mine = row->owner == write.worker && !row->handed_over() && row->counter == write.counter + 1;
  return mine ? WriteVerdict::applied : WriteVerdict::lost;
}

WriteVerdict judge(const HoldLease& write, const std::optional<Lease>& row) {
  if (!row) return WriteVerdict::lost;
  if (row->counter == write.counter) {
    return row->holder() == write.worker ? WriteVerdict::not_applied : WriteVerdict::lost;
  }
  if (row->counter != write.counter + 1) return WriteVerdict::lost;
  if (is_after(write, *row) && (!write.progress || has_progress(*row, *write.progress))) return WriteVerdict::applied;
  return is_held(write, *row) ? WriteVerdict::mine_since : WriteVerdict::lost;
}

WriteVerdict judge(const AskForLease& write, const std::optional<Lease>& row) {
  if (!row) return WriteVerdict::lost;
  if (row->owner == write.worker) return WriteVerdict::applied;
  const bool as_before = row->owner == write.owner && !row->handed_over();
  return as_before ? WriteVerdict::not_applied : WriteVerdict::lost;
}

}  // namespace ctk::coordination
