// The page of `/`: one HTML file (page.html), which asks /page.json for all that it shows and nothing else of anybody.
#pragma once

#include <string>
#include <string_view>

#include "net/http_server.h"

namespace ctk::observe {

/// The file as it stands in the program.
extern const std::string_view kPageHtml;

/// A Content-Security-Policy that lets `html` use its own script and style, each by its hash, and ask its own server; and
/// nothing else.
std::string content_policy(std::string_view html);

net::ServedAnswer status_page();

}  // namespace ctk::observe
