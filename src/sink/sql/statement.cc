#include "sink/sql/statement.h"

namespace ctk::sink::sql {

Param Param::of_text(const std::optional<std::string>& text) {
  if (!text) return {};
  return {Kind::text, *text, 0, 0};
}

Param Param::of_json(const OptionalText& json) {
  if (!json) return {};
  return {Kind::json, *json, 0, 0};
}

Param Param::of_time(Timestamp time) {
  if (time == kNoTime) return {};
  return {Kind::time, {}, to_micros(time), 0};
}

Param Param::of_key(const table::KeyCell& cell) {
  using Cell = table::KeyCell::Kind;
  switch (cell.kind) {
    case Cell::text: return {Kind::text, cell.text, 0, 0};
    case Cell::binary: return {Kind::binary, cell.text, 0, 0};
    case Cell::integer: return {Kind::integer, {}, cell.integer, 0};
    case Cell::real: return {Kind::real, {}, 0, cell.real};
    case Cell::number: return {Kind::number, cell.text, 0, 0};
  }
  return {};
}

Statement statement(std::string sql, std::vector<Param> params) {
  size_t width = params.size();
  return {std::move(sql), width, std::move(params)};
}

Statement look_up(std::string sql, std::vector<Param> params) {
  Statement made = statement(std::move(sql), std::move(params));
  made.catalogue = true;
  return made;
}

Statement patiently(Statement statement) {
  statement.patient = true;
  return statement;
}

}  // namespace ctk::sink::sql
