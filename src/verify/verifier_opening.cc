// What a Verifier finds out before it compares: both tables, and whether the one is the other's copy.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "relay/routes.h"
#include "verify/same_source.h"
#include "verify/verifier_calls.h"

namespace ctk::verify {
namespace {

std::string form_words(const std::string& form) { return form.empty() ? "another form" : form; }

}  // namespace

Task<Result<bool>> Verifier::open() {
  auto describe = [this](Done<source::SnapshotIdentity> done) { sides_.items.open(std::move(done)); };
  Result<source::SnapshotIdentity> identity = co_await insist<source::SnapshotIdentity>(options_.start_timeout, describe);
  if (!identity) co_return forward_error(std::move(identity));
  identity_ = std::move(*identity);
  auto connect = [this](Done<bool> done) { sides_.sink.connect(std::move(done)); };
  Result<bool> connected = co_await insist<bool>(options_.start_timeout, connect);
  if (!connected) co_return connected;
  Result<std::vector<coordination::TableRecord>> records = co_await read_records();
  if (!records) co_return forward_error(std::move(records));
  if (Result<bool> made = make_spec(*records); !made) co_return made;
  auto look = [this](Done<bool> done) { sides_.sink.exists(spec_->name, std::move(done)); };
  Result<bool> there = co_await insist<bool>(options_.start_timeout, look);
  if (there && !*there) {
    co_return fail(ErrorKind::not_found, fmt::format("there is no table {} to compare with", spec_->name.str()), "",
                   "ctk load makes it");
  }
  if (!there) co_return there;
  if (Status same = check_incarnation(); !same) co_return forward_error(std::move(same));
  Result<bool> fits = co_await check_keys();
  co_return fits;
}

/// Rows of another table of that name are no copy: comparing them may be meant, writing them is not.
Status Verifier::check_incarnation() {
  if (!record_ || is_same_table(record_->incarnation, identity_.incarnation)) return {};
  const std::string message = fmt::format("the table {} was loaded from {}, and {} is another table of that name",
                                          spec_->name.str(), record_->incarnation.str(), identity_.incarnation.str());
  if (options_.repair) {
    return fail(ErrorKind::refused, message + ": it is not repaired from there", "",
                "look at the region, the profile and the endpoint");
  }
  env_.log.warn(message, {{"table", spec_->name.str()}});
  return {};
}

/// Keys of other types than the table's would be looked for, and written, as others.
Task<Result<bool>> Verifier::check_keys() {
  using Statements = std::vector<std::string>;
  auto ask = [this](Done<Statements> done) { sides_.console.retyping(*spec_, std::move(done)); };
  Result<Statements> other = co_await insist<Statements>(options_.start_timeout, ask);
  if (!other) co_return forward_error(std::move(other));
  if (other->empty()) co_return true;
  co_return fail(ErrorKind::refused,
                 fmt::format("the key of table {} has another column type than it is to be read with", spec_->name.str()),
                 "", "give the options key-type.NAME that it was loaded with");
}

/// The table, as a relay with these options would find and write it.
Result<bool> Verifier::make_spec(const std::vector<coordination::TableRecord>& records) {
  const table::Target target(sides_.sink.traits());
  relay::Routes routes({std::nullopt, options_.schema, options_.target_table, target});
  routes.know(records);
  const relay::Route route = routes.route(identity_.table.name);
  if (const auto* error = std::get_if<Error>(&route)) return std::unexpected(*error);
  const table::QualifiedName& name = std::get<table::QualifiedName>(route);
  dynamodb::KeySchema keys = dynamodb::in_order(identity_.table.keys, identity_.key_order);
  const auto record = std::ranges::find(records, name.str(), &coordination::TableRecord::table);
  if (record != records.end()) {
    record_ = *record;
    if (record->source_table != identity_.table.name) {
      return fail(ErrorKind::refused, fmt::format("the table {} holds the source table {}, not {}", name.str(),
                                                  record->source_table, identity_.table.name));
    }
    const std::string form = table::form_of(options_.tables);
    if (!record->form.empty() && record->form != form) {
      return fail(ErrorKind::refused,
                  fmt::format("the table {} was written with {}, and is to be read with {}", name.str(),
                              form_words(record->form), form),
                  "", "give the options that it was loaded with");
    }
    std::vector<std::string> order;
    for (const auto& [attribute, type] : record->keys.attributes) order.push_back(attribute);
    keys = dynamodb::in_order(std::move(keys), order);
  }
  Result<table::TableSpec> spec = table::make_spec(target, name, identity_.table.name, keys, options_.tables);
  if (!spec) return forward_error(std::move(spec));
  spec_ = std::make_shared<const table::TableSpec>(std::move(*spec));
  return true;
}

}  // namespace ctk::verify
