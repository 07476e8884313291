#include "sink/cratedb/protocol.h"

#include <charconv>

#include "json/reader.h"
#include "json/writer.h"

namespace ctk::sink::cratedb {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Walks over JSON text, one value at a time.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    at_++;
    return true;
  }

  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }

  /// The next value's text; empty where there is none.
  std::string_view value() {
    skip_space();
    const size_t start = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
        if (depth == 0) break;
        continue;
      }
      if (depth == 0 && at_ > start && (c == ',' || c == ']' || c == '}' || c == ':' || is_space(c))) break;
      if (c == '[' || c == '{') depth++;
      at_++;
      if ((c == ']' || c == '}') && --depth <= 0) break;
    }
    return text_.substr(start, at_ - start);
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) at_++;
  }

  void skip_string() {
    for (at_++; at_ < text_.size() && text_[at_] != '"'; at_++) {
      if (text_[at_] == '\\') at_++;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  std::string_view text_;
  size_t at_ = 0;
};

bool is_json(const net::HttpResponse& response) { return response.header("content-type").starts_with("application/json"); }

/// The beginning of `text` on one line.
std::string first_words(std::string_view text) {
  constexpr size_t kMost = 200;
  std::string words;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (words.size() >= kMost && !continues) return words + "…";
    if (!is_space(c)) {
      words += c;
    } else if (!words.empty() && words.back() != ' ') {
      words += ' ';
    }
  }
  if (words.ends_with(' ')) words.pop_back();
  return words;
}

ServerError foreign_error(const net::HttpResponse& response) {
  const bool challenge = response.status == 401 && !response.header("www-authenticate").empty();
  std::string words = challenge ? first_words(response.body) : foreign_words(response);
  return {.status = response.status, .code = 0, .exception = "", .message = std::move(words), .challenge = challenge};
}

ServerError error_of(std::string_view json, int status) {
  ServerError error{.status = status, .code = 0, .exception = "", .message = ""};
  const auto members = split_object(json);
  if (!members) return error;
  for (const auto& [name, value] : *members) {
    if (name == "\"code\"") error.code = static_cast<int>(cell_int(value).value_or(0));
    if (name == "\"message\"") error.message = cell_text(value).value_or("");
  }
  error.exception = exception_name(error.message);
  return error;
}

/// The error of a whole request. CrateDB's codes have four digits or five; others give the HTTP status again.
ServerError request_error(std::string_view json, const net::HttpResponse& response) {
  constexpr int kLowestCode = 1000;
  ServerError error = error_of(json, response.status);
  return error.code < kLowestCode ? foreign_error(response) : error;
}

std::vector<RowResult> results_of(std::string_view json) {
  std::vector<RowResult> results;
  for (std::string_view element : split_array(json).value_or(std::vector<std::string_view>{})) {
    RowResult& result = results.emplace_back();
    const auto members = split_object(element);
    if (!members) continue;
    for (const auto& [name, value] : *members) {
      if (name == "\"rowcount\"") result.rowcount = cell_int(value).value_or(0);
      if (name == "\"error\"") result.error = error_of(value, 0);
    }
  }
  return results;
}

std::vector<std::vector<std::string>> rows_of(std::string_view json) {
  std::vector<std::vector<std::string>> rows;
  for (std::string_view line : split_array(json).value_or(std::vector<std::string_view>{})) {
    auto& row = rows.emplace_back();
    for (std::string_view cell : split_array(line).value_or(std::vector<std::string_view>{})) row.emplace_back(cell);
  }
  return rows;
}

/// 9 → 9, [100,9] → 100.
int outer_type(std::string_view json) {
  if (const auto number = cell_int(json)) return static_cast<int>(*number);
  const auto parts = split_array(json);
  return parts && !parts->empty() ? outer_type(parts->front()) : 0;
}

template <class Value, class Convert>
std::vector<Value> converted(std::string_view json, Convert convert) {
  std::vector<Value> values;
  for (std::string_view element : split_array(json).value_or(std::vector<std::string_view>{})) {
    values.push_back(convert(element));
  }
  return values;
}

}  // namespace

std::string request_body(const Statement& statement) {
  std::string body;
  body.reserve(statement.sql.size() + statement.args.size() + statement.bulk.size() + 64);
  json::Writer writer(body);
  writer.begin_object();
  writer.key("stmt");
  writer.string(statement.sql);
  if (!statement.args.empty()) {
    writer.key("args");
    writer.raw(statement.args);
  }
  if (!statement.bulk.empty()) {
    writer.key("bulk_args");
    writer.raw(statement.bulk);
  }
  writer.end_object();
  return body;
}

std::expected<Answer, ServerError> parse_answer(const net::HttpResponse& response) {
  if (!is_json(response)) return std::unexpected(foreign_error(response));
  const auto members = split_object(response.body);
  if (!members) return std::unexpected(foreign_error(response));
  Answer answer;
  bool is_own = false;
  for (const auto& [name, value] : *members) {
    if (name == "\"error\"") return std::unexpected(request_error(value, response));
    if (name == "\"cols\"") {
      is_own = true;
      answer.columns = converted<std::string>(value, [](std::string_view cell) { return cell_text(cell).value_or(""); });
    }
    if (name == "\"col_types\"") answer.types = converted<int>(value, outer_type);
    if (name == "\"rows\"") answer.rows = rows_of(value);
    if (name == "\"rowcount\"") answer.rowcount = cell_int(value).value_or(-1);
    if (name == "\"results\"") answer.results = results_of(value);
  }
  if (response.status >= 300 || !is_own) return std::unexpected(foreign_error(response));
  return answer;
}

std::string foreign_words(const net::HttpResponse& response) {
  const std::string words = first_words(response.body);
  const std::string status = "HTTP status " + std::to_string(response.status);
  return words.empty() ? status + " without a word" : status + ": " + words;
}

std::string exception_name(std::string_view message) {
  size_t end = 0;
  while (end < message.size() && std::isalnum(static_cast<unsigned char>(message[end]))) end++;
  if (end == 0 || end == message.size() || message[end] != '[') return "";
  return std::string(message.substr(0, end));
}

std::optional<std::string> cell_text(std::string_view raw) {
  if (raw == "null") return std::nullopt;
  if (!raw.starts_with('"')) return std::string(raw);
  json::Parser parser;
  const auto parsed = parser.parse(raw);
  // A lone surrogate, which CrateDB keeps: better its escape than nothing.
  if (!parsed) return std::string(raw.substr(1, raw.size() - 2));
  return std::string(parsed->get_string().value());
}

std::optional<int64_t> cell_int(std::string_view raw) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (error != std::errc() || end != raw.data() + raw.size()) return std::nullopt;
  return value;
}

std::optional<bool> cell_bool(std::string_view raw) {
  if (raw == "true") return true;
  if (raw == "false") return false;
  return std::nullopt;
}

std::optional<std::vector<std::string_view>> split_array(std::string_view json) {
  Cursor cursor(json);
  if (!cursor.take('[')) return std::nullopt;
  std::vector<std::string_view> elements;
  if (cursor.take(']')) return elements;
  do {
    elements.push_back(cursor.value());
    if (elements.back().empty()) return std::nullopt;
  } while (cursor.take(','));
  if (!cursor.take(']') || !cursor.at_end()) return std::nullopt;
  return elements;
}

std::optional<std::vector<std::pair<std::string_view, std::string_view>>> split_object(std::string_view json) {
  Cursor cursor(json);
  if (!cursor.take('{')) return std::nullopt;
  std::vector<std::pair<std::string_view, std::string_view>> members;
  if (cursor.take('}')) return members;
  do {
    const std::string_view name = cursor.value();
    if (name.empty() || !cursor.take(':')) return std::nullopt;
    const std::string_view value = cursor.value();
    if (value.empty()) return std::nullopt;
    members.emplace_back(name, value);
  } while (cursor.take(','));
  if (!cursor.take('}') || !cursor.at_end()) return std::nullopt;
  return members;
}

}  // namespace ctk::sink::cratedb
