// What is computed for a page of either side, away from the loop: items become keys that rows are asked for by, and rows
// become what differs. Used by one job at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dynamodb/key_schema.h"
#include "sink/row_repairer.h"
#include "table/render.h"
#include "verify/comparison.h"
#include "verify/content_hash.h"
#include "verify/difference.h"
#include "verify/key_hash.h"
#include "verify/page_reader.h"
#include "verify/row_marks.h"
#include "verify/seen_keys.h"

namespace ctk::verify {

/// An item, or the key of one, and how its row is asked for.
struct ReadItem {
  std::shared_ptr<const dynamodb::Change> change;
  std::vector<table::KeyCell> cells;  ///< none: the target cannot hold this key, so there is no row
  uint64_t key = 0;                   ///< hash of the row's key; nothing's where there are no cells
};
using ReadItems = std::vector<ReadItem>;

/// What came of a page.
struct PageFindings {
  uint64_t items = 0, rows = 0, equal = 0;
  std::vector<Difference> found;
  /// Rows that no item can have, whenever one looks: nothing can be read again of their kind.
  std::vector<Difference> certain;
};

/// A page of items: those that were told by the marks, counted, and those whose rows are to be asked for.
struct OpenedPage {
  PageFindings told;
  ReadItems items;
};

class PageWork {
 public:
  struct Settings {
    std::shared_ptr<const table::TableSpec> spec;
    dynamodb::KeySchema keys;
    double sample = 1;
    KeyHash::Secret secret{};  ///< drawn for this run
  };
  explicit PageWork(Settings settings);

  /// Rows are shown to it, all of them at best, before the first item comes: then most items are told without asking for
  /// their rows. False: there are too many.
  bool mark(const sink::KeyTexts& key, std::optional<std::string_view> data, std::optional<std::string_view> aux);
  void begin_marks();
  /// `all`: whether no row was left out; else there are none.
  void end_marks(bool all);
  bool has_marks() const { return marks_.has_value(); }
  /// Whether each row that was met has an item; how many rows those are.
  std::optional<uint64_t> told_all() const;

  /// The items of a page that belong to the sample; those with rows by the marks, if there are any.
  OpenedPage open(ScannedPage scanned);
  /// The keys of rows that are asked for, in order; those without cells left out.
  static std::vector<std::vector<table::KeyCell>> keys_of(const ReadItems& items);
  /// `rows`: what keys_of were answered. Remembers the keys for extras().
  Result<PageFindings> compare(const ReadItems& items, sink::RowReader::Rows rows);

  /// How often all keys of the target are to be walked, and the beginning of a walk.
  size_t walks() const { return seen_.passes(); }
  Status begin_walk(size_t walk) { return seen_.begin_pass(walk); }
  /// Of the rows that belong to the walk and the sample, those whose keys were not seen.
  PageFindings extras(const sink::KeyPage& page);

  /// Of differences: the keys by which both sides are read again.
  ReadItems keys_of(const std::vector<Difference>& differences);
  /// `item`: what DynamoDB has now; `row`: what was read before that.
  Result<Look> look(const std::optional<std::string>& item, std::optional<sink::HeldRow> row);
  /// How such a row becomes what its item is, at `now`; nothing where the target cannot hold its key.
  std::optional<sink::RowRepair> repair(const ReadItem& key, const std::optional<std::string>& item,
                                        const std::optional<sink::HeldRow>& row, Timestamp now);

 private:
  std::optional<ReadItem> read_item(dynamodb::RawRecord record);
  ReadItem read_item(dynamodb::Change change) const;
  /// What a mark of a row is told by.
  struct Sign {
    uint64_t key = 0;
    std::optional<uint32_t> content;
  };
  Sign sign_of(const table::Row& row);
  bool is_wanted(const dynamodb::Change& item, const std::vector<table::KeyCell>& cells) const;
  bool is_equal(const ReadItem& item, const std::optional<sink::HeldRow>& row) const;
  bool is_seen(uint64_t key) const;

  Settings settings_;
  PageReader reader_;
  table::Renderer renderer_;
  Comparer comparer_;
  KeyHash hash_;
  ContentHash contents_;
  std::optional<RowMarks> marks_;
  uint64_t marked_bytes_ = 0;  ///< of what was shown
  SeenKeys seen_;              ///< keys of items that no row was marked of
};

}  // namespace ctk::verify
