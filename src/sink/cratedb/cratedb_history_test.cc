// Histories on CrateDB, where a write may be broken off anywhere.
#include <gmock/gmock.h>

#include "sink/conformance_history_test.h"
#include "sink/cratedb/cratedb_backends_test.h"

namespace ctk::sink::testing {
namespace {

using cratedb::testing::error_response;
using ::testing::ElementsAre;

class CrateHistory : public ConformanceOfHistory {
 protected:
  static std::shared_ptr<const dynamodb::Change> at(int second, const std::string& key, int n) {
    return put(static_cast<uint64_t>(second) * 1'000'000, text_key(key), R"({"n":{"N":")" + std::to_string(n) + R"("}})");
  }

  /// From now on the server takes so many requests, and refuses what comes then.
  void refuse_after(int requests) {
    fake_server(*backend).intercept =
        [requests](const net::HttpRequest&) mutable -> std::optional<Result<net::HttpResponse>> {
      if (requests-- > 0) return std::nullopt;
      return error_response({4037, "ClusterBlockException[blocked by: …]"});
    };
  }

  /// The rows of one key.
  std::vector<std::string> events_of(const std::string& key) {
    std::vector<std::string> all = events();
    std::erase_if(all, [&](const std::string& line) { return !line.starts_with(key + " "); });
    return all;
  }
};

TEST_P(CrateHistory, WhatWasBrokenOffAnywhereIsFinishedByTheNextProcess) {
  open(*at(1, "k", 1));
  bool whole = false;
  int requests = 0;
  for (; !whole && requests < 30; ++requests) {
    const std::string key = "k" + std::to_string(requests);
    apply(Changes{at(1, key, 1), at(4, key, 4)});
    const Changes changes = {at(2, key, 2), at(6, key, 6)};
    refuse_after(requests);
    whole = apply(batch_of(changes)).has_value();
    fake_server(*backend).intercept = nullptr;
    if (!whole) {
      sink = backend->make_sink(options);
      open(*at(1, "k", 1));
      apply(changes);
    }
    EXPECT_THAT(events_of(key), ElementsAre(key + " modify 1..2 n=1", key + " modify 2..4 n=2", key + " modify 4..6 n=4",
                                            key + " modify 6.. n=6"))
        << requests << " requests were taken";
  }
  EXPECT_TRUE(whole);
  EXPECT_GT(requests, 5) << "rows, events, a look, ends, and another look";
}

TEST_P(CrateHistory, WhoWasTooLateToEndRowsSeesWhatCameBetween) {
  constexpr int kKeys = 60;  // more of a shard than say why they failed
  const auto of_all = [](int second) {
    Changes changes;
    for (int i = 0; i < kKeys; ++i) changes.push_back(at(second, "k" + std::to_string(i), second));
    return changes;
  };
  open(*at(1, "k", 1));
  apply(of_all(4));
  // The ends that the last events give to the first arrive once others have come between, and these have their ends.
  bool held = false;
  fake_server(*backend).delay = [&held](const net::HttpRequest& request) {
    if (held) return Duration{};
    held = request.body.find(R"(SET \"valid_to\" = ?)") != std::string::npos;
    return held ? Duration(std::chrono::seconds(5)) : Duration{};
  };
  std::optional<Result<BatchOutcome>> last;
  sink->apply(batch_of(of_all(13)), [&last](Result<BatchOutcome> outcome) { last.emplace(std::move(outcome)); });
  ASSERT_TRUE(backend->run_until([&] { return held; }));
  apply(of_all(7));
  EXPECT_FALSE(last.has_value());
  ASSERT_TRUE(backend->run_until([&] { return last.has_value(); }));
  ASSERT_TRUE(*last) << to_string(last->error());
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "k" + std::to_string(i);
    EXPECT_THAT(events_of(key),
                ElementsAre(key + " modify 4..7 n=4", key + " modify 7..13 n=7", key + " modify 13.. n=13"));
  }
}

TEST_P(CrateHistory, AnEventThatIsThereStays) {
  open(*at(1, "k", 1));
  apply(Changes{at(1, "k", 1)});
  apply(Changes{at(1, "k", 1)});
  EXPECT_THAT(events(), ElementsAre("k modify 1.. n=1"));
}

INSTANTIATE_TEST_SUITE_P(CrateDb, CrateHistory, ::testing::Values(BackendMaker{"fake", make_fake_cratedb_backend}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ctk::sink::testing
