// How a Verifier finds differences: rows are marked, items are looked up, and rows without an item are looked for.
#include <algorithm>
#include <utility>

#include "verify/verifier_calls.h"

namespace ctk::verify {
namespace {

/// Pages of items that are looked up at once.
constexpr size_t kPagesAtOnce = 4;
constexpr int kItemsAtOnce = 1'000;
constexpr size_t kKeysAtOnce = 5'000;
/// How long a row is taken to hold what it held when it was marked.
constexpr Duration kMarksLast = std::chrono::minutes(5);

}  // namespace

/// Shows the target's rows to whoever marks them, where there are not too many. As the service has counted them last: it
/// may be wrong, and then the marks are given up on the way.
Task<Result<bool>> Verifier::mark_rows() {
  if (identity_.table.items > RowMarks::kMost) co_return true;
  const Duration begun = env_.clock.monotonic();
  auto walk = [this](Done<bool> done) {
    work_->begin_marks();
    auto visit = [work = work_](const auto& key, auto data, auto aux) { return work->mark(key, data, aux); };
    sides_.rows.walk_rows(spec_, std::move(visit), std::move(done));
  };
  Result<bool> all = co_await insist<bool>(options_.give_up, walk);
  if (!all) co_return all;
  auto end = [work = work_, whole = *all]() -> Result<bool> {
    work->end_marks(whole);
    return work->has_marks();
  };
  Result<bool> marked = co_await at_work<bool>(end);
  if (!marked || !*marked) co_return marked;
  auto learn = [this](Done<table::LearnedTypes> done) { sides_.rows.learned_types(spec_, std::move(done)); };
  Result<table::LearnedTypes> types = co_await insist<table::LearnedTypes>(options_.give_up, learn);
  if (!types) co_return forward_error(std::move(types));
  reader_ = std::make_shared<PageReader>(*spec_, identity_.table.keys, std::move(*types));
  marked_ = begun;
  co_return true;
}

/// What was read long ago tells too little of what is there now.
bool Verifier::trusts_marks() const { return marked_ && env_.clock.monotonic() - *marked_ < kMarksLast; }

/// Reads and compares all items, some segments at a time, then looks for rows without any.
Task<Result<bool>> Verifier::compare_segments() {
  Result<bool> marked = co_await mark_rows();
  if (!marked) co_return marked;
  const int total = sides_.items.segments(options_.segments);
  const Part read_segments = [this, total](size_t) -> Task<Result<bool>> {
    while (finding_.next_segment < total && !failure_) {
      source::SegmentRequest request;
      request.segment.number = finding_.next_segment++;
      request.segment.total = total;
      request.max_items = kItemsAtOnce;
      do {
        auto read = [this, &request](Done<source::SegmentPage> done) { sides_.items.read(request, std::move(done)); };
        Result<source::SegmentPage> page = co_await insist<source::SegmentPage>(options_.give_up, read);
        if (!page) co_return forward_error(std::move(page));
        request.resume = page->resume;
        source::SegmentPage whole = std::move(*page);
        Result<bool> compared = co_await compare_page(std::move(whole));
        if (!compared) co_return compared;
      } while (!request.resume.empty() && !failure_);
    }
    co_return true;
  };
  Result<bool> read = co_await all_of(std::min(kPagesAtOnce, static_cast<size_t>(total)), read_segments);
  if (!read) co_return read;
  Result<bool> walked = co_await walk_target();
  finding_.over = true;
  co_return walked;
}

Task<Result<sink::RowReader::Rows>> Verifier::read_rows(std::vector<std::vector<table::KeyCell>> keys) {
  using Rows = sink::RowReader::Rows;
  if (keys.empty()) co_return Rows{};
  auto read = [this, &keys](Done<Rows> done) { sides_.rows.read_rows(spec_, keys, std::move(done)); };
  Result<Rows> rows = co_await insist<Rows>(options_.give_up, read);
  co_return rows;
}

Task<Result<bool>> Verifier::compare_page(source::SegmentPage page) {
  auto scan = [reader = reader_, records = std::move(page.records), by_marks = trusts_marks()]() mutable {
    return reader->read(std::move(records), by_marks);
  };
  Result<ScannedPage> scanned = co_await at<ScannedPage>(decoding_, scan);
  if (!scanned) co_return forward_error(std::move(scanned));
  auto open = [work = work_, scanned = std::move(*scanned)]() mutable -> Result<OpenedPage> {
    return work->open(std::move(scanned));
  };
  Result<OpenedPage> opened = co_await at_work<OpenedPage>(open);
  if (!opened) co_return forward_error(std::move(opened));
  if (Status taken = take(std::move(opened->told)); !taken) co_return forward_error(std::move(taken));
  if (opened->items.empty()) co_return true;
  std::vector<std::vector<table::KeyCell>> keys = PageWork::keys_of(opened->items);
  Result<sink::RowReader::Rows> rows = co_await read_rows(std::move(keys));
  if (!rows) co_return forward_error(std::move(rows));
  auto compare = [work = work_, items = std::move(opened->items), rows = std::move(*rows)]() mutable {
    return work->compare(items, std::move(rows));
  };
  Result<PageFindings> findings = co_await at_work<PageFindings>(compare);
  if (!findings) co_return forward_error(std::move(findings));
  if (Status taken = take(std::move(*findings)); !taken) co_return forward_error(std::move(taken));
  co_return true;
}

/// Not where each row that was met a while ago has an item.
Task<Result<bool>> Verifier::walk_target() {
  if (const std::optional<uint64_t> rows = work_->told_all(); rows && trusts_marks()) {
    totals_.rows += *rows;
    co_return true;
  }
  const size_t walks = work_->walks();
  for (size_t walk = 0; walk < walks; ++walk) {
    auto begin = [work = work_, walk]() -> Result<bool> {
      if (Status begun = work->begin_walk(walk); !begun) return forward_error(std::move(begun));
      return true;
    };
    Result<bool> begun = co_await at_work<bool>(begin);
    if (!begun) co_return begun;
    std::vector<std::string> from;
    do {
      auto read = [this, &from](Done<sink::KeyPage> done) {
        sides_.rows.read_keys(spec_, from, kKeysAtOnce, std::move(done));
      };
      Result<sink::KeyPage> page = co_await insist<sink::KeyPage>(options_.give_up, read);
      if (!page) co_return forward_error(std::move(page));
      from = page->next;
      auto find = [work = work_, page = std::move(*page)]() -> Result<PageFindings> { return work->extras(page); };
      Result<PageFindings> findings = co_await at_work<PageFindings>(find);
      if (!findings) co_return forward_error(std::move(findings));
      if (Status taken = take(std::move(*findings)); !taken) co_return forward_error(std::move(taken));
    } while (!from.empty() && !failure_);
  }
  co_return true;
}

}  // namespace ctk::verify
