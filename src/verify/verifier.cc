#include "verify/verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/retry.h"
#include "relay/routes.h"
#include "shards/segment.h"
#include "verify/same_source.h"

namespace ctk::verify {
namespace {

constexpr Duration kSettle = std::chrono::minutes(1);
/// A relay renews its rows every minute, even when it has nothing to read.
constexpr Duration kLiving = std::chrono::minutes(2);
/// Pages of items that are looked up at once.
constexpr size_t kPagesAtOnce = 4;
constexpr int kItemsAtOnce = 1'000;
constexpr size_t kKeysAtOnce = 5'000;
/// Differences that are looked at at once, and how many items are asked for at once then.
constexpr size_t kLooksAtOnce = 100;
constexpr size_t kItemsAsked = 16;
/// How often a row is written again that does not stay as it was put, and how long after the first time.
constexpr int kRepairs = 4;
constexpr Duration kBetweenRepairs = std::chrono::seconds(1);
constexpr Duration kBetweenAsking = std::chrono::seconds(2);
constexpr Duration kIdle = std::chrono::milliseconds(100);

bool is_worth_another_try(const Error& error) {
  return error.kind == ErrorKind::unreachable || error.kind == ErrorKind::throttled;
}

std::string form_words(const std::string& form) { return form.empty() ? "another form" : form; }

}  // namespace

Verifier::Verifier(VerifyOptions options, VerifySides sides, VerifyEnvironment environment)
    : options_(std::move(options)),
      sides_(sides),
      env_(std::move(environment)),
      tasks_(env_.loop),
      jobs_(std::move(env_.worker)) {}

Verifier::~Verifier() = default;

void Verifier::run(std::function<void(const Difference&)> stands, Done<VerifyTotals> done) {
  stands_ = std::move(stands);
  tasks_.spawn(compare_tables(), std::move(done));
}

template <class T, class Call>
Task<Result<T>> Verifier::insist(Duration budget, Call& call) {
  Retry retry(RetryPolicy{std::chrono::milliseconds(100), std::chrono::seconds(30), budget});
  while (true) {
    Result<T> answer = co_await tasks_.answer<T>([&call](Done<T> done) { call(std::move(done)); });
    if (answer || !is_worth_another_try(answer.error())) co_return answer;
    const std::optional<Duration> pause = retry.failed(env_.clock.monotonic(), env_.random);
    if (!pause || failure_) co_return answer;
    if (retry.failures() == 1) env_.log.debug("trying again", {{"error", to_string(answer.error())}});
    co_await tasks_.pause(*pause);
  }
}

template <class T, class Work>
auto Verifier::at_work(Work& work) {
  return tasks_.answer<T>(
      [this, &work](Done<T> done) { jobs_.run([&work]() -> Result<T> { return work(); }, std::move(done)); });
}

Task<Result<bool>> Verifier::all_of(size_t count, const Part& each) {
  struct Group {
    size_t left = 0;
    Done<bool> done;
  };
  auto group = std::make_shared<Group>();
  group->left = count;
  if (count == 0) co_return true;
  Result<bool> ended = co_await tasks_.answer<bool>([this, &group, &each](Done<bool> done) {
    group->done = std::move(done);
    const size_t all = group->left;
    for (size_t i = 0; i < all; ++i) {
      tasks_.spawn(each(i), [this, group](Result<bool> result) {
        if (!result && !failure_) failure_ = std::move(result).error();
        if (--group->left == 0) group->done(true);
      });
    }
  });
  if (failure_) co_return std::unexpected(*failure_);
  co_return ended;
}

Task<Result<VerifyTotals>> Verifier::compare_tables() {
  Result<bool> opened = co_await open();
  if (!opened) co_return forward_error(std::move(opened));
  Result<bool> loaded = co_await wait_for_load();
  if (!loaded) co_return forward_error(std::move(loaded));
  Result<Duration> settle = co_await choose_settle();
  if (!settle) co_return forward_error(std::move(settle));
  pending_.emplace(*settle);
  work_ = std::make_shared<PageWork>(PageWork::Settings{spec_, identity_.table.keys, options_.sample});
  const Part parts = [this](size_t i) { return i == 0 ? compare_segments() : settle_all(); };
  Result<bool> compared = co_await all_of(2, parts);
  if (!compared) co_return forward_error(std::move(compared));
  co_return totals_;
}

Task<Result<bool>> Verifier::open() {
  auto describe = [this](Done<relay::SnapshotIdentity> done) { sides_.items.open(std::move(done)); };
  Result<relay::SnapshotIdentity> identity = co_await insist<relay::SnapshotIdentity>(options_.start_timeout, describe);
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
  const std::string says = fmt::format("the table {} was loaded from {}, and {} is another table of that name",
                                       spec_->name.str(), record_->incarnation.str(), identity_.incarnation.str());
  if (options_.repair) {
    return fail(ErrorKind::refused, says + ": it is not repaired from there", "",
                "look at the region, the profile and the endpoint");
  }
  env_.log.warn(says, {{"table", spec_->name.str()}});
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

Task<Result<std::vector<coordination::TableRecord>>> Verifier::read_records() {
  using Records = std::vector<coordination::TableRecord>;
  auto read = [this](Done<Records> done) { sides_.sink.records(std::move(done)); };
  Result<Records> records = co_await insist<Records>(options_.start_timeout, read);
  co_return records;
}

/// Whether a load of the table has begun that somebody goes on with.
Task<Result<bool>> Verifier::is_loading() {
  Result<std::vector<coordination::TableRecord>> records = co_await read_records();
  if (!records) co_return forward_error(std::move(records));
  const auto record = std::ranges::find(*records, spec_->name.str(), &coordination::TableRecord::table);
  if (record == records->end()) co_return false;
  record_ = *record;
  if (record->load != coordination::LoadState::running) co_return false;
  using Names = std::vector<coordination::RelayName>;
  auto list = [this](Done<Names> done) { sides_.sink.positions().relays(std::move(done)); };
  Result<Names> names = co_await insist<Names>(options_.start_timeout, list);
  if (!names) co_return forward_error(std::move(names));
  const Timestamp since = env_.clock.now() - kLiving;
  for (const coordination::RelayName& name : *names) {
    using Rows = std::vector<coordination::StoredPosition>;
    auto load = [this, &name](Done<Rows> done) { sides_.sink.positions().load(name, std::move(done)); };
    Result<Rows> rows = co_await insist<Rows>(options_.start_timeout, load);
    if (!rows) co_return forward_error(std::move(rows));
    const bool loads = std::ranges::any_of(*rows, [&](const coordination::StoredPosition& row) {
      return row.epoch == record_->epoch && row.updated > since && shards::is_segment(row.shard);
    });
    if (loads) co_return true;
  }
  co_return false;
}

/// What a load has not brought yet would be missing.
Task<Result<bool>> Verifier::wait_for_load() {
  for (bool said = false;; said = true) {
    Result<bool> loading = co_await is_loading();
    if (!loading || !*loading) co_return loading;
    if (!said) env_.log.info("the table is being loaded: it is compared once it is", {{"table", spec_->name.str()}});
    co_await tasks_.pause(kBetweenAsking);
  }
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

Task<Result<Duration>> Verifier::choose_settle() {
  if (options_.settle) co_return *options_.settle;
  Duration settle = kSettle;
  if (!record_) co_return settle;
  const Timestamp now = env_.clock.now();
  for (const coordination::RelayName& relay : record_->relays) {
    using Rows = std::vector<coordination::StoredPosition>;
    auto load = [this, &relay](Done<Rows> done) { sides_.sink.positions().load(relay, std::move(done)); };
    Result<Rows> rows = co_await insist<Rows>(options_.start_timeout, load);
    if (!rows) co_return forward_error(std::move(rows));
    const bool lives = std::ranges::any_of(*rows, [&](const auto& row) { return row.updated > now - kLiving; });
    const Timestamp read_to = coordination::watermark(*rows);
    if (lives && read_to != kNoTime) settle = std::max(settle, std::chrono::duration_cast<Duration>(now - read_to));
  }
  co_return settle;
}

Status Verifier::take(PageFindings findings) {
  totals_.items += findings.items;
  totals_.rows += findings.rows;
  totals_.equal += findings.equal;
  for (const Difference& difference : findings.certain) conclude(difference);
  for (Difference& difference : findings.found) {
    difference.since = env_.clock.monotonic();
    if (Status added = pending_->add(std::move(difference)); !added) return added;
  }
  return {};
}

void Verifier::conclude(const Difference& difference) {
  switch (difference.kind) {
    case Difference::Kind::missing: ++totals_.missing; break;
    case Difference::Kind::extra: ++totals_.extra; break;
    case Difference::Kind::different: ++totals_.different; break;
  }
  stands_(difference);
}

/// Reads and compares all items, some segments at a time, then looks for rows without any.
Task<Result<bool>> Verifier::compare_segments() {
  const int total = sides_.items.segments(options_.segments);
  const Part read_segments = [this, total](size_t) -> Task<Result<bool>> {
    while (next_segment_ < total && !failure_) {
      relay::SegmentRequest request;
      request.segment.number = next_segment_++;
      request.segment.total = total;
      request.max_items = kItemsAtOnce;
      do {
        auto read = [this, &request](Done<relay::SegmentPage> done) { sides_.items.read(request, std::move(done)); };
        Result<relay::SegmentPage> page = co_await insist<relay::SegmentPage>(options_.give_up, read);
        if (!page) co_return forward_error(std::move(page));
        request.resume = page->resume;
        relay::SegmentPage whole = std::move(*page);
        Result<bool> compared = co_await compare_page(std::move(whole));
        if (!compared) co_return compared;
      } while (!request.resume.empty() && !failure_);
    }
    co_return true;
  };
  Result<bool> read = co_await all_of(std::min(kPagesAtOnce, static_cast<size_t>(total)), read_segments);
  if (!read) co_return read;
  Result<bool> walked = co_await walk_target();
  found_all_ = true;
  co_return walked;
}

Task<Result<sink::RowReader::Rows>> Verifier::read_rows(std::vector<std::vector<table::KeyCell>> keys) {
  using Rows = sink::RowReader::Rows;
  if (keys.empty()) co_return Rows{};
  auto read = [this, &keys](Done<Rows> done) { sides_.rows.read_rows(spec_, keys, std::move(done)); };
  Result<Rows> rows = co_await insist<Rows>(options_.give_up, read);
  co_return rows;
}

Task<Result<bool>> Verifier::compare_page(relay::SegmentPage page) {
  auto decode = [work = work_, records = std::move(page.records)]() mutable { return work->decode(std::move(records)); };
  Result<ReadItems> items = co_await at_work<ReadItems>(decode);
  if (!items) co_return forward_error(std::move(items));
  std::vector<std::vector<table::KeyCell>> keys = PageWork::keys_of(*items);
  Result<sink::RowReader::Rows> rows = co_await read_rows(std::move(keys));
  if (!rows) co_return forward_error(std::move(rows));
  auto compare = [work = work_, items = std::move(*items), rows = std::move(*rows)]() mutable {
    return work->compare(items, std::move(rows));
  };
  Result<PageFindings> findings = co_await at_work<PageFindings>(compare);
  if (!findings) co_return forward_error(std::move(findings));
  if (Status taken = take(std::move(*findings)); !taken) co_return forward_error(std::move(taken));
  co_return true;
}

Task<Result<bool>> Verifier::walk_target() {
  const size_t walks = work_->walks();
  for (size_t walk = 0; walk < walks; ++walk) {
    auto begin = [work = work_, walk]() -> Result<bool> {
      if (Status begun = work->begin_walk(walk); !begun) return forward_error(std::move(begun));
      return true;
    };
    Result<bool> begun = co_await at_work<bool>(begin);
    if (!begun) co_return begun;
    std::vector<std::string> from;
    do {
      auto read = [this, &from](Done<sink::KeyPage> done) {
        sides_.rows.read_keys(spec_, from, kKeysAtOnce, std::move(done));
      };
      Result<sink::KeyPage> page = co_await insist<sink::KeyPage>(options_.give_up, read);
      if (!page) co_return forward_error(std::move(page));
      from = page->next;
      auto find = [work = work_, page = std::move(*page)]() -> Result<PageFindings> { return work->extras(page); };
      Result<PageFindings> findings = co_await at_work<PageFindings>(find);
      if (!findings) co_return forward_error(std::move(findings));
      if (Status taken = take(std::move(*findings)); !taken) co_return forward_error(std::move(taken));
    } while (!from.empty() && !failure_);
  }
  co_return true;
}

Task<Result<bool>> Verifier::settle_all() {
  while (!failure_ && !(found_all_ && pending_->size() == 0)) {
    Result<std::vector<Difference>> due = pending_->take_due(env_.clock.monotonic(), kLooksAtOnce);
    if (!due) co_return forward_error(std::move(due));
    if (due->empty()) {
      co_await tasks_.pause(kIdle);
      continue;
    }
    std::vector<Difference> taken = std::move(*due);
    Result<bool> looked = co_await look_again(std::move(taken));
    if (!looked) co_return looked;
  }
  co_return true;
}

Task<Result<std::optional<std::string>>> Verifier::get_item(const Difference& difference) {
  using Item = std::optional<std::string>;
  auto get = [this, key = difference.key](Done<Item> done) { sides_.api.get_item(options_.table, key, std::move(done)); };
  Result<Item> item = co_await insist<Item>(options_.give_up, get);
  // No item can have the key of such a row: an empty text, a number of too many digits. Any other refusal says nothing of
  // the item, whose row is not to be taken for extra.
  const bool no_key = !item && item.error().kind == ErrorKind::refused && difference.kind == Difference::Kind::extra &&
                      item.error().peer.contains("ValidationException");
  if (no_key) co_return Item{};
  co_return item;
}

/// The rows first, then their items.
Task<Result<Verifier::Sides>> Verifier::read_sides(const std::vector<Difference>& differences) {
  Sides sides;
  auto ask = [work = work_, &differences]() -> Result<ReadItems> { return work->keys_of(differences); };
  Result<ReadItems> keys = co_await at_work<ReadItems>(ask);
  if (!keys) co_return forward_error(std::move(keys));
  sides.keys = std::move(*keys);
  std::vector<std::vector<table::KeyCell>> cells = PageWork::keys_of(sides.keys);
  Result<sink::RowReader::Rows> rows = co_await read_rows(std::move(cells));
  if (!rows) co_return forward_error(std::move(rows));
  auto next_row = rows->begin();
  for (const ReadItem& key : sides.keys) {
    const bool asked = !key.cells.empty() && next_row != rows->end();
    sides.rows.push_back(asked ? std::move(*next_row++) : std::nullopt);
  }
  sides.items.resize(differences.size());
  size_t next = 0;
  const Part read_items = [this, &differences, &sides, &next](size_t) -> Task<Result<bool>> {
    while (next < differences.size() && !failure_) {
      const size_t at = next++;
      Result<std::optional<std::string>> item = co_await get_item(differences[at]);
      if (!item) co_return forward_error(std::move(item));
      sides.items[at] = std::move(*item);
    }
    co_return true;
  };
  Result<bool> read = co_await all_of(std::min(kItemsAsked, differences.size()), read_items);
  if (!read) co_return forward_error(std::move(read));
  co_return sides;
}

Task<Result<bool>> Verifier::look_again(std::vector<Difference> due) {
  const Duration now = env_.clock.monotonic();
  Result<Sides> sides = co_await read_sides(due);
  if (!sides) co_return forward_error(std::move(sides));
  auto compare = [work = work_, &sides]() -> Result<std::vector<Look>> {
    std::vector<Look> looks;
    for (size_t i = 0; i < sides->items.size(); ++i) {
      Result<Look> look = work->look(std::move(sides->items[i]), std::move(sides->rows[i]));
      if (!look) return forward_error(std::move(look));
      looks.push_back(std::move(*look));
    }
    return looks;
  };
  Result<std::vector<Look>> looks = co_await at_work<std::vector<Look>>(compare);
  if (!looks) co_return forward_error(std::move(looks));
  std::vector<Difference> standing;
  for (size_t i = 0; i < due.size(); ++i) {
    const bool was_item = due[i].kind != Difference::Kind::extra;
    const bool is_equal = (*looks)[i].has_item && !(*looks)[i].difference;  // not where the row moves on and on
    switch (judge(due[i], std::move((*looks)[i]), now, pending_->settle())) {
      case Verdict::stands:
        conclude(due[i]);
        standing.push_back(std::move(due[i]));
        break;
      case Verdict::settled:
        ++totals_.settled;
        if (is_equal && was_item) ++totals_.equal;
        break;
      case Verdict::again:
        if (Status added = pending_->add(std::move(due[i])); !added) co_return forward_error(std::move(added));
        break;
    }
  }
  if (!options_.repair || standing.empty()) co_return true;
  Result<bool> repaired = co_await repair(std::move(standing));
  co_return repaired;
}

/// Each row under the version that it was read with, before its item was: whatever is newer wins. What was written
/// meanwhile is looked at again.
Task<Result<bool>> Verifier::repair(std::vector<Difference> standing) {
  struct Round {
    std::vector<sink::RowRepair> repairs;
    std::vector<Difference> left;
  };
  for (int round = 0; round <= kRepairs && !standing.empty(); ++round) {
    if (round > 1) co_await tasks_.pause(kBetweenRepairs);
    Result<Sides> sides = co_await read_sides(standing);
    if (!sides) co_return forward_error(std::move(sides));
    auto prepare = [work = work_, &sides, &standing, now = env_.clock.now()]() -> Result<Round> {
      Round prepared;
      for (size_t i = 0; i < standing.size(); ++i) {
        const Result<Look> look = work->look(sides->items[i], sides->rows[i]);
        if (!look) return std::unexpected(look.error());
        if (!look->difference) continue;
        auto repair = work->repair(sides->keys[i], std::move(sides->items[i]), sides->rows[i], now);
        if (repair) prepared.repairs.push_back(std::move(*repair));
        prepared.left.push_back(std::move(standing[i]));
      }
      return prepared;
    };
    const size_t before = standing.size();
    Result<Round> prepared = co_await at_work<Round>(prepare);
    if (!prepared) co_return forward_error(std::move(prepared));
    totals_.repaired += before - prepared->left.size();
    standing = std::move(prepared->left);
    if (round == kRepairs || prepared->repairs.empty()) break;
    auto write = [this, &prepared](Done<bool> done) {
      const coordination::Epoch epoch = record_ ? record_->epoch : 1;
      sides_.repairer.repair_rows(spec_, epoch, prepared->repairs, std::move(done));
    };
    Result<bool> written = co_await insist<bool>(options_.give_up, write);
    if (!written) co_return written;
  }
  co_return true;
}

}  // namespace ctk::verify
