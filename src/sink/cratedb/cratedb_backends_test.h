// CrateDB as a target of tests: the fake always, a real server where CTK_TEST_CRATEDB_URL points to one.
#pragma once

#include <memory>

#include "sink/conformance_test.h"

namespace ctk::sink::testing {

/// A server in memory.
std::unique_ptr<Backend> make_fake_cratedb_backend();
/// A schema of its own on the real server; nothing where there is none.
std::unique_ptr<Backend> make_real_cratedb_backend();

}  // namespace ctk::sink::testing
