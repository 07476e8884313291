// `ctk dead-letters replay`: asks the target, and does what src/replay decides.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <variant>

#include "cli/exit_code.h"
#include "cli/letter_pages.h"
#include "cli/load_plan.h"
#include "cli/run_commands.h"
#include "cli/target_session.h"
#include "dynamodb/decode.h"
#include "observe/progress_display.h"
#include "replay/table_replay.h"
#include "table/names.h"

namespace ctk::cli {
namespace {

using coordination::TableRecord;

/// How many of the letters that are named are held at once.
constexpr size_t kNamedAtOnce = 8;
constexpr const char* kAsLoaded = "give the options that the table is loaded with, too";

/// The letters that were asked for, some at a time.
class WantedLetters {
 public:
  WantedLetters(TargetSession& session, const std::vector<std::string>& ids)
      : session_(session), ids_(ids), all_(session) {}

  /// The next ones; none: that was all.
  Result<std::vector<sink::DeadLetter>> next() { return ids_.empty() ? all_.next() : next_of_named(); }

 private:
  Result<std::vector<sink::DeadLetter>> next_of_named() {
    std::vector<sink::DeadLetter> letters;
    for (; named_ < ids_.size() && letters.size() < kNamedAtOnce; ++named_) {
      auto one = session_.dead_letters(ids_[named_]);
      if (!one && one.error().kind != ErrorKind::not_found) return one;
      if (!one || one->empty()) {
        return fail(ErrorKind::not_found, fmt::format("there is no dead letter \"{}\"", ids_[named_]), "",
                    "ctk dead-letters list shows what there is; nothing was changed");
      }
      letters.push_back(std::move(one->front()));
    }
    return letters;
  }

  TargetSession& session_;
  const std::vector<std::string>& ids_;
  LetterPages all_;
  size_t named_ = 0;
};

/// A table that letters are of, and how its rows are written.
struct Work {
  TableRecord record;
  table::TableSpec spec;
  std::shared_ptr<const table::Renderer> renderer = nullptr;  ///< once it is open
  std::string closed = {};                                    ///< why it cannot be
};

class Replay {
 public:
  Replay(const ReplayCommand& command, TargetSession& session, World& world)
      : command_(command), session_(session), world_(world) {
    // What a dry run prints goes before how far it is.
    if (!world.output.quiet && !command.dry_run)
      progress_.emplace([this] { return progress(); }, world.clock, world.log, world.terminal);
  }

  int run();

 private:
  using Letters = std::vector<sink::DeadLetter>;
  Status find_tables();
  /// Which tables the letters are of; changes nothing.
  Status survey();
  /// The letter's table: null where it is of none that was asked for; or why it is of none at all.
  Result<std::variant<Work*, std::string>> work_of(const sink::DeadLetter& letter);
  Result<table::TableSpec> spec_of(const TableRecord& record, const sink::DeadLetter& letter);
  /// The types that the key's columns have, where nobody asks for others.
  Result<table::TableSpec> with_found_types(const table::TableSpec& spec, const dynamodb::KeySchema& keys);
  /// What a user has to run before the letters can be applied, or nothing.
  Result<std::string> retyping();
  Status replay_all();
  Status replay_page(Letters letters);
  Status replay(Work& work, Letters letters);
  /// Once; Work::closed where the table is not, or no longer, the one that was written.
  Status open(Work& work);
  Result<sink::OpenTable> register_table(const Work& work);
  Status write(replay::TableReplay& part, const table::Renderer& renderer);
  Status rehearse(const Work& work, const sink::Batch& batch);
  /// The letters stay, for this reason.
  Status keep(Letters letters, const std::string& reason);
  observe::ProgressText progress() const;

  const ReplayCommand& command_;
  TargetSession& session_;
  World& world_;
  std::vector<TableRecord> records_;
  std::optional<std::string> table_;  ///< the only one
  std::map<const TableRecord*, Work> work_;
  dynamodb::Decoder decoder_;
  replay::Totals totals_;
  std::optional<observe::ProgressDisplay> progress_;
  bool printed_ = true;  ///< so far; else nobody reads what a dry run says
};

Status Replay::find_tables() {
  auto records = session_.records();
  if (!records && records.error().kind != ErrorKind::not_found) return forward_error(std::move(records));
  if (records) records_ = std::move(*records);
  const sink::TargetOptions& target = session_.target();
  if (!target.table) return {};
  table_ = table::QualifiedName{target.schema, *target.table}.str();
  for (const TableRecord& record : records_) {
    if (table::same_table(target.kind, record.table, *table_)) table_ = record.table;
  }
  return {};
}

Result<std::variant<Work*, std::string>> Replay::work_of(const sink::DeadLetter& letter) {
  using Found = std::variant<Work*, std::string>;
  const replay::Destination destination = replay::destination_of(letter, records_, table_);
  if (const auto* reason = std::get_if<std::string>(&destination)) return Found(*reason);
  const auto* record = std::get_if<const TableRecord*>(&destination);
  if (record == nullptr) return Found(nullptr);
  const auto known = work_.find(*record);
  if (known != work_.end()) return Found(&known->second);
  auto spec = spec_of(**record, letter);
  if (!spec) return forward_error(std::move(spec));
  return Found(&work_.emplace(*record, Work{**record, std::move(*spec)}).first->second);
}

Status Replay::survey() {
  WantedLetters pages(session_, command_.ids);
  while (true) {
    const auto letters = pages.next();
    if (!letters) return std::unexpected(letters.error());
    if (letters->empty()) return {};
    for (const sink::DeadLetter& letter : *letters) {
      const auto work = work_of(letter);
      if (!work) return std::unexpected(work.error());
      const auto* found = std::get_if<Work*>(&*work);
      if (command_.ids.empty() || found == nullptr || *found != nullptr) continue;
      return fail(ErrorKind::not_found,
                  fmt::format("dead letter \"{}\" is of source table \"{}\", and {} is not", letter.id, letter.source_table,
                              *table_),
                  "", "nothing was changed");
    }
  }
}

Result<table::TableSpec> Replay::spec_of(const TableRecord& record, const sink::DeadLetter& letter) {
  const sink::TargetOptions& target = session_.target();
  table::TableOptions options = target.tables;
  table::take_form(options, record.form);
  if (session_.options().has("layout")) options.layout = target.tables.layout;
  if (session_.options().has("encoding")) options.encoding = target.tables.encoding;
  auto source = read_options(OptionScope::source, net::Url{}, command_.target.flags);
  if (!source) return forward_error(std::move(source));
  if (Status selected = read_selection(*source, options); !selected) return forward_error(std::move(selected));
  dynamodb::KeySchema keys = record.keys;
  if (keys.attributes.empty()) {
    const auto read = replay::read_letter(letter, decoder_, false);
    if (const auto* with_change = std::get_if<replay::Letter>(&read)) keys = table::key_schema_of(*with_change->change);
  }
  // Of several tables each has its own keys.
  const auto is_none_of_its = [&](const auto& type) {
    return std::ranges::find(keys.attributes, type.first, [](const auto& each) { return each.first; }) ==
           keys.attributes.end();
  };
  if (records_.size() > 1 && !table_) std::erase_if(options.key_types, is_none_of_its);
  const std::string prefix = target.schema.empty() ? "" : target.schema + ".";
  const std::string name = record.table.starts_with(prefix) ? record.table.substr(prefix.size()) : record.table;
  auto spec = table::make_spec(target.kind, {target.schema, name}, record.source_table, keys, options);
  if (!spec) return spec;
  return with_found_types(*spec, keys);
}

Result<table::TableSpec> Replay::with_found_types(const table::TableSpec& spec, const dynamodb::KeySchema& keys) {
  using table::ColumnType;
  table::TableOptions found = spec.options;
  for (const table::KeyColumn& key : spec.keys) {
    if (spec.options.layout == table::Layout::document || found.key_types.contains(key.attribute)) continue;
    for (const ColumnType type : {key.column_type, ColumnType::text, ColumnType::bigint, ColumnType::double_precision,
                                  ColumnType::numeric, ColumnType::binary}) {
      table::TableOptions tried = spec.options;
      tried.key_types = {{key.attribute, type}};
      const auto other = table::make_spec(spec.target, spec.name, spec.source_table, keys, tried);
      if (!other) continue;
      const auto statements = session_.retyping(*other);
      if (!statements) return std::unexpected(statements.error());
      if (!statements->empty()) continue;
      if (type != key.column_type) found.key_types[key.attribute] = type;
      break;
    }
  }
  return table::make_spec(spec.target, spec.name, spec.source_table, keys, found);
}

Result<std::string> Replay::retyping() {
  std::string text;
  for (const auto& [record, work] : work_) {
    if (work.spec.options.key_types.empty()) continue;
    const auto statements = session_.retyping(work.spec);
    if (!statements) return std::unexpected(statements.error());
    for (const std::string& sql : *statements) text += sql + ";\n";
  }
  return text;
}

Status Replay::keep(Letters letters, const std::string& reason) {
  totals_.refused += letters.size();
  std::erase_if(letters, [&](const sink::DeadLetter& letter) { return letter.reason == reason; });
  if (letters.empty() || command_.dry_run) return {};
  auto batch = std::make_shared<sink::Batch>();
  for (sink::DeadLetter& letter : letters) letter.reason = reason;
  batch->dead_letters = std::move(letters);
  const auto kept = session_.apply(batch);
  return kept ? Status{} : std::unexpected(kept.error());
}

Result<sink::OpenTable> Replay::register_table(const Work& work) {
  coordination::TableRegistration registration;
  registration.table = work.record.table;
  registration.source_table = work.record.source_table;
  registration.incarnation = work.record.incarnation;
  registration.kind = work.record.kind;
  registration.keys = work.record.keys;
  registration.form = table::form_of(work.spec.options);
  table::TableSpec spec = work.spec;
  if (command_.dry_run) spec.options.create_table = false;
  auto opened = session_.open_table(spec, registration);
  if (!opened && opened.error().kind == ErrorKind::refused) opened.error().hint = kAsLoaded;
  return opened;
}

Status Replay::open(Work& work) {
  if (work.renderer || !work.closed.empty()) return {};
  const auto there = session_.exists(work.spec.name);
  if (!there) return std::unexpected(there.error());
  if (!*there) {
    work.closed = fmt::format("table {} is not there", work.record.table);
    return {};
  }
  auto opened = register_table(work);
  // It is there, but it is not the one that was written.
  if (!opened && opened.error().kind == ErrorKind::mismatch) {
    work.closed = opened.error().message;
    return {};
  }
  if (!opened) return forward_error(std::move(opened));
  work.record = opened->record;
  work.renderer = opened->renderer;
  return {};
}

Status Replay::replay_all() {
  WantedLetters pages(session_, command_.ids);
  while (printed_) {
    auto letters = pages.next();
    if (!letters) return forward_error(std::move(letters));
    if (letters->empty()) break;
    if (Status done = replay_page(std::move(*letters)); !done) return done;
    if (progress_) progress_->show_if_due();
  }
  return {};
}

observe::ProgressText Replay::progress() const {
  return {fmt::format("replaying dead letters: {} replayed  {} stale  {} refused", totals_.replayed, totals_.stale,
                      totals_.refused),
          "replaying dead letters",
          {{"replayed", totals_.replayed}, {"stale", totals_.stale}, {"refused", totals_.refused}}};
}

Status Replay::replay_page(Letters letters) {
  std::map<Work*, Letters> by_table;
  std::map<std::string, Letters> staying;  ///< by the reason
  for (sink::DeadLetter& letter : letters) {
    const auto work = work_of(letter);
    if (!work) return std::unexpected(work.error());
    if (const auto* reason = std::get_if<std::string>(&*work)) {
      staying[*reason].push_back(std::move(letter));
    } else if (Work* found = std::get<Work*>(*work); found != nullptr) {
      by_table[found].push_back(std::move(letter));
    }
  }
  for (auto& [reason, of_none] : staying) {
    if (Status kept = keep(std::move(of_none), reason); !kept) return kept;
  }
  for (auto& [work, of_table] : by_table) {
    if (Status done = replay(*work, std::move(of_table)); !done) return done;
  }
  return {};
}

Status Replay::replay(Work& work, Letters letters) {
  if (Status opened = open(work); !opened) return opened;
  if (!work.renderer) return keep(std::move(letters), work.closed);
  std::vector<replay::Letter> readable;
  const bool old_images = work.spec.options.deletes == table::Deletes::soft;
  for (sink::DeadLetter& letter : letters) {
    auto read = replay::read_letter(letter, decoder_, old_images);
    if (auto* with_change = std::get_if<replay::Letter>(&read)) {
      readable.push_back(std::move(*with_change));
    } else if (Status kept = keep({std::move(letter)}, std::get<std::string>(read)); !kept) {
      return kept;
    }
  }
  if (readable.empty()) return {};
  const auto keeps = work.spec.options.history ? replay::TableReplay::Keeps::each : replay::TableReplay::Keeps::newest;
  replay::TableReplay part(work.record, std::move(readable), keeps);
  const auto versions = session_.row_versions(work.record.table, part.keys());
  if (!versions) return std::unexpected(versions.error());
  part.note_versions(*versions);
  if (command_.dry_run) return rehearse(work, part.next(*work.renderer));
  if (Status written = write(part, *work.renderer); !written) return written;
  totals_ += part.totals();
  return {};
}

Status Replay::write(replay::TableReplay& part, const table::Renderer& renderer) {
  for (;;) {
    const auto outcome = session_.apply(std::make_shared<const sink::Batch>(part.next(renderer)));
    if (!outcome) return std::unexpected(outcome.error());
    if (part.take(*outcome)) return {};
  }
}

Status Replay::rehearse(const Work& work, const sink::Batch& batch) {
  std::ostringstream out;
  const auto session = TargetSession::rehearse(session_.target(), world_, out);
  coordination::TableRegistration registration;
  registration.table = work.record.table;
  table::TableSpec spec = work.spec;
  spec.options.create_table = false;
  const auto opened = session->open_table(spec, registration);
  if (!opened) return std::unexpected(opened.error());
  out.str("");
  const auto outcome = session->apply(std::make_shared<const sink::Batch>(batch));
  if (!outcome) return std::unexpected(outcome.error());
  printed_ = print_result(world_, out.str());
  return {};
}

int Replay::run() {
  for (const auto step : {&Replay::find_tables, &Replay::survey}) {
    if (const Status done = (this->*step)(); !done) return report_error(world_, done.error());
  }
  const auto ddl = retyping();
  if (!ddl) return report_error(world_, ddl.error());
  if (!ddl->empty()) {
    print_result(world_, *ddl);
    return report_error(
        world_, {ErrorKind::refused, "a key's column has another type than key-type asks for; nothing was changed", "",
                 "run what stands on standard output, then this again"});
  }
  const Status done = replay_all();
  progress_.reset();
  if (!done) return report_error(world_, done.error());
  if (command_.dry_run) return printed_ ? kDone : kFailed;
  const std::string text = command_.json ? replay::totals_json(totals_) : replay::totals_text(totals_);
  if (!print_result(world_, text)) return kFailed;
  if (totals_.refused == 0) return kDone;
  world_.log.warn("what was refused again stays, with its reason: ctk dead-letters list shows it");
  return kDeadLetters;
}

}  // namespace

int run_replay(const ReplayCommand& command, World& world) {
  const auto session = TargetSession::open(command.target, world);
  if (!session) return report_error(world, session.error());
  return Replay(command, **session, world).run();
}

}  // namespace ctk::cli
