#include "replay/table_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ctk::replay {

Totals& Totals::operator+=(const Totals& other) {
  replayed += other.replayed;
  stale += other.stale;
  refused += other.refused;
  return *this;
}

size_t TableReplay::Chain::tried() const {
  size_t first = 0;
  while (refused.contains(first)) ++first;
  return first;
}

uint64_t TableReplay::Chain::newer_from(size_t first) const {
  uint64_t count = 0;
  for (size_t i = first; i < stale; ++i) count += refused.contains(i) ? 0 : 1;
  return count;
}

TableReplay::TableReplay(const coordination::TableRecord& record, std::vector<Letter> letters, Keeps keeps)
    : table_(record.table),
      epoch_(record.epoch),
      keeps_(keeps),
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
    chain.has_row = row != versions.end();
    const auto is_newer = [&](const Letter& letter) {
      return !is_superseded(letter) && (!chain.has_row || letter.stored.version > row->second);
    };
    chain.stale = static_cast<size_t>(std::ranges::count_if(chain.letters, is_newer));
  }
}

std::map<coordination::Epoch, std::vector<size_t>> TableReplay::to_write(const Chain& chain) const {
  std::map<coordination::Epoch, std::vector<size_t>> places;
  if (keeps_ == Keeps::newest) {
    if (chain.has_candidate()) places[chain.letters[chain.tried()].epoch].push_back(chain.tried());
    return places;
  }
  for (size_t i = 0; i < chain.letters.size(); ++i) {
    const Letter& letter = chain.letters[i];
    // Without a row nothing would tell that a load has not found the item any more.
    if (!chain.refused.contains(i) && (chain.has_row || !is_superseded(letter))) places[letter.epoch].push_back(i);
  }
  return places;
}

sink::Batch TableReplay::next(const table::Renderer& renderer) {
  sink::Batch batch;
  batch.stop_on_refusal = true;
  writes_.clear();
  written_.clear();
  for (auto& [key, chain] : chains_) {
    append_dead_letters(batch, chain);
    for (const auto& [epoch, places] : to_write(chain)) append_write(batch, chain, places, renderer);
  }
  return batch;
}

/// Those that stay get their new reasons; the others go with what is written.
void TableReplay::append_dead_letters(sink::Batch& batch, const Chain& chain) {
  for (size_t i = 0; i < chain.letters.size(); ++i) {
    const sink::DeadLetter& stored = chain.letters[i].stored;
    const auto refused = chain.refused.find(i);
    if (refused == chain.refused.end()) {
      batch.settled.push_back(stored.id);
    } else if (refused->second != stored.reason) {
      batch.dead_letters.push_back(stored);
      batch.dead_letters.back().reason = refused->second;
    }
  }
}

void TableReplay::append_write(sink::Batch& batch, Chain& chain, const std::vector<size_t>& places,
                               const table::Renderer& renderer) {
  const Letter& newest = chain.letters[places.front()];
  const auto [place, is_new] = writes_.emplace(newest.epoch, batch.tables.size());
  if (is_new) {
    batch.tables.push_back({table_, epoch_, {}, newest.epoch});
    written_.emplace_back();
  }
  sink::FoldedChange folded;
  for (const size_t each : places) folded.changes.push_back(chain.letters[each].change);
  folded.rendered = renderer.render(*newest.change, newest.epoch);
  batch.tables[place->second].changes.push_back(std::move(folded));
  written_[place->second].push_back({&chain, places.front()});
}

bool TableReplay::take(const sink::BatchOutcome& outcome) {
  for (const sink::RefusedChange& refused : outcome.refused) {
    for (auto& [key, chain] : chains_) {
      const auto letter = std::ranges::find(chain.letters, refused.change, &Letter::change);
      if (letter == chain.letters.end()) continue;
      chain.refused.emplace(static_cast<size_t>(letter - chain.letters.begin()), refused.reason);
      break;
    }
  }
  if (!outcome.refused.empty()) return false;
  for (auto& [key, chain] : chains_) {
    const uint64_t newer = chain.newer_from(0);
    totals_.refused += chain.refused.size();
    totals_.replayed += newer;
    totals_.stale += chain.letters.size() - chain.refused.size() - newer;
  }
  // Somebody else has written a newer row meanwhile.
  for (size_t i = 0; i < written_.size(); ++i) {
    for (size_t j = 0; j < written_[i].size(); ++j) {
      const auto& [chain, first] = written_[i][j];
      if (outcome.tables[i][j].kind != sink::ChangeOutcome::Kind::stale || first != chain->tried()) continue;
      const uint64_t moved = chain->newer_from(first);
      totals_.replayed -= moved;
      totals_.stale += moved;
    }
  }
  return true;
}

std::string totals_text(const Totals& totals) {
  return fmt::format("replayed {}, stale {}, refused {}\n", totals.replayed, totals.stale, totals.refused);
}

std::string totals_json(const Totals& totals) {
  return fmt::format("{{\"replayed\":{},\"stale\":{},\"refused\":{}}}\n", totals.replayed, totals.stale, totals.refused);
}

}  // namespace ctk::replay
