// CrateDB as a target of tests: the fake always, a real server where CTK_TEST_CRATEDB_URL points to one.
#pragma once

#include <memory>

#include "sink/conformance_test.h"
#include "sink/cratedb/testing/fake_cratedb.h"

namespace ctk::sink::testing {

/// A server in memory.
std::unique_ptr<Backend> make_fake_cratedb_backend();
/// A schema of its own on the real server; nothing where there is none.
std::unique_ptr<Backend> make_real_cratedb_backend();

/// The server behind a fake backend, for faults.
cratedb::testing::FakeCrateDb& fake_server(Backend& backend);
/// Lets virtual time pass on a fake backend.
void let_pass(Backend& backend, Duration duration);

/// A fake server with an open table, and its first change, which is not written.
class OnFakeCrateDb : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    change = put(1, text_key("a"), R"({"n":{"N":"1"}})");
    open(*change);
  }

  cratedb::testing::FakeCrateDb& server() { return fake_server(*backend); }

  std::shared_ptr<const dynamodb::Change> change;
};

}  // namespace ctk::sink::testing
