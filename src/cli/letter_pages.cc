#include "cli/letter_pages.h"

namespace ctk::cli {
namespace {

/// What is held of letters at once.
constexpr size_t kBytesOfAPage = 4u << 20;

}  // namespace

Result<std::vector<sink::DeadLetter>> LetterPages::next() {
  while (!ended_) {
    auto page = session_.dead_letter_page(from_, kBytesOfAPage);
    if (!page && page.error().kind == ErrorKind::not_found) page = sink::DeadLetterPage{};
    if (!page) return std::unexpected(page.error());
    from_ = page->next;
    ended_ = from_.empty();
    if (!page->letters.empty()) return std::move(page->letters);
  }
  return std::vector<sink::DeadLetter>{};
}

}  // namespace ctk::cli
