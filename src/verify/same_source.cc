#include "verify/same_source.h"

#include <optional>
#include <string_view>

#include "base/time.h"

namespace ctk::verify {
namespace {

/// What is made together may have times that differ a little.
constexpr Duration kTogether = std::chrono::minutes(1);

struct Parts {
  std::string_view arn;
  std::optional<Timestamp> created;
};

Parts parts_of(std::string_view incarnation) {
  const size_t slash = incarnation.rfind('/');
  if (slash == std::string_view::npos) return {incarnation, std::nullopt};
  const Result<Timestamp> created = parse_timestamp(incarnation.substr(slash + 1));
  if (!created) return {incarnation, std::nullopt};
  return {incarnation.substr(0, slash), *created};
}

/// "arn:PARTITION:SERVICE:REGION:ACCOUNT:…"
std::string_view field(std::string_view arn, int index) {
  for (; index > 0; --index) arn.remove_prefix(std::min(arn.find(':'), arn.size() - 1) + 1);
  return arn.substr(0, arn.find(':'));
}

bool is_same_place(std::string_view stored, std::string_view table) {
  return field(stored, 3) == field(table, 3) && field(stored, 4) == field(table, 4);
}

}  // namespace

bool is_same_table(const coordination::Incarnation& stored, const coordination::Incarnation& table) {
  if (stored == table || !stored.str().starts_with("arn:")) return true;
  const Parts before = parts_of(stored.str()), now = parts_of(table.str());
  if (field(before.arn, 2) != "dynamodb") return is_same_place(before.arn, now.arn);
  const bool is_stream = before.arn.starts_with(std::string(now.arn) + "/stream/");
  if (!is_stream) return before.arn == now.arn && before.created == now.created;
  return !before.created || !now.created || *now.created <= *before.created + kTogether;
}

}  // namespace ctk::verify
