// What libcurl's results mean: a pure table, apart from the client so that it can be tested without a network.
#pragma once

#include <curl/curl.h>

#include <string>

#include "base/error.h"
#include "base/time.h"

namespace ctk::net {

/// What is known of an exchange that gave no answer.
struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string detail;      ///< libcurl's words
  int system_error = 0;    ///< errno of the last system call, or 0
  std::string address;     ///< "host:port"
  bool connected = false;  ///< the connection had been made
  bool too_large = false;  ///< we stopped it: longer than max_answer_bytes
  size_t max_answer_bytes = 0;
  Duration timeout{};
  Duration connect_timeout{};
  std::string ca_bundle;
};

/// `unreachable` where another try may help, `refused` for certificates, `too_large`, `usage` for an address that is none.
Error curl_error(const CurlFailure& failure);

}  // namespace ctk::net
