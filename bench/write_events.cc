// write_events COUNT SIZE SEED > events.ndjson
#include <iostream>
#include <string>

#include "events.h"

int main(int count, char** words) {
  if (count != 4) {
    std::cerr << "write_events COUNT SIZE SEED\n";
    return 2;
  }
  ctk::bench::EventOptions options;
  options.count = std::stoull(words[1]);
  options.size = std::stoull(words[2]);
  options.seed = std::stoull(words[3]);
  for (const std::string& event : ctk::bench::make_events(options)) std::cout << event << '\n';
  return std::cout.good() ? 0 : 1;
}
