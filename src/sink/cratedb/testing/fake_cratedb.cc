#include "sink/cratedb/testing/fake_cratedb.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "json/reader.h"
#include "json/writer.h"
#include "sink/cratedb/protocol.h"

namespace ctk::sink::cratedb::testing {
namespace {

constexpr std::string_view kDuration = "0.5";

struct Request {
  std::string sql;
  std::optional<Value> args;
  std::optional<Value> bulk;
};

SqlResult<Request> parse_request(std::string_view body) {
  if (body.empty()) return std::unexpected(parse_exception("Missing request body"));
  const auto root = parse_value(body);
  if (!root || root->kind != Value::Kind::object) {
    return std::unexpected(parse_exception(fmt::format("Failed to parse source [{}]", body)));
  }
  Request request;
  for (const auto& [name, value] : root->members) {
    if (name == "stmt") request.sql = value.text;
    if (name == "args") request.args = value;
    if (name == "bulk_args") request.bulk = value;
  }
  if (request.args && request.bulk && !request.args->items.empty() && !request.bulk->items.empty()) {
    return std::unexpected(parse_exception("request body contains args and bulk_args. It's forbidden to provide both"));
  }
  return request;
}

std::string utf16_escape(uint32_t unit) { return fmt::format("\\u{:04X}", unit); }

/// Characters beyond the first plane as two escapes, and the digits of escapes in capitals.
std::string as_served(std::string_view json) {
  std::string out;
  for (size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    if (byte >= 0xF0 && i + 3 < json.size()) {
      uint32_t point = byte & 0x07U;
      for (size_t next = 1; next < 4; ++next) point = point << 6U | (static_cast<unsigned char>(json[i + next]) & 0x3FU);
      point -= 0x10000;
      out += utf16_escape(0xD800 + (point >> 10U)) + utf16_escape(0xDC00 + (point & 0x3FFU));
      i += 3;
    } else if (json.substr(i).starts_with("\\u")) {
      out += "\\u" + ascii_upper(json.substr(i + 2, 4));
      i += 5;
    } else {
      out += json[i];
      if (json[i] == '\\') out += json[++i];
    }
  }
  return out;
}

std::string rows_json(const std::vector<std::vector<Value>>& rows) {
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const Value& cell : row) cells.push_back(as_served(to_json(cell)));
    lines.push_back(fmt::format("[{}]", fmt::join(cells, ",")));
  }
  return fmt::format("[{}]", fmt::join(lines, ","));
}

std::string outcome_json(const Outcome& outcome, bool with_types) {
  std::vector<std::string> columns;
  std::vector<std::string> types;
  for (const std::string& column : outcome.columns) columns.push_back(to_json(Value::of_text(column)));
  for (const Type& type : outcome.types) types.push_back(type_id(type));
  const std::string shown = with_types ? fmt::format(R"("col_types":[{}],)", fmt::join(types, ",")) : "";
  return fmt::format(R"({{"cols":[{}],{}"rows":{},"rowcount":{},"duration":{}}})", fmt::join(columns, ","), shown,
                     rows_json(outcome.rows), outcome.rowcount, kDuration);
}

std::string results_json(const std::vector<RowOutcome>& rows) {
  std::vector<std::string> results;
  for (const RowOutcome& row : rows) {
    std::string error;
    if (row.error) {
      error = fmt::format(R"(,"error":{{"code":{},"message":{}}})", row.error->code,
                          to_json(Value::of_text(row.error->message)));
    }
    results.push_back(fmt::format(R"({{"rowcount":{}{}}})", row.rowcount, error));
  }
  return fmt::format(R"({{"cols":[],"duration":{},"results":[{}]}})", kDuration, fmt::join(results, ","));
}

}  // namespace

net::HttpResponse json_response(int status, std::string body) {
  body.reserve(body.size() + json::kPadding);
  return {.status = status, .headers = {{"content-type", "application/json; charset=UTF-8"}}, .body = std::move(body)};
}

net::HttpResponse error_response(const SqlError& error) {
  const int status = error.code >= 10000 ? error.code / 100 : error.code / 10;
  return json_response(
      status, fmt::format(R"({{"error":{{"message":{},"code":{}}}}})", to_json(Value::of_text(error.message)), error.code));
}

void FakeCrateDb::send(net::HttpRequest request, net::HttpDone done) {
  const Duration takes = latency + (delay ? delay(request) : Duration(0));
  auto work = [this, request = std::move(request), done = std::move(done)]() mutable {
    std::optional<Result<net::HttpResponse>> instead;
    if (intercept) instead = intercept(request);
    done(instead ? std::move(*instead) : Result<net::HttpResponse>(answer(request)));
  };
  if (takes > Duration(0)) {
    loop_.after(takes, std::move(work));
  } else {
    loop_.post(std::move(work));
  }
}

net::HttpResponse FakeCrateDb::answer(const net::HttpRequest& request) {
  if (!authorization.empty()) {
    bool right = false;
    for (const auto& [name, value] : request.headers) right = right || (name == "authorization" && value == authorization);
    if (!right) {
      return {.status = 401,
              .headers = {{"www-authenticate", "Basic realm=\"CrateDB Authenticator\""}},
              .body = "password authentication failed for user \"crate\"\n"};
    }
  }
  if (request.url.find("/_sql") == std::string::npos) {
    return json_response(200, R"({"ok":true,"status":200,"name":"n1","cluster_name":"fake","version":{"number":"6.4.3"}})");
  }
  auto parsed = parse_request(request.body);
  if (!parsed) return error_response(parsed.error());
  auto statement = parse_sql(parsed->sql);
  if (!statement) return error_response(statement.error());
  engine_.now_ms = std::chrono::floor<std::chrono::milliseconds>(clock_.now()).time_since_epoch().count();
  if (refresh_always) {
    for (auto& [name, table] : engine_.store().tables) table.visible = table.documents;
  }
  if (parsed->bulk) {
    std::vector<Parameters> rows;
    for (const Value& row : parsed->bulk->items) rows.push_back(row.items);
    auto outcomes = engine_.run_bulk(*statement, rows);
    return outcomes ? json_response(200, results_json(*outcomes)) : error_response(outcomes.error());
  }
  auto outcome = engine_.run(*statement, parsed->args ? parsed->args->items : Parameters{});
  if (!outcome) return error_response(outcome.error());
  return json_response(200, outcome_json(*outcome, request.url.find("types") != std::string::npos));
}

}  // namespace ctk::sink::cratedb::testing
