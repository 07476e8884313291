#include "observe/status_page.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "json/writer.h"

namespace ctk::observe {
namespace {

/// What stands between the first <TAG> and its end.
std::string_view inside(std::string_view html, const std::string& tag) {
  const std::string opening = "<" + tag + ">";
  const size_t begin = html.find(opening);
  if (begin == std::string_view::npos) return "";
  const size_t from = begin + opening.size();
  return html.substr(from, html.find("</" + tag + ">", from) - from);
}

/// "'sha256-…'", as a policy names a text.
std::string source_hash(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string encoded;
  json::append_base64(encoded, {reinterpret_cast<const char*>(digest.data()), size});
  return fmt::format("'sha256-{}'", encoded);
}

}  // namespace

std::string content_policy(std::string_view html) {
  return fmt::format(
      "default-src 'none'; script-src {}; style-src {}; connect-src 'self'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'; require-trusted-types-for 'script'",
      source_hash(inside(html, "script")), source_hash(inside(html, "style")));
}

net::ServedAnswer status_page() {
  static const std::string kPolicy = content_policy(kPageHtml);
  return {.content_type = "text/html; charset=utf-8",
          .body = std::string(kPageHtml),
          .headers = {{"Content-Security-Policy", kPolicy}}};
}

}  // namespace ctk::observe
