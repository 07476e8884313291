// `ctk dead-letters replay`: asks the target, and does what src/replay decides.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "cli/exit_code.h"
#include "cli/load_plan.h"
#include "cli/run_commands.h"
#include "cli/target_session.h"
#include "replay/table_replay.h"
#include "table/names.h"

namespace ctk::cli {
namespace {

using coordination::TableRecord;

/// So many items of a table are written together.
constexpr size_t kKeysOfAWrite = 500;
constexpr const char* kAsLoaded = "give the options that the table is loaded with, too";

/// The letters of one table, and how its rows are written.
struct Work {
  TableRecord record;
  table::TableSpec spec;
  std::vector<sink::DeadLetter> letters;
};

class Replay {
 public:
  Replay(const ReplayCommand& command, TargetSession& session, World& world)
      : command_(command), session_(session), world_(world) {}

  int run();

 private:
  Status find_letters();
  Status find_tables();
  Status find_work();
  Result<table::TableSpec> spec_of(const TableRecord& record, const sink::DeadLetter& letter);
  /// The types that the key's columns have, where nobody asks for others.
  Result<table::TableSpec> with_found_types(const table::TableSpec& spec, const dynamodb::KeySchema& keys);
  /// What a user has to run before the letters can be applied, or nothing.
  Result<std::string> retyping();
  Status replay(Work& work);
  Result<sink::OpenTable> open(const Work& work);
  Status replay_part(const Work& work, std::vector<sink::DeadLetter> letters, const table::Renderer& renderer);
  Status write(replay::TableReplay& part, const table::Renderer& renderer);
  Status rehearse(const Work& work, const sink::Batch& batch);
  /// The letters stay, for this reason.
  Status keep(std::vector<sink::DeadLetter> letters, const std::string& reason);

  const ReplayCommand& command_;
  TargetSession& session_;
  World& world_;
  std::vector<sink::DeadLetter> letters_;
  std::vector<TableRecord> records_;
  std::optional<std::string> table_;  ///< the only one
  std::vector<Work> work_;
  std::map<std::string, std::vector<sink::DeadLetter>> staying_;  ///< those that are of no table, by the reason
  dynamodb::Decoder decoder_;
  replay::Totals totals_;
  std::string printed_;  ///< by a dry run
};

Status Replay::find_letters() {
  const auto read = [this](std::optional<std::string> id) {
    auto letters = session_.dead_letters(std::move(id));
    if (!letters && letters.error().kind == ErrorKind::not_found) letters = std::vector<sink::DeadLetter>{};
    return letters;
  };
  if (command_.ids.empty()) {
    auto all = read(std::nullopt);
    if (!all) return forward_error(std::move(all));
    letters_ = std::move(*all);
    return {};
  }
  for (const std::string& id : command_.ids) {
    auto one = read(id);
    if (!one) return forward_error(std::move(one));
    if (one->empty()) {
      return fail(ErrorKind::not_found, fmt::format("there is no dead letter \"{}\"", id), "",
                  "ctk dead-letters list shows what there is; nothing was changed");
    }
    letters_.push_back(std::move(one->front()));
  }
  return {};
}

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

Status Replay::find_work() {
  std::map<const TableRecord*, size_t> places;
  for (sink::DeadLetter& letter : letters_) {
    const replay::Destination destination = replay::destination_of(letter, records_, table_);
    if (const auto* reason = std::get_if<std::string>(&destination)) {
      staying_[*reason].push_back(std::move(letter));
    } else if (const auto* record = std::get_if<const TableRecord*>(&destination)) {
      const auto [place, is_new] = places.emplace(*record, work_.size());
      if (is_new) {
        auto spec = spec_of(**record, letter);
        if (!spec) return forward_error(std::move(spec));
        work_.push_back({**record, std::move(*spec), {}});
      }
      work_[place->second].letters.push_back(std::move(letter));
    } else if (!command_.ids.empty()) {
      return fail(ErrorKind::not_found,
                  fmt::format("dead letter \"{}\" is of source table \"{}\", and {} is not", letter.id, letter.source_table,
                              *table_),
                  "", "nothing was changed");
    }
  }
  letters_.clear();
  return {};
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
  for (const Work& work : work_) {
    if (work.spec.options.key_types.empty()) continue;
    const auto statements = session_.retyping(work.spec);
    if (!statements) return std::unexpected(statements.error());
    for (const std::string& sql : *statements) text += sql + ";\n";
  }
  return text;
}

Status Replay::keep(std::vector<sink::DeadLetter> letters, const std::string& reason) {
  totals_.refused += letters.size();
  std::erase_if(letters, [&](const sink::DeadLetter& letter) { return letter.reason == reason; });
  if (letters.empty() || command_.dry_run) return {};
  auto batch = std::make_shared<sink::Batch>();
  for (sink::DeadLetter& letter : letters) letter.reason = reason;
  batch->dead_letters = std::move(letters);
  const auto kept = session_.apply(batch);
  return kept ? Status{} : std::unexpected(kept.error());
}

Result<sink::OpenTable> Replay::open(const Work& work) {
  coordination::TableClaim claim;
  claim.table = work.record.table;
  claim.source_table = work.record.source_table;
  claim.incarnation = work.record.incarnation;
  claim.kind = work.record.kind;
  claim.keys = work.record.keys;
  claim.form = table::form_of(work.spec.options);
  table::TableSpec spec = work.spec;
  if (command_.dry_run) spec.options.create_table = false;
  auto opened = session_.open_table(spec, claim);
  if (!opened && opened.error().kind == ErrorKind::refused) opened.error().hint = kAsLoaded;
  return opened;
}

Status Replay::replay(Work& work) {
  const auto there = session_.exists(work.spec.name);
  if (!there) return std::unexpected(there.error());
  if (!*there) return keep(std::move(work.letters), fmt::format("table {} is not there", work.record.table));
  auto opened = open(work);
  // It is there, but it is not the one that was written.
  if (!opened && opened.error().kind == ErrorKind::mismatch) return keep(std::move(work.letters), opened.error().message);
  if (!opened) return forward_error(std::move(opened));
  work.record = opened->record;
  for (auto& part : replay::in_parts(std::move(work.letters), kKeysOfAWrite)) {
    if (Status done = replay_part(work, std::move(part), *opened->renderer); !done) return done;
  }
  return {};
}

Status Replay::replay_part(const Work& work, std::vector<sink::DeadLetter> letters, const table::Renderer& renderer) {
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
  if (command_.dry_run) return rehearse(work, part.next(renderer));
  if (Status written = write(part, renderer); !written) return written;
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
  coordination::TableClaim claim;
  claim.table = work.record.table;
  table::TableSpec spec = work.spec;
  spec.options.create_table = false;
  const auto opened = session->open_table(spec, claim);
  if (!opened) return std::unexpected(opened.error());
  out.str("");
  const auto outcome = session->apply(std::make_shared<const sink::Batch>(batch));
  if (!outcome) return std::unexpected(outcome.error());
  printed_ += out.str();
  return {};
}

int Replay::run() {
  for (const auto step : {&Replay::find_letters, &Replay::find_tables, &Replay::find_work}) {
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
  for (auto& [reason, letters] : staying_) {
    if (const Status kept = keep(std::move(letters), reason); !kept) return report_error(world_, kept.error());
  }
  for (Work& work : work_) {
    if (const Status done = replay(work); !done) return report_error(world_, done.error());
  }
  if (command_.dry_run) return print_result(world_, printed_) ? kDone : kFailed;
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
