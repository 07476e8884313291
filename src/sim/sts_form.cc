#include "sim/sts_form.h"

#include <fmt/format.h>

namespace ctk::sim {

bool is_form(std::string_view content_type) { return content_type.starts_with("application/x-www-form-urlencoded"); }

WireAnswer answer_sts(std::string_view form, const std::string& caller, const std::string& account) {
  constexpr std::string_view kNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";
  const std::string ends = fmt::format("&{}&", form);
  if (ends.find("&Action=GetCallerIdentity&") == std::string::npos) {
    return {400, fmt::format("<ErrorResponse xmlns=\"{}\"><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>"
                             "Could not find operation</Message></Error></ErrorResponse>",
                             kNamespace)};
  }
  const std::string user = caller.substr(caller.rfind('/') + 1);
  return {200, fmt::format("<GetCallerIdentityResponse xmlns=\"{}\"><GetCallerIdentityResult><Arn>{}</Arn><UserId>{}"
                           "</UserId><Account>{}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
                           kNamespace, caller, user, account)};
}

}  // namespace ctk::sim
