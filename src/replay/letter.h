// A dead letter on its way back into its table: its change, or why there is none, and the table that it is of. Pure.
//
// The room `replay`: the decisions of `ctk dead-letters replay`. It knows neither connections nor command lines.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "coordination/table_record.h"
#include "dynamodb/decoded.h"
#include "sink/sink.h"

namespace ctk::replay {

/// A version's parts: "00000001.1.…" is epoch 1 and the order behind it. Nothing where it is none.
std::optional<std::pair<coordination::Epoch, std::string_view>> split_version(std::string_view version);

/// A dead letter that holds a change.
struct Letter {
  sink::DeadLetter stored;
  coordination::Epoch epoch = 1;
  std::shared_ptr<const dynamodb::Change> change;
};

/// The letter's change, in the version that it had; or why it cannot be applied, which for what was undecodable from the
/// start is what the letter says itself.
std::variant<Letter, std::string> read_letter(sink::DeadLetter stored, dynamodb::Decoder& decoder, bool old_image);

/// The letter goes to a table that is none of those asked for.
struct OfAnotherTable {};
/// The record of the letter's table, or why it goes to none.
using Destination = std::variant<const coordination::TableRecord*, OfAnotherTable, std::string>;

/// `table` is the one that was asked for, as TableRecord::table; nothing: all. Where a source table has several, the
/// letter's relay tells.
Destination destination_of(const sink::DeadLetter& letter, std::span<const coordination::TableRecord> records,
                           const std::optional<std::string>& table);

}  // namespace ctk::replay
