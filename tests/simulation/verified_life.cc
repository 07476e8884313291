#include "simulation/verified_life.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "simulation/streams_rig.h"
#include "source/scan_source.h"

namespace ctk::simulation {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using verify::Difference;

constexpr const char* kTarget = "public.demo";
/// Items that nobody writes any more, and those that are written all the time.
constexpr int kStill = 30, kHot = 40;
/// Beyond what a double holds: it stands in `aux`.
constexpr std::string_view kExact = "0.12345678901234567890";

std::string typed_key(const std::string& pk) { return fmt::format(R"({{"pk":{{"S":"{}"}}}})", pk); }
std::string still(int number) { return fmt::format("still-{:02}", number); }

/// A simulated table has no other key types than those that are asked for.
class NoConsole final : public sink::Console {
 public:
  explicit NoConsole(EventLoop& loop) : loop_(loop) {}
  void query(sink::Query, Done<sink::ResultSet> done) override { refuse(std::move(done)); }
  void show(const table::QualifiedName&, Done<sink::TableReport> done) override { refuse(std::move(done)); }
  void dead_letters(std::optional<std::string>, Done<std::vector<sink::DeadLetter>> done) override {
    refuse(std::move(done));
  }
  void dead_letter_page(std::string, size_t, Done<sink::DeadLetterPage> done) override { refuse(std::move(done)); }
  void row_versions(const std::string&, std::vector<std::string>, Done<sink::RowVersions> done) override {
    refuse(std::move(done));
  }
  void retyping(const table::TableSpec&, Done<std::vector<std::string>> done) override {
    loop_.post([done = std::move(done)]() mutable { done(std::vector<std::string>{}); });
  }

 private:
  template <class T>
  void refuse(Done<T> done) {
    loop_.post([done = std::move(done)]() mutable { done(fail(ErrorKind::internal, "nobody asks for this")); });
  }

  EventLoop& loop_;
};

class VerifiedLife {
 public:
  VerifiedLife(uint64_t seed, VerifyCoverage& coverage, const VerifyParts& parts);

  std::optional<std::string> run();

 private:
  using Wrong = std::optional<std::string>;
  bool struck(double probability) { return rig_.random.fraction() < probability; }
  int below(int bound) { return static_cast<int>(rig_.random.below(static_cast<uint64_t>(bound))); }

  void draw();
  void put(const std::string& pk, bool expires = false);
  void write();
  void disturb();
  void die_for(Duration time);
  void load_again();
  void rest();
  auto& rows() { return rig_.state.tables[kTarget]; }
  void look_at_repair(const std::string& key, const TargetRow& row);
  void plant(const std::string& pk, const std::function<void(TargetRow&)>& change);
  void plant_on_still_items();
  void plant_on_hot_items();
  Wrong check_found();
  Result<verify::VerifyTotals> verify(const std::function<void(verify::VerifyOptions&)>& with = {});
  Wrong race();
  Wrong settle();
  std::string difference_of_hot_items() const;

  VerifyCoverage& coverage_;
  const VerifyParts& parts_;
  StreamsRig rig_;
  sim::InProcessDynamoDb calls_;
  TargetKnobs link_;  ///< the verifier's own way to the target, which may be a long one
  std::unique_ptr<SimDatabase> database_;
  NoConsole console_;
  Duration between_changes_{};
  bool writing_ = false, disturbed_ = false, loads_ = false, loaded_again_ = false;
  int values_ = 1000;
  std::map<std::string, std::string> planted_;  ///< key → what is found there: kinds and paths, by "|"
  std::map<std::string, std::string> found_;
  std::map<std::string, TargetRow> brought_;  ///< by key: what the relay has written last
  std::string gone_over_;                     ///< a repair that has gone over a newer change
};

VerifiedLife::VerifiedLife(uint64_t seed, VerifyCoverage& coverage, const VerifyParts& parts)
    : coverage_(coverage),
      parts_(parts),
      rig_(1 + static_cast<int>(seed % 3), seed),
      calls_(rig_.dynamodb,
             {rig_.loop, rig_.loop, rig_.random, [this](std::string_view, std::string_view) { ++coverage_.faults; }}),
      console_(rig_.loop) {
  draw();
  TargetEnvironment environment{rig_.loop, rig_.loop, rig_.random};
  environment.rules = parts_.rules();
  environment.on_row = [this](const std::string&, const std::string& key, const TargetRow* row) {
    if (row != nullptr) look_at_repair(key, *row);
  };
  rig_.on_row = [this](const std::string&, const std::string& key, const TargetRow* row) {
    if (row != nullptr) brought_[key] = *row;
  };
  link_ = rig_.knobs;
  if (struck(0.5)) link_.write_time = milliseconds(300 + below(1500));
  database_ = connect_target(rig_.state, link_, std::move(environment));
  rig_.options.target = table::Target(database_->traits());
}

void VerifiedLife::draw() {
  rig_.glance = milliseconds(500);
  rig_.knobs.transactional = struck(0.7);
  rig_.knobs.connections = 1 + below(3);
  rig_.knobs.write_time = milliseconds(1 + below(60));
  rig_.knobs.batch_rows = 5 + rig_.random.below(60);
  rig_.dynamodb.options().scan_page = 200 + rig_.random.below(3000);
  rig_.options.poll.idle_poll = milliseconds(200 + below(3000));
  rig_.options.sweep.grace = seconds(below(3) * 60);
  rig_.options.sweep.floor = Duration{};
  loads_ = struck(0.5);
  if (loads_) rig_.options.load.snapshot = relay::Snapshot::initial;
  rig_.options.load.segments = 1 + below(3);
  between_changes_ = milliseconds(struck(0.03) ? 1 : 5 + below(200));
}

void VerifiedLife::put(const std::string& pk, bool expires) {
  const auto number = [](auto value) { return fmt::format(R"({{"N":"{}"}})", value); };
  sim::Attributes item{{"pk", fmt::format(R"({{"S":"{}"}})", pk)}, {"v", number(++values_)}, {"exact", number(kExact)}};
  if (expires) item["ttl"] = number(to_micros(rig_.loop.now()) / 1'000'000 + 5 + below(100));
  // Where the table is throttled nothing changes.
  coverage_.changes += rig_.dynamodb.put_item("demo", std::move(item), rig_.loop.now()) ? 1 : 0;
}

void VerifiedLife::write() {
  if (!writing_) return;
  // Some items never rest, others are written once in a while; they come, go and expire.
  const std::string pk = fmt::format("hot-{:02}", struck(0.5) ? below(4) : below(kHot));
  rig_.dynamodb.advance(rig_.loop.now());
  if (struck(0.25)) {
    const sim::Attributes key{{"pk", fmt::format(R"({{"S":"{}"}})", pk)}};
    coverage_.changes += rig_.dynamodb.delete_item("demo", key, rig_.loop.now()) ? 1 : 0;
  } else {
    put(pk, struck(0.05));
  }
  rig_.loop.after(between_changes_, [this] { write(); });
}

/// From time to time something goes wrong.
void VerifiedLife::disturb() {
  if (!disturbed_) return;
  switch (below(6)) {
    case 0: die_for(milliseconds(below(100'000))); break;
    case 1: die_for(Duration{}); break;
    case 2:
      rig_.streams.roll(rig_.arn(), struck(0.5), rig_.loop.now()).value();
      ++coverage_.reshards;
      break;
    case 3:
      rig_.knobs.down = link_.down = true;
      rig_.loop.after(milliseconds(below(20'000)), [this] { rig_.knobs.down = link_.down = false; });
      break;
    case 4: rig_.dynamodb.throttle("demo", rig_.loop.now() + milliseconds(below(5'000))); break;
    default:
      if (loads_ && struck(0.7)) load_again();
      break;
  }
  rig_.loop.after(seconds(3 + below(40)), [this] { disturb(); });
}

void VerifiedLife::die_for(Duration time) {
  ++coverage_.kills;
  rig_.kill();
  rig_.loop.after(time, [this] { rig_.start(); });
}

void VerifiedLife::load_again() {
  ++coverage_.loads;
  loaded_again_ = true;
  rig_.options.reset = true;
  rig_.start();
  rig_.options.reset = false;
}

/// Nothing is written or goes wrong any more, and the relay brings what there is.
void VerifiedLife::rest() {
  writing_ = disturbed_ = false;
  static_cast<void>(rig_.dynamodb.update_time_to_live("demo", std::nullopt, rig_.loop.now()));
  rig_.live(minutes(3));
  rig_.knobs.lost_request = rig_.knobs.lost_reply = link_.lost_request = link_.lost_reply = 0;
  calls_.settings().faults = {};
  rig_.start();
  // As long as something comes: some lives have seen a thousand changes a second, and their target takes a hundred.
  constexpr int kDayOfLooks = 288;
  std::optional<uint64_t> before;
  for (int looks = 0; looks < kDayOfLooks && before != rig_.stats().counts.applied; ++looks) {
    before = rig_.stats().counts.applied;
    rig_.live(minutes(5));
  }
}

/// What a row is repaired to is never older than the change that it goes by. No two changes have the same value, and later
/// ones have higher ones.
void VerifiedLife::look_at_repair(const std::string& key, const TargetRow& row) {
  const auto value_of = [](const std::string& data) {
    const size_t begin = data.find(R"("v":)");
    return begin == std::string::npos ? 0 : std::stoi(data.substr(begin + 4));
  };
  const auto brought = brought_.find(key);
  if (row.deleted || brought == brought_.end() || brought->second.version != row.version) return;
  if (value_of(row.data) >= value_of(brought->second.data)) return;
  gone_over_ = fmt::format("a repair has put {} over {}, of {}", row.data, brought->second.data, key);
}

void VerifiedLife::plant(const std::string& pk, const std::function<void(TargetRow&)>& change) {
  const auto row = rows().find(typed_key(pk));
  if (row == rows().end()) return;
  change(row->second);
  ++coverage_.planted;
}

void VerifiedLife::plant_on_still_items() {
  const auto by_a_digit = [](std::string& text) {
    char& digit = text[text.find_last_of("0123456789")];
    digit = digit == '7' ? '8' : '7';
  };
  rows().erase(typed_key(still(0)));
  planted_[still(0)] = "missing";
  plant(still(1), [&](TargetRow& row) { by_a_digit(row.data); });
  planted_[still(1)] = "different v";
  plant(still(2), [](TargetRow& row) { row.aux.clear(); });
  planted_[still(2)] = "different exact";
  plant(still(3), [&](TargetRow& row) { by_a_digit(row.aux); });
  planted_[still(3)] = "different exact";
  plant(still(4), [](TargetRow& row) { row = {row.version, true, "", "", row.time}; });
  planted_[still(4)] = "different exact v|missing";  // the mark may be swept
  // Rows without items: one that was invented, one that has lost its tombstone.
  const std::string version = table::version_text(rig_.state.records[kTarget].epoch, "1.invented");
  rows()[typed_key("nobody")] = {version, false, R"({"v":1})", "", rig_.loop.now()};
  planted_["nobody"] = "extra";
  TargetRow& gone = rows()[typed_key(still(5))];
  gone = {gone.version.empty() ? version : gone.version, false, R"({"v":1})", "", gone.time};
  planted_[still(5)] = "extra";
  coverage_.planted += 3;
}

void VerifiedLife::plant_on_hot_items() {
  for (int i = 0; i < 10; ++i) {
    const std::string key = typed_key(fmt::format("hot-{:02}", below(kHot)));
    const auto row = rows().find(key);
    if (row == rows().end() || row->second.deleted) continue;
    ++coverage_.planted;
    if (struck(0.5)) {
      rows().erase(row);
    } else {
      row->second.data = R"({"v":0})";
    }
  }
}

Result<verify::VerifyTotals> VerifiedLife::verify(const std::function<void(verify::VerifyOptions&)>& with) {
  verify::VerifyOptions options;
  options.table = aws::TableName("demo");
  options.schema = "public";
  options.tables = rig_.options.tables;
  options.segments = 1 + below(3);
  if (with) with(options);
  parts_.change(options);
  const auto source = source::make_scan_source(calls_, {options.table, {}}, rig_.loop, rig_.loop);
  const std::unique_ptr<sink::RowReader> reader = parts_.reader(*database_);
  sink::RowReader& rows = reader ? *reader : *database_;
  verify::Verifier verifier(options, {*source, calls_, *database_, rows, *database_, console_},
                            {rig_.loop, rig_.loop, rig_.random, rig_.trace, std::make_unique<InlineExecutor>(rig_.loop),
                             std::make_unique<InlineExecutor>(rig_.loop)});
  found_.clear();
  std::optional<Result<verify::VerifyTotals>> totals;
  verifier.run(
      [this](const Difference& difference) {
        std::string what(to_string(difference.kind));
        for (const std::string& path : difference.paths) what += " " + path;
        const size_t begin = difference.key.find(R"("S":")") + 5;
        found_[difference.key.substr(begin, difference.key.rfind('"') - begin)] = what;
      },
      [&totals](Result<verify::VerifyTotals> result) { totals.emplace(std::move(result)); });
  if (!rig_.live_until([&totals] { return totals.has_value(); }, hours(6)))
    return fail(ErrorKind::internal, "it never ends");
  if (*totals) {
    ++coverage_.verified;
    coverage_.settled += (*totals)->settled;
    coverage_.repaired += (*totals)->repaired;
  }
  return std::move(*totals);
}

/// What was planted, and nothing else; a load that came meanwhile may have put it right.
VerifiedLife::Wrong VerifiedLife::check_found() {
  for (const auto& [pk, what] : found_) {
    const auto planted = planted_.find(pk);
    if (planted == planted_.end()) return fmt::format("a false alarm: {} is {}", pk, what);
    const auto row = rows().find(typed_key(pk));
    const bool has_tombstone = row != rows().end() && row->second.deleted;
    if (what == "missing" && has_tombstone) return fmt::format("{} is told to be missing, and has a tombstone", pk);
    const std::string all = "|" + planted->second + "|";
    if (!all.contains("|" + what + "|")) return fmt::format("{} is told to be {}, not {}", pk, what, planted->second);
  }
  if (loaded_again_ || found_.size() == planted_.size()) return {};
  for (const auto& [pk, what] : planted_) {
    if (!found_.contains(pk)) return fmt::format("nobody has found {}, which is {}", pk, what);
  }
  return {};
}

/// Rows are broken, written and repaired, all at once.
VerifiedLife::Wrong VerifiedLife::race() {
  for (int round = 0; round < 3; ++round) {
    plant_on_hot_items();
    const Duration settle = milliseconds(round == 0 ? 0 : below(3000));
    const auto totals = verify([&](verify::VerifyOptions& options) {
      options.repair = true;
      options.settle = settle;
    });
    if (!totals) return "a repair failed: " + to_string(totals.error());
    if (!gone_over_.empty()) return gone_over_;
  }
  return {};
}

std::string VerifiedLife::difference_of_hot_items() const {
  const auto& table = rig_.state.tables.at(kTarget);
  for (int number = 0; number < kHot; ++number) {
    const std::string pk = fmt::format("hot-{:02}", number);
    const sim::Attributes* item = rig_.dynamodb.items_of("demo")->find({{"pk", fmt::format(R"({{"S":"{}"}})", pk)}});
    const auto row = table.find(typed_key(pk));
    const bool lives = row != table.end() && !row->second.deleted;
    if (lives != (item != nullptr)) return fmt::format("{} {}", pk, lives ? "has a row, and no item" : "has no row");
    if (item == nullptr) continue;
    const std::string number_of = item->at("v").substr(6, item->at("v").size() - 8);
    if (!row->second.data.contains("\"v\":" + number_of) || !row->second.aux.contains(kExact)) {
      return fmt::format("{} has value {}, and its row {} {}", pk, number_of, row->second.data, row->second.aux);
    }
  }
  return "";
}

VerifiedLife::Wrong VerifiedLife::settle() {
  rest();
  if (!rig_.wrong().empty()) return rig_.wrong();
  // Rows were removed until none was left by which the relay knows its table: it has ended, and follows it no more.
  const bool lost = rig_.result() && !*rig_.result() && rig_.result()->error().kind == ErrorKind::mismatch;
  if (lost) return {};
  if (const std::string differs = difference_of_hot_items(); !differs.empty()) return "at rest " + differs;
  auto totals = verify([](verify::VerifyOptions& options) { options.repair = true; });
  if (!totals) return "the last repair failed: " + to_string(totals.error());
  if (totals->found_differences()) return "not all is repaired at rest";
  totals = verify();
  if (!totals) return "the last look failed: " + to_string(totals.error());
  if (!found_.empty()) return fmt::format("{} is {} after its repair", found_.begin()->first, found_.begin()->second);
  const size_t items = rig_.dynamodb.items_of("demo")->items().size();
  if (totals->equal != items || totals->rows != items) return fmt::format("{} rows of {} items", totals->rows, items);
  return rig_.equal() ? Wrong{} : rig_.difference();
}

std::optional<std::string> VerifiedLife::run() {
  for (int i = 0; i < kStill; ++i) put(still(i));
  for (int i = 0; i < kHot; ++i) put(fmt::format("hot-{:02}", i));
  rig_.remove(still(5));
  rig_.start();
  if (!rig_.live_until([this] { return rig_.equal(); }, hours(1))) return "the relay never ends its first pass";
  rig_.live(minutes(2));
  static_cast<void>(rig_.dynamodb.update_time_to_live("demo", sim::TimeToLive{"ttl"}, rig_.loop.now()));
  plant_on_still_items();
  rig_.knobs.lost_request = struck(0.5) ? 0.02 : 0;
  rig_.knobs.lost_reply = struck(0.5) ? 0.02 : 0;
  link_.lost_request = rig_.knobs.lost_request;
  link_.lost_reply = rig_.knobs.lost_reply;
  if (struck(0.5)) calls_.settings().faults = sim::mild_faults();
  writing_ = disturbed_ = true;
  write();
  rig_.loop.after(seconds(below(60)), [this] { disturb(); });
  const auto totals = verify();
  if (!totals) return "it could not be compared: " + to_string(totals.error());
  if (auto wrong = check_found()) return wrong;
  disturbed_ = struck(0.5);
  if (auto wrong = race()) return wrong;
  return settle();
}

// Mistakes.

class IgnoresVersions final : public TargetRules {
 public:
  bool may_repair(const TargetRow&, const std::string&) const override { return true; }
};

/// What was missing is written as if it were the newest there is.
class RepairsAsTheNewest final : public TargetRules {
 public:
  std::string version(const dynamodb::Change& change, coordination::Epoch epoch) const override {
    std::string version = TargetRules::version(change, epoch);
    constexpr size_t kKind = 9;  // behind "00000001."
    if (change.from_load()) version[kKind] = '9';
    return version;
  }
};

template <class Rules>
class BrokenRepair final : public VerifyParts {
 public:
  const TargetRules* rules() const override { return &rules_; }

 private:
  Rules rules_;
};

class DoesNotLookAgain final : public VerifyParts {
 public:
  void change(verify::VerifyOptions& options) const override { options.settle = Duration{}; }
};

class ReaderShell : public sink::RowReader {
 public:
  explicit ReaderShell(sink::RowReader& rows) : rows_(rows) {}
  void read_rows(Spec spec, std::vector<std::vector<table::KeyCell>> keys, Done<Rows> done) override {
    rows_.read_rows(std::move(spec), std::move(keys), std::move(done));
  }
  void read_keys(Spec spec, std::vector<std::string> from, size_t limit, Done<sink::KeyPage> done) override {
    rows_.read_keys(std::move(spec), std::move(from), limit, std::move(done));
  }
  void walk_rows(Spec spec, sink::RowVisit visit, Done<bool> done) override {
    rows_.walk_rows(std::move(spec), std::move(visit), std::move(done));
  }
  void learned_types(Spec spec, Done<table::LearnedTypes> done) override {
    rows_.learned_types(std::move(spec), std::move(done));
  }

 private:
  sink::RowReader& rows_;
};

class SeesNoAux final : public ReaderShell {
 public:
  using ReaderShell::ReaderShell;
  void read_rows(Spec spec, std::vector<std::vector<table::KeyCell>> keys, Done<Rows> done) override {
    ReaderShell::read_rows(std::move(spec), std::move(keys), [done = std::move(done)](Result<Rows> rows) mutable {
      if (rows) std::ranges::for_each(*rows, [](auto& row) { row ? row->aux.reset() : void(); });
      done(std::move(rows));
    });
  }
  void walk_rows(Spec spec, sink::RowVisit visit, Done<bool> done) override {
    const auto without = [visit = std::move(visit)](const auto& key, auto data, auto) { return visit(key, data, {}); };
    ReaderShell::walk_rows(std::move(spec), without, std::move(done));
  }
};

class WalksNotToTheEnd final : public ReaderShell {
 public:
  using ReaderShell::ReaderShell;
  void read_keys(Spec spec, std::vector<std::string> from, size_t limit, Done<sink::KeyPage> done) override {
    ReaderShell::read_keys(std::move(spec), std::move(from), limit, [done = std::move(done)](auto page) mutable {
      if (page) page->keys.resize(page->keys.size() / 2);
      done(std::move(page));
    });
  }
};

class ShowsHalfTheRows final : public ReaderShell {
 public:
  using ReaderShell::ReaderShell;
  void walk_rows(Spec spec, sink::RowVisit visit, Done<bool> done) override {
    const auto half = [visit = std::move(visit), rows = 0](const auto& key, auto data, auto aux) mutable {
      return rows++ % 2 == 0 || visit(key, data, aux);
    };
    ReaderShell::walk_rows(std::move(spec), half, std::move(done));
  }
};

/// Rows that are marked are shown as if they lived, or were not there.
class SeesTombstonesAsNothing final : public ReaderShell {
 public:
  using ReaderShell::ReaderShell;
  void read_rows(Spec spec, std::vector<std::vector<table::KeyCell>> keys, Done<Rows> done) override {
    ReaderShell::read_rows(std::move(spec), std::move(keys), [done = std::move(done)](Result<Rows> rows) mutable {
      if (rows) {
        for (auto& row : *rows) {
          if (row && row->deleted) row.reset();
        }
      }
      done(std::move(rows));
    });
  }
};

template <class Reader>
class BrokenReading final : public VerifyParts {
 public:
  std::unique_ptr<sink::RowReader> reader(sink::RowReader& rows) const override { return std::make_unique<Reader>(rows); }
};

template <class T>
std::unique_ptr<VerifyParts> broken_parts() {
  return std::make_unique<T>();
}

}  // namespace

std::string to_text(const VerifyCoverage& c) {
  return fmt::format(
      "{} comparisons beside {} changes, {} differences planted, {} settled, {} repaired; {} kills, {} loads, {} reshards, "
      "{} faults",
      c.verified, c.changes, c.planted, c.settled, c.repaired, c.kills, c.loads, c.reshards, c.faults);
}

std::optional<std::string> live_verified(uint64_t seed, VerifyCoverage& coverage, const VerifyParts& parts) {
  return VerifiedLife(seed, coverage, parts).run();
}

std::vector<VerifyMutation> all_verify_mutations() {
  return {
      {"IgnoresVersions", "a repair that ignores the version that its row was read with",
       broken_parts<BrokenRepair<IgnoresVersions>>},
      {"RepairsAsTheNewest", "a missing row that is written as the newest", broken_parts<BrokenRepair<RepairsAsTheNewest>>},
      {"DoesNotLookAgain", "a difference that stands as soon as it is found", broken_parts<DoesNotLookAgain>},
      {"SeesNoAux", "a comparison without aux", broken_parts<BrokenReading<SeesNoAux>>},
      {"WalksNotToTheEnd", "a walk over half of the keys", broken_parts<BrokenReading<WalksNotToTheEnd>>},
      {"ShowsHalfTheRows", "rows that are left out of those that are shown at first",
       broken_parts<BrokenReading<ShowsHalfTheRows>>},
      {"SeesTombstonesAsNothing", "a repair that takes a tombstone for no row at all",
       broken_parts<BrokenReading<SeesTombstonesAsNothing>>},
  };
}

}  // namespace ctk::simulation
