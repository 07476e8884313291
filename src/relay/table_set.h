// The target tables of a run: where changes go, what ctk_tables had of them at the start, which are open. Pure: whoever has
// it opens them.
//
//   closed ──TableOpener asks for it──▶ opening ──opened──▶ open
//      ▲                                  │
//      ╰──────────────failed──────────────╯
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "relay/borrowed_names.h"
#include "relay/duplicates.h"
#include "relay/routes.h"
#include "sink/sink.h"
#include "source/source.h"

namespace ctk::relay {

struct Table {
  enum class State { closed, opening, open };

  table::TableSpec spec;
  table::KeySchema keys;
  State state = State::closed;
  Duration wanted_since{};  ///< when it was first to be opened
  sink::OpenTable opened;

  bool is_open() const { return state == State::open; }
};

class TableSet {
 public:
  struct Settings {
    RouteRules rules;
    table::TableOptions options;
    bool reset = false;  ///< --reset: what is recorded of a table is forgotten
  };

  explicit TableSet(Settings settings) : settings_(std::move(settings)), routes_(settings_.rules) {}

  /// What the source says of its tables: the one that its records do not name, the order of its keys. `usage` where the
  /// options cannot be those of a table with such keys, before there is any.
  Status know_source(const source::SourceIdentity& source);
  /// What ctk_tables has.
  void know(std::vector<coordination::TableRecord> records);
  /// That of one table, where it has one.
  const coordination::TableRecord* known(const std::string& name) const;
  /// Those of the tables that `relay` has filled and that this run's changes may go to.
  std::vector<const coordination::TableRecord*> filled_by(const coordination::RelayName& relay) const;
  /// Whether `relay` has filled any table, be it one that this run would not write.
  bool has_records(const coordination::RelayName& relay) const;
  /// What versions of `incarnation` are like in the run's tables: what such a table holds has decided.
  std::optional<dynamodb::VersionKind> kind_of(const coordination::Incarnation& incarnation) const;
  std::optional<table::QualifiedName> own_table(const std::string& recorded) const { return routes_.own_table(recorded); }

  Route route(std::string_view source_table) { return routes_.route(source_table); }
  /// Whether an event (DuplicateFilter::event_of) at this place was seen since the last drop. Else it is remembered.
  bool repeats(uint64_t event, std::string_view position) { return held_.seen.repeats(event, position); }

  /// Adds a table, closed; or makes it anew. `keys` may be in any order.
  Result<Table*> add(const table::QualifiedName& name, const std::string& source, table::KeySchema keys, Duration now);
  Table* find(const std::string& name);
  bool any_opening() const;
  std::vector<std::string> open_tables() const;
  void opened(const std::string& name, sink::OpenTable opened);
  void remember(const std::string& name) { opened_before_.insert(name); }
  /// Whether it was open in this run, maybe before a drop.
  bool opened_before(const std::string& name) const { return opened_before_.contains(name); }
  bool any_opened_before() const { return !opened_before_.empty(); }

  /// What is read is dropped, to be read again: tables are opened again, and nothing looks like a repetition of itself.
  void drop() { held_ = {}; }

 private:
  struct Held {
    std::map<std::string, Table> tables;
    DuplicateFilter seen = DuplicateFilter();
  };
  table::KeySchema in_order(const std::string& name, const std::string& source, table::KeySchema keys) const;

  Settings settings_;
  Routes routes_;
  std::vector<std::string> key_order_;
  std::set<std::string> ordered_;  ///< the source tables that it is of
  std::vector<coordination::TableRecord> records_;
  std::set<std::string> opened_before_;
  Held held_;
};

}  // namespace ctk::relay
