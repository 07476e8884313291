#include "cli/result_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/shown_text.h"
#include "dynamodb/number.h"
#include "json/reader.h"
#include "json/writer.h"

namespace ctk::cli {
namespace {

using sink::ResultSet;
using Kind = ResultSet::Column::Kind;

std::string padded(const std::string& text, size_t columns, bool right) {
  const std::string blanks(columns - std::min(columns, shown_width(text)), ' ');
  return right ? blanks + text : text + blanks;
}

std::string without_trailing_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string format_table(const ResultSet& result) {
  std::vector<std::vector<std::string>> cells(1);
  for (const auto& column : result.columns) cells[0].push_back(one_line(column.name));
  for (const auto& row : result.rows) {
    auto& line = cells.emplace_back();
    for (const auto& cell : row) line.push_back(cell ? one_line(*cell) : "NULL");
  }
  std::vector<size_t> widths(result.columns.size(), 1);
  for (const auto& line : cells) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], shown_width(line[i]));
  }
  std::string text;
  for (size_t row = 0; row < cells.size(); ++row) {
    std::string line;
    for (size_t i = 0; i < cells[row].size(); ++i) {
      const bool right = row > 0 && result.columns[i].kind == Kind::number;
      line += (i == 0 ? " " : " | ") + padded(cells[row][i], widths[i], right);
    }
    text += without_trailing_blanks(std::move(line)) + "\n";
    if (row > 0) continue;
    for (size_t i = 0; i < widths.size(); ++i) text += (i == 0 ? "" : "+") + std::string(widths[i] + 2, '-');
    text += "\n";
  }
  return text + fmt::format("({})\n", count_rows(result.rows.size()));
}

/// Numbers, booleans and JSON stand bare where they are what their column says; anything else is a string.
void append_json_cell(json::Writer& writer, Kind kind, const std::string& cell, json::Parser& parser) {
  if (kind == Kind::number && dynamodb::is_number(cell)) return writer.number(dynamodb::json_number(cell));
  if (kind == Kind::boolean && (cell == "t" || cell == "true" || cell == "TRUE")) return writer.boolean(true);
  if (kind == Kind::boolean && (cell == "f" || cell == "false" || cell == "FALSE")) return writer.boolean(false);
  if (kind == Kind::json && parser.parse(cell)) return writer.raw(cell);
  writer.string(cell);
}

std::string format_json(const ResultSet& result) {
  std::string text;
  json::Writer writer(text);
  json::Parser parser;
  writer.begin_array();
  for (const auto& row : result.rows) {
    writer.begin_object();
    for (size_t i = 0; i < row.size() && i < result.columns.size(); ++i) {
      writer.key(result.columns[i].name);
      if (row[i]) {
        append_json_cell(writer, result.columns[i].kind, *row[i], parser);
      } else {
        writer.null();
      }
    }
    writer.end_object();
  }
  writer.end_array();
  return json::to_utf8(std::move(text)) + "\n";
}

std::string csv_cell(std::string_view text) {
  const bool bare = !text.empty() && text.find_first_of(",\"\r\n") == std::string_view::npos;
  if (bare) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string format_csv(const ResultSet& result) {
  if (result.columns.empty()) return "";
  std::string text;
  for (size_t i = 0; i < result.columns.size(); ++i) text += (i == 0 ? "" : ",") + csv_cell(result.columns[i].name);
  text += "\n";
  for (const auto& row : result.rows) {
    for (size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : ",") + (row[i] ? csv_cell(*row[i]) : "");
    text += "\n";
  }
  return text;
}

std::string format_vertical(const ResultSet& result) {
  size_t widest = 0;
  for (const auto& column : result.columns) widest = std::max(widest, shown_width(one_line(column.name)));
  std::string text;
  for (size_t row = 0; row < result.rows.size(); ++row) {
    text += fmt::format("-- row {}\n", row + 1);
    for (size_t i = 0; i < result.rows[row].size(); ++i) {
      text += fmt::format("{} | {}\n", padded(one_line(result.columns[i].name), widest, false),
                          result.rows[row][i] ? many_lines(*result.rows[row][i]) : "NULL");
    }
  }
  return text + fmt::format("({})\n", count_rows(result.rows.size()));
}

}  // namespace

std::string count_rows(size_t rows) { return fmt::format("{} row{}", rows, rows == 1 ? "" : "s"); }

std::optional<ResultFormat> parse_result_format(std::string_view text) {
  if (text == "table") return ResultFormat::table;
  if (text == "json") return ResultFormat::json;
  if (text == "csv") return ResultFormat::csv;
  if (text == "vertical") return ResultFormat::vertical;
  return std::nullopt;
}

std::string format_result(const ResultSet& result, ResultFormat format) {
  switch (format) {
    case ResultFormat::table: return format_table(result);
    case ResultFormat::json: return format_json(result);
    case ResultFormat::csv: return format_csv(result);
    case ResultFormat::vertical: return format_vertical(result);
  }
  return "";
}

}  // namespace ctk::cli
