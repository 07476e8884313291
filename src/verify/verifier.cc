#include "verify/verifier.h"

#include <memory>
#include <utility>

namespace ctk::verify {
Verifier::Verifier(VerifyOptions options, VerifySides sides, VerifyEnvironment environment)
    : options_(std::move(options)),
      sides_(sides),
      env_(std::move(environment)),
      patience_(options_.start_timeout),
      tasks_(env_.loop),
      decoding_(std::move(env_.decoder)),
      jobs_(std::move(env_.worker)) {}

Verifier::~Verifier() = default;

void Verifier::run(std::function<void(const Difference&)> stands, Done<VerifyTotals> done) {
  stands_ = std::move(stands);
  tasks_.spawn(compare_tables(), std::move(done));
}

Task<Result<bool>> Verifier::all_of(size_t count, const Part& each) {
  struct Group {
    size_t left = 0;
    Done<bool> done;
  };
  auto group = std::make_shared<Group>();
  group->left = count;
  if (count == 0) co_return true;
  Result<bool> ended = co_await tasks_.answer<bool>([this, &group, &each](Done<bool> done) {
    group->done = std::move(done);
    const size_t all = group->left;
    for (size_t i = 0; i < all; ++i) {
      tasks_.spawn(each(i), [this, group](Result<bool> result) {
        if (!result && !failure_) failure_ = std::move(result).error();
        if (--group->left == 0) group->done(true);
      });
    }
  });
  if (failure_) co_return std::unexpected(*failure_);
  co_return ended;
}

Task<Result<VerifyTotals>> Verifier::compare_tables() {
  Result<bool> opened = co_await open();
  if (!opened) co_return forward_error(std::move(opened));
  Result<bool> loaded = co_await wait_for_load();
  if (!loaded) co_return forward_error(std::move(loaded));
  Result<Duration> settle = co_await choose_settle();
  if (!settle) co_return forward_error(std::move(settle));
  pending_.emplace(*settle);
  patience_ = options_.give_up;
  const KeyHash::Secret secret{env_.random.next(), env_.random.next()};
  reader_ = std::make_shared<PageReader>(*spec_, identity_.table.keys);
  work_ = std::make_shared<PageWork>(PageWork::Settings{spec_, identity_.table.keys, options_.sample, secret});
  const Part parts = [this](size_t i) { return i == 0 ? compare_segments() : settle_all(); };
  Result<bool> compared = co_await all_of(2, parts);
  if (!compared) co_return forward_error(std::move(compared));
  if (unswept_ > 0) {
    env_.log.info("rows that the last load has not met are yet to be swept, and are no differences",
                  {{"table", spec_->name.str()}, {"rows", std::to_string(unswept_)}});
  }
  co_return totals_;
}

Status Verifier::take(PageFindings findings) {
  totals_.items += findings.items;
  totals_.rows += findings.rows;
  totals_.equal += findings.equal;
  for (const Difference& difference : findings.certain) conclude(difference);
  for (Difference& difference : findings.found) {
    difference.since = env_.clock.monotonic();
    if (Status added = pending_->add(std::move(difference)); !added) return added;
  }
  return {};
}

void Verifier::conclude(const Difference& difference) {
  switch (difference.kind) {
    case Difference::Kind::missing: ++totals_.missing; break;
    case Difference::Kind::extra: ++totals_.extra; break;
    case Difference::Kind::different: ++totals_.different; break;
  }
  stands_(difference);
}

}  // namespace ctk::verify
