#include "sink/cratedb/testing/recording.h"

namespace ctk::sink::cratedb::testing {

std::vector<Section> read_recording(std::string_view text) {
  std::vector<Section> sections;
  std::string note;
  std::string request;
  std::string value;
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    number++;
    if (line.starts_with("### ")) {
      sections.push_back({std::string(line.substr(4)), {}});
      note.clear();
      request.clear();
      value.clear();
    } else if (line.starts_with("-- ")) {
      note = line.substr(3);
    } else if (line.starts_with(">> ")) {
      request = line.substr(3);
    } else if (line.starts_with("value=")) {
      value = line.substr(6);
    } else if (line.starts_with("{\"") && !sections.empty()) {
      sections.back().exchanges.push_back({note, std::move(value), "", std::move(request), std::string(line), 0, number});
      request.clear();
      value.clear();
    } else if (line.starts_with("read back: ") && !sections.empty() && !sections.back().exchanges.empty()) {
      sections.back().exchanges.back().read_back = line.substr(11);
    } else if (line.starts_with("[HTTP ") && !sections.empty() && !sections.back().exchanges.empty()) {
      sections.back().exchanges.back().status = std::stoi(std::string(line.substr(6)));
    }
  }
  return sections;
}

}  // namespace ctk::sink::cratedb::testing
