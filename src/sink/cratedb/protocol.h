// The `_sql` endpoint's language: requests as JSON, answers as values. Pure.
//
//   request = {"stmt": TEXT [, "args": [VALUE, …]]} | {"stmt": TEXT, "bulk_args": [[VALUE, …], …]}
//   answer  = {"cols": […], ["col_types": […],] "rows": [[VALUE, …], …], "rowcount": N, "duration": MS}
//           | {"cols": [], "duration": MS, "results": [{"rowcount": N [, "error": {"code": N, "message": TEXT}]}, …]}
//           | {"error": {"message": "ExceptionName[text]", "code": NNNN}}
// (CrateDB reference, HTTP endpoint.) An answer in no such words comes from the server's outer layers (authentication,
// size), or from whatever lies between it and us; or it was cut off on its way.
#pragma once

#include <expected>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace ctk::sink::cratedb {

/// One request. `args` and `bulk` are JSON arrays, ready to send; at most one of them is not empty.
struct Statement {
  std::string sql;
  std::string args;
  std::string bulk;
  std::stop_token stop = {};  ///< its answer is not waited for any more
};

std::string request_body(const Statement& statement);

/// What the server says went wrong: of a request, or of one row of a bulk.
struct ServerError {
  int status = 0;          ///< HTTP status; 0 for a row
  int code = 0;            ///< CrateDB's own code; 0 where there is none
  std::string exception;   ///< "SQLParseException"; empty where the message has none
  std::string message;     ///< the server's whole words; the first ones of an answer that is not in CrateDB's own
  bool challenge = false;  ///< a 401 that asks who we are
  bool operator==(const ServerError&) const = default;

  /// A request's error that is not in CrateDB's own words: anybody on the way can have said it.
  bool is_foreign() const { return status != 0 && code == 0; }
};

/// A row of a bulk.
struct RowResult {
  int64_t rowcount = 0;
  std::optional<ServerError> error;
};

struct Answer {
  std::vector<std::string> columns;
  std::vector<int> types;                      ///< the outermost type's id of each column; 0 for undefined
  std::vector<std::vector<std::string>> rows;  ///< cells as raw JSON, so that no digit is lost
  int64_t rowcount = -1;
  std::vector<RowResult> results;  ///< of a bulk, one a row
};

/// Parses whatever came back with any status. A body that cannot be understood is a ServerError that is foreign.
std::expected<Answer, ServerError> parse_answer(const net::HttpResponse& response);

/// An answer that is not CrateDB's as words of an error: "HTTP status 404: <html> <head>…".
std::string foreign_words(const net::HttpResponse& response);

/// "SQLParseException[…]" → "SQLParseException".
std::string exception_name(std::string_view message);

/// A cell as text: a JSON string's content, anything else as it is written; nothing for null.
std::optional<std::string> cell_text(std::string_view raw);
std::optional<int64_t> cell_int(std::string_view raw);
std::optional<bool> cell_bool(std::string_view raw);

/// Splits a JSON array or object's text into its elements' or members' texts, without interpreting them. Nothing where the
/// brackets do not match.
std::optional<std::vector<std::string_view>> split_array(std::string_view json);
std::optional<std::vector<std::pair<std::string_view, std::string_view>>> split_object(std::string_view json);

}  // namespace ctk::sink::cratedb
