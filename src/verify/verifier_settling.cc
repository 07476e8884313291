// What a Verifier does with a difference: it looks again, and repairs what stands.
#include <algorithm>
#include <ranges>
#include <utility>

#include "table/render.h"
#include "verify/verifier_calls.h"

namespace ctk::verify {
namespace {

/// Differences that are looked at at once, and how many items are asked for at once then.
constexpr size_t kLooksAtOnce = 100;
constexpr size_t kItemsAsked = 16;
/// How often a row is written again that does not stay as it was put, and how long after the first time.
constexpr int kRepairs = 4;
constexpr Duration kBetweenRepairs = std::chrono::seconds(1);
constexpr Duration kIdle = std::chrono::milliseconds(100);

}  // namespace

Task<Result<bool>> Verifier::settle_all() {
  while (!failure_ && !(finding_.over && pending_->size() == 0)) {
    Result<std::vector<Difference>> due = pending_->take_due(env_.clock.monotonic(), kLooksAtOnce);
    if (!due) co_return forward_error(std::move(due));
    if (due->empty()) {
      co_await tasks_.pause(kIdle);
      continue;
    }
    std::vector<Difference> taken = std::move(*due);
    Result<bool> looked = co_await look_again(std::move(taken));
    if (!looked) co_return looked;
  }
  co_return true;
}

Task<Result<std::optional<std::string>>> Verifier::get_item(const Difference& difference) {
  using Item = std::optional<std::string>;
  auto get = [this, key = difference.key](Done<Item> done) { sides_.api.get_item(options_.table, key, std::move(done)); };
  Result<Item> item = co_await insist<Item>(options_.give_up, get);
  // No item can have the key of such a row: an empty text, a number of too many digits. Any other refusal says nothing of
  // the item, whose row is not to be taken for extra.
  const bool no_key = !item && item.error().kind == ErrorKind::refused && difference.kind == Difference::Kind::extra &&
                      item.error().peer.contains("ValidationException");
  if (no_key) co_return Item{};
  co_return item;
}

/// The rows first, then their items.
Task<Result<Verifier::Sides>> Verifier::read_sides(const std::vector<Difference>& differences) {
  Sides sides;
  auto ask = [work = work_, &differences]() -> Result<ReadItems> { return work->keys_of(differences); };
  Result<ReadItems> keys = co_await at_work<ReadItems>(ask);
  if (!keys) co_return forward_error(std::move(keys));
  sides.keys = std::move(*keys);
  std::vector<std::vector<table::KeyCell>> cells = PageWork::keys_of(sides.keys);
  Result<sink::RowReader::Rows> rows = co_await read_rows(std::move(cells));
  if (!rows) co_return forward_error(std::move(rows));
  auto next_row = rows->begin();
  for (const ReadItem& key : sides.keys) {
    const bool asked = !key.cells.empty() && next_row != rows->end();
    sides.rows.push_back(asked ? std::move(*next_row++) : std::nullopt);
  }
  sides.items.resize(differences.size());
  size_t next = 0;
  const Part read_items = [this, &differences, &sides, &next](size_t) -> Task<Result<bool>> {
    while (next < differences.size() && !failure_) {
      const size_t at = next++;
      Result<std::optional<std::string>> item = co_await get_item(differences[at]);
      if (!item) co_return forward_error(std::move(item));
      sides.items[at] = std::move(*item);
    }
    co_return true;
  };
  Result<bool> read = co_await all_of(std::min(kItemsAsked, differences.size()), read_items);
  if (!read) co_return forward_error(std::move(read));
  co_return sides;
}

/// A load is over, and rows that it has not met are yet to be swept (CrateDB): that they have no item is known.
bool Verifier::will_be_swept(const Look& look) const {
  return look.difference == Difference::Kind::extra && record_ && record_->load == coordination::LoadState::loaded &&
         look.version < table::version_text(record_->epoch, "");
}

Task<Result<bool>> Verifier::look_again(std::vector<Difference> due) {
  const Duration now = env_.clock.monotonic();
  Result<Sides> sides = co_await read_sides(due);
  if (!sides) co_return forward_error(std::move(sides));
  auto compare = [work = work_, &sides]() -> Result<std::vector<Look>> {
    std::vector<Look> looks;
    for (size_t i = 0; i < sides->items.size(); ++i) {
      Result<Look> look = work->look(sides->items[i], std::move(sides->rows[i]));
      if (!look) return forward_error(std::move(look));
      looks.push_back(std::move(*look));
    }
    return looks;
  };
  Result<std::vector<Look>> looks = co_await at_work<std::vector<Look>>(compare);
  if (!looks) co_return forward_error(std::move(looks));
  const auto may_stand = [&](size_t i) { return (*looks)[i].difference && now - due[i].since >= pending_->settle(); };
  if (std::ranges::any_of(std::views::iota(size_t{0}, due.size()), may_stand)) {
    Result<bool> noted = co_await note_disturbance();
    if (!noted) co_return noted;
  }
  std::vector<Difference> standing;
  for (size_t i = 0; i < due.size(); ++i) {
    due[i].since = std::max(due[i].since, loads_.disturbed_until);
    const bool was_item = due[i].kind != Difference::Kind::extra;
    const bool is_equal = (*looks)[i].has_item && !(*looks)[i].difference;  // not where the row moves on and on
    const bool goes = will_be_swept((*looks)[i]);
    switch (judge(due[i], std::move((*looks)[i]), now, pending_->settle())) {
      case Verdict::stands:
        if (goes) {
          ++unswept_;
          break;
        }
        conclude(due[i]);
        standing.push_back(std::move(due[i]));
        break;
      case Verdict::settled:
        ++totals_.settled;
        if (is_equal && was_item) ++totals_.equal;
        break;
      case Verdict::again:
        if (Status added = pending_->add(std::move(due[i])); !added) co_return forward_error(std::move(added));
        break;
    }
  }
  if (!options_.repair || standing.empty()) co_return true;
  Result<bool> repaired = co_await repair(std::move(standing));
  co_return repaired;
}

/// Each row under the version that it was read with, before its item was: whatever is newer wins. What was written
/// meanwhile is looked at again.
Task<Result<bool>> Verifier::repair(std::vector<Difference> standing) {
  struct Round {
    std::vector<sink::RowRepair> repairs;
    std::vector<Difference> left;
  };
  for (int round = 0; round <= kRepairs && !standing.empty(); ++round) {
    if (round > 1) co_await tasks_.pause(kBetweenRepairs);
    Result<Sides> sides = co_await read_sides(standing);
    if (!sides) co_return forward_error(std::move(sides));
    auto prepare = [work = work_, &sides, &standing, now = env_.clock.now()]() -> Result<Round> {
      Round prepared;
      for (size_t i = 0; i < standing.size(); ++i) {
        const Result<Look> look = work->look(sides->items[i], sides->rows[i]);
        if (!look) return std::unexpected(look.error());
        if (!look->difference) continue;
        auto repair = work->repair(sides->keys[i], sides->items[i], sides->rows[i], now);
        if (repair) prepared.repairs.push_back(std::move(*repair));
        prepared.left.push_back(std::move(standing[i]));
      }
      return prepared;
    };
    const size_t before = standing.size();
    Result<Round> prepared = co_await at_work<Round>(prepare);
    if (!prepared) co_return forward_error(std::move(prepared));
    totals_.repaired += before - prepared->left.size();
    standing = std::move(prepared->left);
    if (round == kRepairs || prepared->repairs.empty()) break;
    auto write = [this, &prepared](Done<bool> done) {
      const coordination::Epoch epoch = record_ ? record_->epoch : 1;
      sides_.repairer.repair_rows(spec_, epoch, prepared->repairs, std::move(done));
    };
    Result<bool> written = co_await insist<bool>(options_.give_up, write);
    if (!written) co_return written;
  }
  co_return true;
}

}  // namespace ctk::verify
