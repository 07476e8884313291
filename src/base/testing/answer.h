// A call that is answered on a virtual loop, and its answer.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "base/error.h"
#include "base/event_loop.h"

namespace ctk {

/// Makes a call (`call` is given its Done<T>) and runs the loop, for `limit` at most, until the answer has come.
template <class T, class Call>
Result<T> answer_of(VirtualLoop& loop, Call call, Duration limit = std::chrono::hours(1)) {
  std::optional<Result<T>> result;
  call([&](Result<T> answer) { result.emplace(std::move(answer)); });
  EXPECT_FALSE(result) << "completed from inside the call";
  EXPECT_TRUE(loop.run_until([&] { return result.has_value(); }, limit));
  return result ? *std::move(result) : Result<T>(fail(ErrorKind::internal, "no completion"));
}

}  // namespace ctk
