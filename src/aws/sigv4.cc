#include "aws/sigv4.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/ascii.h"
#include "net/url.h"

namespace ctk::aws {
namespace {

using Digest = std::array<unsigned char, 32>;

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr size_t kUsualNames = 100, kUsualLines = 500;  ///< bytes of a call's headers, without a session token

std::string hex(const Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(digest.size() * 2);
  for (unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Digest sha256(std::string_view data) {
  Digest digest{};
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return digest;
}

Digest hmac(std::string_view key, std::string_view data) {
  Digest digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()),
       data.size(), digest.data(), &size);
  return digest;
}

std::string_view view(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

/// Without empty, "." and ".." segments; a slash at the end stays.
std::string normalized(std::string_view path) {
  std::vector<std::string_view> segments;
  std::string_view last;
  for (size_t at = 0; at <= path.size();) {
    size_t end = std::min(path.find('/', at), path.size());
    last = path.substr(at, end - at);
    if (last == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!last.empty() && last != ".") {
      segments.push_back(last);
    }
    at = end + 1;
  }
  std::string result;
  for (std::string_view segment : segments) result.append("/").append(segment);
  bool directory = last.empty() || last == "." || last == "..";
  if (result.empty() || directory) result += '/';
  return result;
}

std::string canonical_path(const SigningRequest& request, const SigningOptions& options) {
  std::string path = options.normalize_path ? normalized(request.path) : request.path;
  if (path.empty()) path = "/";
  return options.double_encode_path ? net::percent_encode(path, true) : path;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!query.empty()) {
    size_t end = query.find('&');
    std::string_view pair = query.substr(0, end);
    size_t equals = pair.find('=');
    std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    pairs.emplace_back(net::percent_encode(net::percent_decode(pair.substr(0, equals))),
                       net::percent_encode(net::percent_decode(value)));
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
  }
  std::sort(pairs.begin(), pairs.end());
  std::string text;
  for (const auto& [name, value] : pairs) text += (text.empty() ? "" : "&") + name + "=" + value;
  return text;
}

/// Without space at its ends, and with one space for each run of it within.
std::string trimmed(std::string_view value) {
  std::string text;
  text.reserve(value.size());
  bool gap = false;
  for (char c : value) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      gap = !text.empty();
    } else {
      if (gap) text += ' ';
      gap = false;
      text += c;
    }
  }
  return text;
}

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Names in lower case, sorted; the values of a repeated one joined by commas in their order.
Headers canonical_headers(const Headers& given, const Headers& added) {
  Headers headers;
  headers.reserve(given.size() + added.size());
  for (const Headers* list : {&given, &added}) {
    for (const auto& [name, value] : *list) headers.emplace_back(ascii_lower(name), trimmed(value));
  }
  std::stable_sort(headers.begin(), headers.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  size_t kept = 0;
  for (size_t next = 1; next < headers.size(); ++next) {
    if (headers[next].first == headers[kept].first) {
      headers[kept].second += "," + headers[next].second;
    } else if (++kept != next) {
      headers[kept] = std::move(headers[next]);
    }
  }
  headers.resize(std::min(headers.size(), kept + 1));
  return headers;
}

}  // namespace

std::string amz_date(Timestamp now) {
  constexpr size_t kSecondsEnd = 15;
  std::string text = format_iso8601(now);  // 2015-08-30T12:36:00.000000Z
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  text.replace(kSecondsEnd, std::string::npos, "Z");
  return text;
}

SigningKey derive_signing_key(const Secret& secret_key, const SigningScope& scope, Timestamp now) {
  SigningKey key;
  key.date = amz_date(now).substr(0, 8);
  Digest by_date = hmac("AWS4" + secret_key.reveal(), key.date);
  Digest by_region = hmac(view(by_date), scope.region);
  Digest by_service = hmac(view(by_region), scope.service);
  key.bytes = hmac(view(by_service), "aws4_request");
  return key;
}

Signature sign_with_key(const SigningRequest& request, const Credentials& credentials, const SigningScope& scope,
                        const SigningKey& key, Timestamp now, const SigningOptions& options) {
  Signature result;
  std::string body_hash = hex(sha256(request.body));
  std::string date = amz_date(now);
  Headers added;
  added.reserve(4);
  added.emplace_back("X-Amz-Date", date);
  if (credentials.session_token && !options.omit_session_token) {
    added.emplace_back("X-Amz-Security-Token", credentials.session_token->reveal());
  }
  if (options.sign_body_header) added.emplace_back("X-Amz-Content-Sha256", body_hash);

  std::string names, lines;
  names.reserve(kUsualNames);
  lines.reserve(kUsualLines);
  for (const auto& [name, value] : canonical_headers(request.headers, added)) {
    names.append(names.empty() ? "" : ";").append(name);
    lines.append(name).append(":").append(value).append("\n");
  }
  result.canonical_request = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(request, options),
                                         canonical_query(request.query), lines, names, body_hash);
  std::string scope_text = fmt::format("{}/{}/{}/aws4_request", key.date, scope.region, scope.service);
  result.string_to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date, scope_text, hex(sha256(result.canonical_request)));
  result.signature = hex(hmac(view(key.bytes), result.string_to_sign));
  result.headers = std::move(added);
  if (credentials.session_token && options.omit_session_token) {
    result.headers.emplace_back("X-Amz-Security-Token", credentials.session_token->reveal());
  }
  result.headers.emplace_back("Authorization",
                              fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                          credentials.access_key.str(), scope_text, names, result.signature));
  return result;
}

Signature sign(const SigningRequest& request, const Credentials& credentials, const SigningScope& scope, Timestamp now,
               const SigningOptions& options) {
  return sign_with_key(request, credentials, scope, derive_signing_key(credentials.secret_key, scope, now), now, options);
}

}  // namespace ctk::aws
