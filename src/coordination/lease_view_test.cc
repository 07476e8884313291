#include "coordination/lease_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordination/lease_lineage.h"

namespace ctk::coordination {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

aws::ShardId id(const char* name) { return aws::ShardId(name); }

Lease row(const char* shard, int64_t counter = 0, const char* checkpoint = "TRIM_HORIZON",
          std::vector<aws::ShardId> parents = {}, std::vector<aws::ShardId> children = {}) {
  return {.shard = id(shard),
          .owner = {},
          .checkpoint_owner = {},
          .counter = counter,
          .checkpoint = parse_checkpoint(checkpoint, 0).value(),
          .parents = std::move(parents),
          .children = std::move(children)};
}

LeaseView::Rows rows(std::vector<Lease> leases) {
  LeaseView view;
  view.scanned(std::move(leases), seconds(0), seconds(0));
  return view.rows();
}

TEST(LeaseView, CountsFromTheFirstSightOfACounter) {
  LeaseView view;
  view.scanned({row("a", 1)}, seconds(99), seconds(100));
  view.scanned({row("a", 1)}, seconds(104), seconds(105));
  EXPECT_EQ(view.find(id("a"))->since, seconds(100));
  Lease asked = row("a", 1);
  asked.owner = WorkerName("x");
  view.saw(asked, seconds(106));
  EXPECT_EQ(view.find(id("a"))->since, seconds(100)) << "whoever asks renews nothing";
  view.saw(row("a", 2), seconds(107));
  EXPECT_EQ(view.find(id("a"))->since, seconds(107));
}

TEST(LeaseView, KnowsWhichCountersHaveMoved) {
  LeaseView view;
  view.scanned({row("a", 1)}, seconds(99), seconds(100));
  EXPECT_FALSE(view.find(id("a"))->has_moved) << "it may be all that is left of its holder";
  view.scanned({row("a", 1)}, seconds(104), seconds(105));
  EXPECT_FALSE(view.find(id("a"))->has_moved);
  view.scanned({row("a", 2)}, seconds(107), seconds(108));
  EXPECT_TRUE(view.find(id("a"))->has_moved);
}

TEST(LeaseView, IsNotTakenBackByAScanThatLags) {
  LeaseView view;
  view.saw(row("a", 5), seconds(100));
  view.saw(row("new", 0), seconds(100));
  view.scanned({row("a", 4)}, seconds(101), seconds(101));
  EXPECT_EQ(view.find(id("a"))->lease.counter, 5);
  EXPECT_NE(view.find(id("new")), nullptr);
  view.scanned({row("a", 4)}, seconds(106), seconds(106));
  EXPECT_EQ(view.find(id("a"))->lease.counter, 4) << "the row was made anew";
  EXPECT_EQ(view.find(id("new")), nullptr);
}

TEST(LeaseLineage, MakesParentsRowsFirst) {
  const std::vector<WantedLease> wanted{{.shard = id("c"), .parents = {id("b")}},
                                        {.shard = id("b"), .parents = {id("a"), id("trimmed")}},
                                        {.shard = id("a")}};
  const auto missing = missing_leases(wanted, {});
  EXPECT_EQ(missing.size(), 3u);
  EXPECT_THAT(leases_to_make(missing), ElementsAre(wanted[2]));
  EXPECT_THAT(leases_to_make(missing_leases(wanted, rows({row("a")}))), ElementsAre(wanted[1]));
  EXPECT_THAT(missing_leases(wanted, rows({row("a"), row("b"), row("c")})), IsEmpty());
}

TEST(LeaseLineage, MakesNoRowAboveOneThatIsThere) {
  const std::vector<WantedLease> wanted{
      {.shard = id("a")}, {.shard = id("b"), .parents = {id("a")}}, {.shard = id("c"), .parents = {id("b")}}};
  EXPECT_THAT(missing_leases(wanted, rows({row("c", 1, "77")})), IsEmpty());
  // Of a child that the listing does not have yet, the row knows the parents.
  EXPECT_THAT(missing_leases(wanted, rows({row("d", 1, "77", {id("c")})})), IsEmpty());
  EXPECT_THAT(missing_leases(wanted, rows({row("b", 1, "77")})), ElementsAre(wanted[2]));
}

/// As long as its children are not being read, a finished shard's row stays: who does not see it knows nothing of the
/// shard.
TEST(LeaseLineage, MakesThoseAboveOneThatIsNotBeingRead) {
  const std::vector<WantedLease> wanted{
      {.shard = id("a")}, {.shard = id("b"), .parents = {id("a")}}, {.shard = id("c"), .parents = {id("b")}}};
  EXPECT_THAT(missing_leases(wanted, rows({row("c")})), ElementsAre(wanted[0], wanted[1]));
  EXPECT_THAT(missing_leases(wanted, rows({row("b", 1, "77"), row("c")})), IsEmpty());
  EXPECT_THAT(missing_leases(wanted, rows({row("b"), row("c", 1, "77")})), ElementsAre(wanted[0]))
      << "b, whose row was made anew, waits for its end";
  EXPECT_THAT(missing_leases(wanted, rows({row("c", 1, "AT_TIMESTAMP")})), IsEmpty()) << "reading may have begun with it";
  EXPECT_THAT(unread_leases(wanted, rows({row("c", 1, "AT_TIMESTAMP")})), ElementsAre(wanted[0], wanted[1]));
  EXPECT_THAT(unread_leases(wanted, rows({row("c", 1, "77")})), IsEmpty());
}

/// Or what was read long ago, and whose row went, is read again by a worker that comes now.
TEST(LeaseLineage, NorAboveAFinishedOneThatNeedsNone) {
  const std::vector<WantedLease> wanted{{.shard = id("a")},
                                        {.shard = id("b"), .parents = {id("a")}, .position = Position::shard_end()},
                                        {.shard = id("other"), .parents = {}, .position = Position::shard_end()}};
  EXPECT_THAT(missing_leases(wanted, rows({row("c", 0, "77", {id("b")})})), IsEmpty());
  EXPECT_THAT(missing_leases(wanted, {}), ElementsAre(wanted[0]));
}

TEST(LeaseLineage, WaitsForParentsThatAreNotAtTheirEnd) {
  const Lease child = row("c", 0, "TRIM_HORIZON", {id("a"), id("b")});
  EXPECT_TRUE(waits_for_parents(child, rows({row("a", 1, "SHARD_END"), row("b", 1, "77")})));
  EXPECT_FALSE(waits_for_parents(child, rows({row("a", 1, "SHARD_END")})));
  EXPECT_THAT(parents_without_row(child, rows({row("a", 1, "SHARD_END")})), ElementsAre(id("b")));
}

TEST(LeaseLineage, RemovesByTheLibrarysRule) {
  const Lease end = row("p", 1, "SHARD_END", {id("g")}, {id("a"), id("b")});
  const auto removable = [&](std::vector<Lease> others) { return is_removable(end, rows(std::move(others))); };
  EXPECT_TRUE(removable({row("a", 1, "77"), row("b", 1, "SHARD_END")}));
  EXPECT_TRUE(removable({row("a", 1, "LATEST"), row("b", 1, "77")}));
  EXPECT_FALSE(removable({row("a", 1, "77"), row("b")}));
  EXPECT_FALSE(removable({row("a", 1, "77"), row("b", 1, "AT_TIMESTAMP")}));
  EXPECT_FALSE(removable({row("a", 1, "77")}));
  EXPECT_FALSE(removable({row("a", 1, "77"), row("b", 1, "77"), row("g", 1, "SHARD_END")}));
  EXPECT_FALSE(is_removable(row("p", 1, "77", {}, {id("a")}), rows({row("a", 1, "77")})));
  EXPECT_FALSE(is_removable(row("p", 1, "SHARD_END"), {}));
}

}  // namespace
}  // namespace ctk::coordination
