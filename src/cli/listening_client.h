// Asking a process that listens how it is: for `status` and `top`.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "base/named.h"
#include "cli/world.h"
#include "net/http.h"

namespace ctk::cli {

/// What /healthz answers with while something is not well.
inline constexpr int kUnhealthy = 503;

struct ListeningPort {
  std::string url;  ///< "http://127.0.0.1:8080"
  std::optional<Secret> token;
};

/// Waits for the answer, on any thread: 200 or 503. `denied` where another token is asked for, `refused` where it is no
/// port of ours.
Result<net::HttpResponse> ask_listening(const ListeningPort& port, const std::string& path, World& world,
                                        const std::stop_token& stop = {});

}  // namespace ctk::cli
