#include "coordination/table_witnesses.h"

#include <algorithm>

namespace ctk::coordination {
namespace {

/// More than a user deletes by hand.
constexpr ptrdiff_t kTooMany = 3;

enum class Standing { missing, risen, same };

struct Asked {
  std::string version;
  Standing standing = Standing::missing;
};

/// Newest first.
std::vector<Asked> standings(const WitnessRows& found) {
  std::map<std::string, Asked> asked;
  for (const auto& [key, version] : found.asked) asked[key].version = version;
  for (const WitnessRow& row : found.rows) {
    const auto witness = asked.find(row.key);
    if (witness == asked.end() || row.version < witness->second.version) continue;
    witness->second.standing = row.version == witness->second.version ? Standing::same : Standing::risen;
  }
  std::vector<Asked> all;
  all.reserve(asked.size());
  for (auto& [key, each] : asked) all.push_back(std::move(each));
  std::ranges::sort(all, std::ranges::greater(), &Asked::version);
  return all;
}

bool may_stay(const WitnessRow& row, const std::string& bound) {
  return !row.tombstone && !row.version.empty() && row.version >= bound;
}

std::vector<const WitnessRow*> that_may_stay(const WitnessRows& found, const std::string& bound) {
  std::vector<const WitnessRow*> rows;
  for (const WitnessRow& row : found.rows) {
    if (may_stay(row, bound)) rows.push_back(&row);
  }
  return rows;
}

void add(Witnesses& to, const std::vector<const WitnessRow*>& rows, size_t limit) {
  for (const WitnessRow* row : rows) {
    if (to.size() >= limit) return;
    to.try_emplace(row->key, row->version);
  }
}

}  // namespace

TableFound judge_witnesses(const WitnessRows& found) {
  const std::vector<Asked> all = standings(found);
  const auto count = [](auto begin, auto end, Standing standing) {
    return std::ranges::count(begin, end, standing, &Asked::standing);
  };
  const auto newest = all.begin() + std::min<ptrdiff_t>(std::ssize(all), kMostWitnesses / 2);
  const ptrdiff_t missing = count(all.begin(), all.end(), Standing::missing);
  const ptrdiff_t newest_missing = count(all.begin(), newest, Standing::missing);
  const bool nothing_there = !all.empty() && missing == std::ssize(all);
  const bool put_back = newest_missing >= kTooMany && newest_missing == newest - all.begin();
  const bool written_since = missing >= kTooMany && count(all.begin(), all.end(), Standing::same) == 0;
  return nothing_there || put_back || written_since ? TableFound::emptied : TableFound::as_recorded;
}

Witnesses next_witnesses(const WitnessRows& noted, const WitnessRows& fresh, const std::string& bound) {
  std::vector<const WitnessRow*> young = that_may_stay(fresh, bound);
  std::ranges::sort(young, std::ranges::greater(), &WitnessRow::version);
  std::vector<const WitnessRow*> old = that_may_stay(noted, bound);
  std::ranges::stable_sort(old, {}, [&](const WitnessRow* row) {
    const auto witness = noted.asked.find(row->key);
    return std::pair(witness == noted.asked.end() || witness->second != row->version, row->version);
  });
  Witnesses next;
  add(next, young, kMostWitnesses / 2);
  add(next, old, kMostWitnesses);
  add(next, young, kMostWitnesses);
  return next;
}

}  // namespace ctk::coordination
