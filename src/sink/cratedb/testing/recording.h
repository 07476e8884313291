// Reading testdata/: exchanges with real servers, in sections.
//
//   "### " TITLE, then blocks of
//     ">> " REQUEST (JSON, or words where it was too long to keep)
//     ANSWER (JSON)
//     "[HTTP " STATUS …]     (not in every section)
//   "-- " words within a section, and ANSWER lines alone: what a query gave that was not written down.
//   "value=" JSON, ANSWER, "read back: " ROWS: a value written into an object, and what it became
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ctk::sink::cratedb::testing {

struct Exchange {
  std::string note;   ///< the latest "-- " line
  std::string value;  ///< of a "value=" line; then there is no request
  std::string read_back;
  std::string request;  ///< JSON; empty where only the answer was kept
  std::string answer;   ///< JSON
  int status = 0;       ///< 0: not recorded
  size_t line = 0;
};

struct Section {
  std::string title;
  std::vector<Exchange> exchanges;
};

std::vector<Section> read_recording(std::string_view text);

}  // namespace ctk::sink::cratedb::testing
