#include "replay/letter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "dynamodb/known_change.h"
#include "json/reader.h"

namespace ctk::replay {
namespace {

constexpr size_t kEpochDigits = 8;
constexpr std::string_view kBase64 = "base64:";

std::string text_of(const sink::DeadLetter& letter) {
  if (!letter.change.starts_with(kBase64)) return letter.change;
  return json::decode_base64(std::string_view(letter.change).substr(kBase64.size())).value_or("");
}

std::string names_of(const std::vector<const coordination::TableRecord*>& records) {
  std::string names;
  for (const coordination::TableRecord* record : records) names += (names.empty() ? "" : " and ") + record->table;
  return names;
}

}  // namespace

std::optional<std::pair<coordination::Epoch, std::string_view>> split_version(std::string_view version) {
  if (version.size() < kEpochDigits + 2 || version[kEpochDigits] != '.') return std::nullopt;
  coordination::Epoch epoch = 0;
  const std::string_view digits = version.substr(0, kEpochDigits);
  const auto [parsed, error] = std::from_chars(digits.data(), digits.data() + digits.size(), epoch);
  if (error != std::errc() || parsed != digits.data() + digits.size()) return std::nullopt;
  return std::pair(epoch, version.substr(kEpochDigits + 1));
}

std::variant<Letter, std::string> read_letter(sink::DeadLetter stored, dynamodb::Decoder& decoder, bool old_image) {
  const auto version = split_version(stored.version);
  if (!version || stored.key.empty() || stored.change.empty()) return stored.reason;
  Result<dynamodb::Change> change = dynamodb::find_change(
      decoder, {text_of(stored), stored.key, version->second, stored.shard, stored.position}, old_image);
  if (!change) return stored.kind == "undecodable" ? stored.reason : to_string(change.error());
  const coordination::Epoch epoch = version->first;
  return Letter{std::move(stored), epoch, std::make_shared<const dynamodb::Change>(std::move(*change))};
}

Destination destination_of(const sink::DeadLetter& letter, std::span<const coordination::TableRecord> records,
                           const std::optional<std::string>& table) {
  std::vector<const coordination::TableRecord*> found, filled;
  bool elsewhere = false;
  for (const coordination::TableRecord& record : records) {
    if (record.source_table != letter.source_table) continue;
    const bool asked = !table || record.table == *table;
    elsewhere = elsewhere || !asked;
    if (!asked) continue;
    found.push_back(&record);
    if (coordination::is_filled_by(record, coordination::RelayName(letter.relay))) filled.push_back(&record);
  }
  // What could not be decoded may be any table's.
  const bool names_none = letter.source_table.empty() && !elsewhere;
  if (found.empty() && table && !names_none) return OfAnotherTable{};
  if (!split_version(letter.version) || letter.key.empty()) return letter.reason;
  if (found.size() == 1) return found.front();
  if (filled.size() == 1) return filled.front();
  if (found.size() > 1) {
    return fmt::format("changes of {} go to {}: name one of them by table=", letter.source_table, names_of(found));
  }
  return fmt::format("no table of this target is kept from source table \"{}\"", letter.source_table);
}

}  // namespace ctk::replay
