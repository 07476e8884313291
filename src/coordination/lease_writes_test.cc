#include "coordination/lease_writes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::coordination {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const aws::TableName kTable("leases");
const aws::ShardId kShard("s");
const WorkerName kMe("me"), kOther("other");

aws::ItemWrite made(const LeaseWrite& write) {
  aws::ItemWrite out = to_item_write(write, kTable);
  EXPECT_EQ(out.table, kTable);
  EXPECT_EQ(shard_of(write), kShard);
  return out;
}

Lease row(int64_t counter, const WorkerName& owner, const WorkerName& checkpoint_owner = {}) {
  return {.shard = kShard, .owner = owner, .checkpoint_owner = checkpoint_owner, .counter = counter};
}

TEST(LeaseWrites, CreateARowWhereThereIsNone) {
  const aws::ItemWrite put = made(CreateLease{row(0, {})});
  EXPECT_EQ(put.kind, aws::ItemWrite::Kind::put);
  EXPECT_EQ(put.subject, lease_item(row(0, {})));
  EXPECT_EQ(put.condition, "attribute_not_exists(#leaseKey)");
}

TEST(LeaseWrites, TakeByTheCounter) {
  const aws::ItemWrite take = made(TakeLease{kShard, 7, kMe, true});
  EXPECT_EQ(take.kind, aws::ItemWrite::Kind::update);
  EXPECT_EQ(take.subject, R"({"leaseKey":{"S":"s"}})");
  EXPECT_EQ(take.condition, "#leaseCounter = :seen_leaseCounter");
  EXPECT_EQ(take.update,
            "SET #leaseCounter = :leaseCounter, #leaseOwner = :leaseOwner REMOVE #checkpointOwner "
            "ADD #ownerSwitchesSinceCheckpoint :ownerSwitchesSinceCheckpoint");
  EXPECT_EQ(take.names,
            (std::map<std::string, std::string>{{"#leaseCounter", "leaseCounter"},
                                                {"#leaseOwner", "leaseOwner"},
                                                {"#checkpointOwner", "checkpointOwner"},
                                                {"#ownerSwitchesSinceCheckpoint", "ownerSwitchesSinceCheckpoint"}}));
  EXPECT_EQ(take.values, (std::map<std::string, std::string>{{":seen_leaseCounter", R"({"N":"7"})"},
                                                             {":leaseCounter", R"({"N":"8"})"},
                                                             {":leaseOwner", R"({"S":"me"})"},
                                                             {":ownerSwitchesSinceCheckpoint", R"({"N":"1"})"}}));
  EXPECT_THAT(made(TakeLease{kShard, 7, kMe, false}).update, Not(HasSubstr("ADD")));
}

TEST(LeaseWrites, SayWhatALeaseCarriesInTheLibrarysForm) {
  const aws::ItemWrite renewal = made(HoldLease{.shard = kShard, .counter = 7, .worker = kMe, .throughput = 1.25});
  EXPECT_EQ(renewal.update, "SET #leaseCounter = :leaseCounter, #throughputKBps = :throughputKBps");
  EXPECT_EQ(renewal.values.at(":throughputKBps"), R"({"N":"1.250000"})");
}

TEST(LeaseWrites, RenewOnlyWhereNobodyAsks) {
  const aws::ItemWrite renewal = made(HoldLease{.shard = kShard, .counter = 7, .worker = kMe});
  EXPECT_EQ(renewal.condition, "#leaseCounter = :seen_leaseCounter AND attribute_not_exists(#checkpointOwner)");
  EXPECT_EQ(renewal.update, "SET #leaseCounter = :leaseCounter");
  EXPECT_EQ(made(HoldLease{.shard = kShard, .counter = 7, .worker = kMe, .asked_by = kOther}).condition,
            "#leaseCounter = :seen_leaseCounter");
}

TEST(LeaseWrites, StoreProgressWithTheRenewal) {
  const LeaseProgress progress{.checkpoint = parse_checkpoint("0100", 0).value(),
                               .own = {"0100", from_micros(9), 3, Incarnation("arn/1")},
                               .children = {aws::ShardId("a"), aws::ShardId("b")}};
  const aws::ItemWrite write = made(HoldLease{.shard = kShard, .counter = 7, .worker = kMe, .progress = progress});
  EXPECT_EQ(write.update,
            "SET #leaseCounter = :leaseCounter, #checkpoint = :checkpoint, "
            "#checkpointSubSequenceNumber = :checkpointSubSequenceNumber, "
            "#ownerSwitchesSinceCheckpoint = :ownerSwitchesSinceCheckpoint, #childShardIds = :childShardIds, "
            "#ctkPosition = :ctkPosition, #ctkReadTo = :ctkReadTo, #ctkEpoch = :ctkEpoch, "
            "#ctkIncarnation = :ctkIncarnation REMOVE #pendingCheckpoint, #pendingCheckpointSubSequenceNumber, "
            "#pendingCheckpointState");
  EXPECT_EQ(write.values.at(":checkpoint"), R"({"S":"0100"})");
  EXPECT_EQ(write.values.at(":childShardIds"), R"({"SS":["a","b"]})");
  EXPECT_EQ(write.values.at(":ownerSwitchesSinceCheckpoint"), R"({"N":"0"})");
  EXPECT_EQ(write.values.at(":ctkReadTo"), R"({"N":"9"})");
}

TEST(LeaseWrites, LetGo) {
  const aws::ItemWrite release =
      made(HoldLease{.shard = kShard, .counter = 7, .worker = kMe, .after = LeaseAfter::released});
  EXPECT_EQ(release.condition, "#leaseCounter = :seen_leaseCounter AND attribute_not_exists(#checkpointOwner)");
  EXPECT_EQ(release.update, "SET #leaseCounter = :leaseCounter REMOVE #leaseOwner");
  const HoldLease hand_over{
      .shard = kShard, .counter = 7, .worker = kMe, .after = LeaseAfter::handed_over, .asked_by = kOther};
  EXPECT_EQ(made(hand_over).condition, "#leaseCounter = :seen_leaseCounter AND #checkpointOwner = :seen_checkpointOwner");
  EXPECT_EQ(made(hand_over).update,
            "SET #leaseCounter = :leaseCounter REMOVE #checkpointOwner "
            "ADD #ownerSwitchesSinceCheckpoint :ownerSwitchesSinceCheckpoint");
  HoldLease with_progress = hand_over;
  with_progress.progress = LeaseProgress{.checkpoint = parse_checkpoint("1", 0).value()};
  EXPECT_THAT(made(with_progress).update, AllOf(Not(HasSubstr("ADD")), HasSubstr("#ownerSwitchesSinceCheckpoint = ")));
  EXPECT_EQ(made(with_progress).values.at(":ownerSwitchesSinceCheckpoint"), R"({"N":"1"})");
}

TEST(LeaseWrites, AskWithoutTouchingTheCounter) {
  const aws::ItemWrite ask = made(AskForLease{kShard, kOther, kMe});
  EXPECT_EQ(ask.condition, "#leaseOwner = :seen_leaseOwner AND attribute_not_exists(#checkpointOwner)");
  EXPECT_EQ(ask.update, "SET #leaseOwner = :leaseOwner, #checkpointOwner = :checkpointOwner");
  EXPECT_EQ(ask.values.at(":leaseOwner"), R"({"S":"me"})");
  EXPECT_EQ(ask.values.at(":checkpointOwner"), R"({"S":"other"})");
}

TEST(LeaseWrites, TakeARequestBack) {
  const aws::ItemWrite write = made(AskForLease{kShard, kOther, kMe, true});
  EXPECT_EQ(write.condition, "#leaseOwner = :seen_leaseOwner AND #checkpointOwner = :seen_checkpointOwner");
  EXPECT_EQ(write.update, "SET #leaseOwner = :leaseOwner REMOVE #checkpointOwner");
  EXPECT_EQ(write.values.at(":leaseOwner"), R"({"S":"other"})");
  EXPECT_EQ(write.values.at(":seen_leaseOwner"), R"({"S":"me"})");
}

TEST(LeaseWrites, RemoveByTheCounter) {
  const aws::ItemWrite removal = made(RemoveLease{kShard, 7});
  EXPECT_EQ(removal.kind, aws::ItemWrite::Kind::remove);
  EXPECT_EQ(removal.condition, "#leaseCounter = :leaseCounter");
  EXPECT_EQ(removal.values.at(":leaseCounter"), R"({"N":"7"})");
}

// Statement 3: what a row says of a write whose answer was lost.
TEST(LeaseVerdict, TellsWhetherATakeWasDone) {
  const TakeLease take{kShard, 7, kMe, true};
  EXPECT_EQ(judge(take, row(8, kMe)), WriteVerdict::applied);
  EXPECT_EQ(judge(take, row(7, kOther)), WriteVerdict::not_applied);
  EXPECT_EQ(judge(take, row(8, kOther)), WriteVerdict::lost);
  EXPECT_EQ(judge(take, row(9, kMe)), WriteVerdict::lost);
  EXPECT_EQ(judge(take, row(8, kOther, kMe)), WriteVerdict::lost);
  EXPECT_EQ(judge(take, std::nullopt), WriteVerdict::lost);
}

TEST(LeaseVerdict, TellsWhetherARenewalWasDone) {
  const HoldLease renewal{.shard = kShard, .counter = 7, .worker = kMe};
  EXPECT_EQ(judge(renewal, row(8, kMe)), WriteVerdict::applied);
  EXPECT_EQ(judge(renewal, row(7, kMe)), WriteVerdict::not_applied);
  EXPECT_EQ(judge(renewal, row(7, kOther, kMe)), WriteVerdict::not_applied);
  EXPECT_EQ(judge(renewal, row(8, kOther)), WriteVerdict::lost);
  EXPECT_EQ(judge(renewal, row(8, {})), WriteVerdict::lost);
  EXPECT_EQ(judge(renewal, std::nullopt), WriteVerdict::lost);
  // Version 2 of the library takes a lease and leaves the request of another one in its row.
  EXPECT_EQ(judge(renewal, row(8, kOther, kMe)), WriteVerdict::lost);
}

TEST(LeaseVerdict, TellsACheckpointFromARenewalThatWentBeforeIt) {
  HoldLease checkpoint{.shard = kShard, .counter = 7, .worker = kMe};
  checkpoint.progress = LeaseProgress{.checkpoint = parse_checkpoint("100", 0).value(), .own = {.position = "100"}};
  Lease stored = row(8, kMe);
  EXPECT_EQ(judge(checkpoint, stored), WriteVerdict::mine_since);
  stored.checkpoint = checkpoint.progress->checkpoint;
  EXPECT_EQ(judge(checkpoint, stored), WriteVerdict::mine_since);
  stored.own.position = "100";
  EXPECT_EQ(judge(checkpoint, stored), WriteVerdict::applied);
  checkpoint.progress->children = {aws::ShardId("c")};
  EXPECT_EQ(judge(checkpoint, stored), WriteVerdict::mine_since);
}

TEST(LeaseVerdict, TellsWhatBecameOfALeaseThatWasLetGo) {
  HoldLease write{.shard = kShard, .counter = 7, .worker = kMe, .after = LeaseAfter::released};
  EXPECT_EQ(judge(write, row(8, {})), WriteVerdict::applied);
  EXPECT_EQ(judge(write, row(8, kMe)), WriteVerdict::mine_since);
  write.after = LeaseAfter::handed_over;
  write.asked_by = kOther;
  EXPECT_EQ(judge(write, row(8, kOther)), WriteVerdict::applied);
  EXPECT_EQ(judge(write, row(8, kOther, kMe)), WriteVerdict::mine_since);
  EXPECT_EQ(judge(write, row(7, kOther, kMe)), WriteVerdict::not_applied);
  EXPECT_EQ(judge(write, row(8, WorkerName("third"), kMe)), WriteVerdict::lost);
}

TEST(LeaseVerdict, TellsWhetherARequestStands) {
  const AskForLease ask{kShard, kOther, kMe};
  EXPECT_EQ(judge(ask, row(7, kMe, kOther)), WriteVerdict::applied);
  EXPECT_EQ(judge(ask, row(8, kMe)), WriteVerdict::applied);
  EXPECT_EQ(judge(ask, row(7, kOther)), WriteVerdict::not_applied);
  EXPECT_EQ(judge(ask, row(7, WorkerName("third"), kOther)), WriteVerdict::lost);
  EXPECT_EQ(judge(ask, row(7, {})), WriteVerdict::lost);
}

}  // namespace
}  // namespace ctk::coordination
