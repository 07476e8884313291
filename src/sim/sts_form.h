// The little of the Security Token Service that a simulated AWS has, in its wire form: a form in, XML out.
#pragma once

#include <string>
#include <string_view>

#include "sim/wire.h"

namespace ctk::sim {

/// Whether a Content-Type is that of its requests.
bool is_form(std::string_view content_type);

/// GetCallerIdentity, which needs no right; everything else is InvalidAction.
WireAnswer answer_sts(std::string_view form, const std::string& caller, const std::string& account);

}  // namespace ctk::sim
