// write_items COUNT SIZE SEED > items.ndjson
#include <iostream>
#include <string>

#include "events.h"

int main(int count, char** words) {
  if (count != 4) {
    std::cerr << "write_items COUNT SIZE SEED\n";
    return 2;
  }
  const std::vector<std::string> items =
      ctk::bench::make_items(std::stoull(words[1]), std::stoull(words[2]), std::stoull(words[3]));
  for (const std::string& item : items) std::cout << item << '\n';
  return std::cout.good() ? 0 : 1;
}
