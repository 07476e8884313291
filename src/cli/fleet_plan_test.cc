#include "cli/fleet_plan.h"

#include <gmock/gmock.h>

namespace ctk::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

const aws::Environment kEnvironment = {{}, "/home", [](const std::string&) { return std::nullopt; }};

Result<FleetPlan> plan(const std::string& text, const FlagValues& flags = {}) {
  const auto config = read_config(text, "relays.toml", kEnvironment);
  if (!config) return std::unexpected(config.error());
  return plan_fleet(*config, flags, kEnvironment, [](const std::string&) { return false; });
}

FleetPlan planned(const std::string& text, const FlagValues& flags = {}) {
  auto result = plan(text, flags);
  if (result) return std::move(*result);
  ADD_FAILURE() << to_string(result.error());
  return {};
}

std::string refused(const std::string& text, const FlagValues& flags = {}) {
  const auto result = plan(text, flags);
  return result ? "accepted" : to_string(result.error());
}

const std::string kOrders =
    "[[relay]]\nsource = \"dynamodb+cdc://aws/orders?region=us-east-1\"\ntarget = \"sqlite:///a.db?table=orders\"\n";
const std::string kUsers =
    "[[relay]]\nsource = \"kinesis+dynamodb+cdc://aws/users?region=us-east-1\"\ntarget = \"sqlite:///a.db?table=users\"\n";

TEST(FleetPlan, PlansEachAsItsOwnCommandLine) {
  const FleetPlan fleet = planned(kOrders + "positions-name = \"mine\"\non-gap = \"skip\"\n" + kUsers);
  ASSERT_EQ(fleet.relays.size(), 2u);
  EXPECT_EQ(fleet.relays[0].name, "mine");
  EXPECT_EQ(fleet.relays[0].plan.relay.on_gap, relay::OnGap::skip);
  EXPECT_EQ(fleet.relays[0].plan.relay.positions_name, "mine");
  EXPECT_EQ(fleet.relays[1].name, "kinesis:users@users");
  EXPECT_EQ(fleet.relays[1].plan.relay.on_gap, relay::OnGap::stop);
  EXPECT_THAT(fleet.relays[1].plan.relay.reset_command,
              StartsWith("ctk load 'kinesis+dynamodb+cdc://aws/users?region=us-east-1'"));
}

TEST(FleetPlan, OnesOfTheSameNameAreRefused) {
  EXPECT_THAT(refused(kOrders + "positions-name = \"x\"\n" + kUsers + "positions-name = \"x\"\n"),
              StartsWith("relays.toml:8:18: two relays have the name \"x\", the other one at line 4"));
  EXPECT_THAT(refused(kOrders + kOrders), StartsWith("relays.toml:4:1: two relays have the name \"dynamodb:orders@"));
  planned(kOrders + kOrders + "positions-name = \"another\"\n");
}

TEST(FleetPlan, WhatAUrlSaysWrongStandsAtTheUrl) {
  EXPECT_THAT(refused("[[relay]]\nsource = \"dynamo+cdc://aws/t?region=x\"\ntarget = \"sqlite:///a.db\"\n"),
              StartsWith("relays.toml:2:10: unknown scheme"));
  EXPECT_THAT(refused("[[relay]]\nsource = \"dynamodb+cdc://aws/t12?region=x\"\ntarget = \"sqlit:///a.db\"\n"),
              StartsWith("relays.toml:3:10: "));
}

TEST(FleetPlan, WhatOptionsSayWrongStandsAtTheRelay) {
  EXPECT_THAT(refused("\n" + kUsers + "start = \"timestamp\"\n"), StartsWith("relays.toml:2:1: "));
  EXPECT_THAT(refused("[[relay]]\nsource = \"file+dynamodb+cdc:x\"\n"), StartsWith("relays.toml:1:1: "));
}

TEST(FleetPlan, DefaultsThatMeanNothingToARelayAreNoneOfIt) {
  const FleetPlan fleet = planned("[defaults]\nconnections = 3\nenable-stream = true\n" + kOrders + kUsers);
  EXPECT_TRUE(std::get<TablePlan>(fleet.relays.at(0).plan.source.from).enable_stream);
  EXPECT_THAT(refused(kOrders + "connections = 3\n"), HasSubstr("connections is for")) << "it was asked for";
}

TEST(FleetPlan, OneBudgetIsAllTheirs) {
  const FleetPlan fleet = planned("[defaults]\nmax-memory = \"64MB\"\n" + kOrders + "max-memory = \"8MB\"\n" + kUsers);
  EXPECT_EQ(fleet.max_memory, 64u << 20);
  EXPECT_EQ(fleet.relays[0].plan.relay.max_memory, 8u << 20) << "its own bound";
  EXPECT_GT(fleet.relays[1].plan.relay.max_memory, fleet.max_memory);
  EXPECT_EQ(planned("max-memory = \"16MB\"\n[defaults]\nmax-memory = \"64MB\"\n" + kOrders).max_memory, 16u << 20);
  EXPECT_EQ(planned("max-memory = \"16MB\"\n" + kOrders, {{"max-memory", "128MB"}}).max_memory, 128u << 20);
}

TEST(FleetPlan, FlagsWin) {
  const FleetPlan fleet = planned("exit-on-failure = false\ngrace = \"20s\"\n" + kOrders + "once = false\n",
                                  {{"exit-on-failure", "true"}, {"once", "true"}, {"grace", "10s"}});
  EXPECT_TRUE(fleet.exit_on_failure);
  EXPECT_EQ(fleet.grace, 10s);
  EXPECT_EQ(fleet.relays[0].plan.relay.deadlines.grace, 9s);
  EXPECT_TRUE(fleet.relays[0].plan.relay.once);
}

TEST(FleetPlan, WhereToListenIsCheckedLikeTheFlag) {
  EXPECT_EQ(planned("listen = \"127.0.0.1:8080\"\n" + kOrders).listen->port, 8080);
  EXPECT_THAT(refused("listen = \"nonsense\"\n" + kOrders), StartsWith("relays.toml:1:10: option --listen"));
}

TEST(FleetPlan, ARelayRunsAsAnotherWhereNothingOfItHasChanged) {
  const FleetPlan before = planned(kOrders + kUsers);
  EXPECT_TRUE(before.relays[0].runs_as(planned("max-memory = \"64MB\"\n" + kUsers + kOrders).relays[1]));
  EXPECT_FALSE(before.relays[0].runs_as(planned(kOrders + "on-gap = \"skip\"\n").relays[0]));
}

}  // namespace
}  // namespace ctk::cli
