// Who may ask a process how it is. Pure.
//
//   loopback          anybody on this machine; but no page of the web, which a browser may send here under a name that
//                     resolves to it (DNS rebinding): the Host header has to be this machine's own
//   --listen-token    whoever knows the token: `Authorization: Bearer TOKEN`
//   --listen-open     anybody
#pragma once

#include <optional>
#include <string_view>

#include "base/named.h"
#include "net/http_server.h"

namespace ctk::observe {

struct Door {
  std::optional<Secret> token;
  bool open = false;  ///< no token is asked for, and no name
};

/// The refusal; nothing where the request may come in.
std::optional<net::ServedAnswer> refuse(const Door& door, const net::ServedRequest& request);
/// The same for the page alone, which holds nothing of anybody's: it asks for the token by itself.
std::optional<net::ServedAnswer> refuse_page(const Door& door, const net::ServedRequest& request);

}  // namespace ctk::observe
