#include "replay/table_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace ctk::replay {

Totals& Totals::operator+=(const Totals& other) {
  replayed += other.replayed;
  stale += other.stale;
  refused += other.refused;
  return *this;
}

TableReplay::TableReplay(const coordination::TableRecord& record, std::vector<Letter> letters)
    : table_(record.table),
      epoch_(record.epoch),
      loaded_(record.load == coordination::LoadState::loaded || record.load == coordination::LoadState::complete) {
  for (Letter& letter : letters) chains_[letter.stored.key].letters.push_back(std::move(letter));
  for (auto& [key, chain] : chains_) {
    std::ranges::stable_sort(chain.letters, std::ranges::greater{}, [](const Letter& each) { return each.stored.version; });
  }
}

std::vector<std::string> TableReplay::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, chain] : chains_) keys.push_back(key);
  return keys;
}

void TableReplay::note_versions(const sink::RowVersions& versions) {
  for (auto& [key, chain] : chains_) {
    const auto row = versions.find(key);
    const auto is_newer = [&](const Letter& letter) {
      const bool superseded = loaded_ && letter.epoch < epoch_;
      return !superseded && (row == versions.end() || letter.stored.version > row->second);
    };
    chain.stale = static_cast<size_t>(std::ranges::count_if(chain.letters, is_newer));
  }
}

sink::Batch TableReplay::next(const table::Renderer& renderer) {
  sink::Batch batch;
  batch.stop_on_refusal = true;
  writes_.clear();
  written_.clear();
  for (auto& [key, chain] : chains_) {
    append_dead_letters(batch, chain);
    if (!chain.has_candidate()) continue;
    append_write(batch, chain, renderer);
    written_[writes_.at(chain.letters[chain.tried].epoch)].push_back(&chain);
  }
  return batch;
}

/// Those that stay get their new reasons; the others go with what is written.
void TableReplay::append_dead_letters(sink::Batch& batch, const Chain& chain) {
  for (size_t i = 0; i < chain.letters.size(); ++i) {
    const sink::DeadLetter& stored = chain.letters[i].stored;
    if (i >= chain.tried) {
      batch.settled.push_back(stored.id);
    } else if (chain.reasons[i] != stored.reason) {
      batch.dead_letters.push_back(stored);
      batch.dead_letters.back().reason = chain.reasons[i];
    }
  }
}

void TableReplay::append_write(sink::Batch& batch, const Chain& chain, const table::Renderer& renderer) {
  const Letter& letter = chain.letters[chain.tried];
  const auto [place, is_new] = writes_.emplace(letter.epoch, batch.tables.size());
  if (is_new) {
    batch.tables.push_back({table_, epoch_, {}, letter.epoch});
    written_.emplace_back();
  }
  sink::FoldedChange folded;
  folded.changes = {letter.change};
  folded.positions = {letter.stored.position};
  folded.shards = {aws::ShardId(letter.stored.shard)};
  folded.rendered = renderer.render(*letter.change, letter.epoch);
  batch.tables[place->second].changes.push_back(std::move(folded));
}

bool TableReplay::take(const sink::BatchOutcome& outcome) {
  for (const sink::RefusedChange& refused : outcome.refused) {
    for (auto& [key, chain] : chains_) {
      if (!chain.has_candidate() || chain.letters[chain.tried].change != refused.change) continue;
      chain.reasons.push_back(refused.reason);
      ++chain.tried;
      break;
    }
  }
  if (!outcome.refused.empty()) return false;
  for (auto& [key, chain] : chains_) {
    totals_.refused += chain.tried;
    totals_.replayed += chain.stale - chain.tried;
    totals_.stale += chain.letters.size() - chain.stale;
  }
  // Somebody else has written a newer row meanwhile.
  for (size_t i = 0; i < written_.size(); ++i) {
    for (size_t j = 0; j < written_[i].size(); ++j) {
      if (outcome.tables[i][j].kind != sink::ChangeOutcome::Kind::stale) continue;
      const uint64_t moved = written_[i][j]->stale - written_[i][j]->tried;
      totals_.replayed -= moved;
      totals_.stale += moved;
    }
  }
  return true;
}

std::vector<std::vector<sink::DeadLetter>> in_parts(std::vector<sink::DeadLetter> letters, size_t most_keys) {
  std::map<std::string, std::vector<sink::DeadLetter>> by_key;
  for (sink::DeadLetter& letter : letters) by_key[letter.key].push_back(std::move(letter));
  std::vector<std::vector<sink::DeadLetter>> parts;
  size_t keys = most_keys;
  for (auto& [key, of_key] : by_key) {
    if (keys == most_keys) {
      parts.emplace_back();
      keys = 0;
    }
    ++keys;
    std::ranges::move(of_key, std::back_inserter(parts.back()));
  }
  return parts;
}

std::string totals_text(const Totals& totals) {
  return fmt::format("replayed {}, stale {}, refused {}\n", totals.replayed, totals.stale, totals.refused);
}

std::string totals_json(const Totals& totals) {
  return fmt::format("{{\"replayed\":{},\"stale\":{},\"refused\":{}}}\n", totals.replayed, totals.stale, totals.refused);
}

}  // namespace ctk::replay
