#include "verify/page_work.h"

#include <algorithm>
#include <utility>

#include "table/keys.h"
#include "verify/item_key.h"

namespace ctk::verify {

namespace {

/// What is read to mark rows: more takes longer than what was read stays true.
constexpr uint64_t kMostMarkedBytes = uint64_t{2} << 30;

sink::KeyTexts texts_of(const std::vector<table::KeyCell>& cells) {
  sink::KeyTexts texts;
  for (const table::KeyCell& cell : cells) texts.push_back(cell.text);
  return texts;
}

}  // namespace

PageWork::PageWork(Settings settings)
    : settings_(std::move(settings)),
      reader_(*settings_.spec, settings_.keys),
      renderer_(*settings_.spec),
      comparer_(*settings_.spec),
      hash_(settings_.secret),
      contents_(settings_.secret, settings_.spec->target->data) {}

void PageWork::begin_marks() {
  marks_.emplace();
  marked_bytes_ = 0;
}

bool PageWork::mark(const sink::KeyTexts& key, std::optional<std::string_view> data, std::optional<std::string_view> aux) {
  if (!is_sampled(key, settings_.sample)) return true;
  marked_bytes_ += data.value_or("").size() + aux.value_or("").size();
  // Of content that cannot be read no item has the hash, but by the chance that any two have.
  return marked_bytes_ <= kMostMarkedBytes && marks_->add(hash_(key), contents_(data, aux).value_or(0));
}

void PageWork::end_marks(bool all) {
  if (all) return marks_->close();
  marks_.reset();
}

std::optional<uint64_t> PageWork::told_all() const {
  return marks_ && marks_->unseen() == 0 ? std::optional<uint64_t>(marks_->size()) : std::nullopt;
}

bool PageWork::is_seen(uint64_t key) const { return (marks_ && marks_->is_seen(key)) || seen_.contains(key); }

PageWork::Sign PageWork::sign_of(const table::Row& row) {
  return {hash_.of_cells(row.keys), contents_(row.data.view(), row.aux.view())};
}

ReadItem PageWork::read_item(dynamodb::Change change) const {
  ReadItem item;
  item.change = std::make_shared<const dynamodb::Change>(std::move(change));
  if (auto cells = table::key_cells(*settings_.spec, item.change->keys())) item.cells = std::move(*cells);
  if (!item.cells.empty()) item.key = hash_.of_cells(item.cells);
  return item;
}

std::optional<ReadItem> PageWork::read_item(dynamodb::RawRecord record) {
  std::optional<dynamodb::Change> change = reader_.read_one(std::move(record));
  return change ? std::optional(read_item(*std::move(change))) : std::nullopt;
}

/// Both sides take the same sample: of the row's key, or the item's where it can have no row.
bool PageWork::is_wanted(const dynamodb::Change& item, const std::vector<table::KeyCell>& cells) const {
  if (settings_.sample >= 1) return true;
  return is_sampled(cells.empty() ? sink::KeyTexts{std::string(item.key)} : texts_of(cells), settings_.sample);
}

OpenedPage PageWork::open(ScannedPage scanned) {
  // All of them first: marks lie all over memory, and are fetched meanwhile.
  std::vector<Sign> signs(scanned.size());
  for (size_t i = 0; marks_ && i < scanned.size(); ++i) {
    if (!scanned[i].row) continue;
    signs[i] = sign_of(*scanned[i].row);
    marks_->expect(signs[i].key);
  }
  OpenedPage page;
  for (size_t i = 0; i < scanned.size(); ++i) {
    const std::optional<table::Row>& row = scanned[i].row;
    const bool told =
        signs[i].content && is_wanted(scanned[i].change, row->keys) && marks_->see(signs[i].key, *signs[i].content);
    if (told) {
      ++page.told.items;
      ++page.told.equal;
      continue;
    }
    ReadItem item = read_item(std::move(scanned[i].change));
    if (!is_wanted(*item.change, item.cells)) continue;
    ++page.told.items;
    page.items.push_back(std::move(item));
  }
  return page;
}

std::vector<std::vector<table::KeyCell>> PageWork::keys_of(const ReadItems& items) {
  std::vector<std::vector<table::KeyCell>> keys;
  keys.reserve(items.size());
  for (const ReadItem& item : items) {
    if (!item.cells.empty()) keys.push_back(item.cells);
  }
  return keys;
}

/// Told by its texts alone, where the target keeps them as they were written.
bool PageWork::is_equal(const ReadItem& item, const std::optional<sink::HeldRow>& row) const {
  if (!row || row->deleted || settings_.spec->target->data != table::DataColumn::text) return false;
  const table::Rendered rendered = renderer_.render(*item.change, 1);
  const auto* written = std::get_if<table::Row>(&rendered);
  return written != nullptr && written->data == row->data && written->aux == row->aux;
}

Result<PageFindings> PageWork::compare(const ReadItems& items, sink::RowReader::Rows rows) {
  PageFindings findings;
  std::vector<uint64_t> seen;
  auto next = rows.begin();
  for (const ReadItem& item : items) {
    std::optional<sink::HeldRow> none;
    std::optional<sink::HeldRow>& row = item.cells.empty() || next == rows.end() ? none : *next++;
    if (!item.cells.empty() && !(marks_ && marks_->see(item.key))) seen.push_back(item.key);
    if (is_equal(item, row)) {
      ++findings.equal;
      continue;
    }
    Comparison comparison;
    if (row) comparison = comparer_.compare(*item.change, *row);
    if (comparison.equal) {
      ++findings.equal;
      continue;
    }
    Difference difference;
    difference.kind = row ? Difference::Kind::different : Difference::Kind::missing;
    difference.key = item.change->key;
    difference.paths = std::move(comparison.paths);
    difference.row = row_state(row, hash_);
    findings.found.push_back(std::move(difference));
  }
  if (Status added = seen_.add(seen); !added) return forward_error(std::move(added));
  return findings;
}

PageFindings PageWork::extras(const sink::KeyPage& page) {
  PageFindings findings;
  for (const sink::KeyTexts& texts : page.keys) {
    const uint64_t key = hash_(texts);
    if (!seen_.covers(key) || !is_sampled(texts, settings_.sample)) continue;
    ++findings.rows;
    if (is_seen(key)) continue;
    Difference difference;
    difference.kind = Difference::Kind::extra;
    const std::optional<std::string> typed = item_key(settings_.keys, *settings_.spec, texts);
    difference.key = typed.value_or("null");
    dynamodb::RawRecord record;
    record.data = difference.key;
    const std::optional<ReadItem> item = typed ? read_item(std::move(record)) : std::nullopt;
    // An item of that key would have another row.
    const bool has_item = item && texts_of(item->cells) == texts;
    (has_item ? findings.found : findings.certain).push_back(std::move(difference));
  }
  return findings;
}

ReadItems PageWork::keys_of(const std::vector<Difference>& differences) {
  ReadItems items;
  for (const Difference& difference : differences) {
    dynamodb::RawRecord record;
    record.data = difference.key;
    std::optional<ReadItem> item = read_item(std::move(record));
    items.push_back(item ? std::move(*item) : ReadItem{});
  }
  return items;
}

Result<Look> PageWork::look(const std::optional<std::string>& item, std::optional<sink::HeldRow> row) {
  Look look;
  look.has_item = item.has_value();
  look.row = row_state(row, hash_);
  if (row) look.version = row->version;
  const bool living = row && !row->deleted;
  if (!item) {
    if (living) look.difference = Difference::Kind::extra;
    return look;
  }
  dynamodb::RawRecord record;
  record.data = json::SharedText(*item);
  const std::optional<ReadItem> read = read_item(std::move(record));
  if (!read) return fail(ErrorKind::corrupt, "DynamoDB answered GetItem with an item that is none");
  if (!row) {
    look.difference = Difference::Kind::missing;
    return look;
  }
  Comparison comparison = comparer_.compare(*read->change, *row);
  if (comparison.equal) return look;
  look.difference = Difference::Kind::different;
  look.paths = std::move(comparison.paths);
  return look;
}

std::optional<sink::RowRepair> PageWork::repair(const ReadItem& key, const std::optional<std::string>& item,
                                                const std::optional<sink::HeldRow>& row, Timestamp now) {
  if (key.cells.empty()) return std::nullopt;
  sink::RowRepair repair;
  repair.key = key.cells;
  if (row) repair.version = row->version;
  if (!item) return repair;
  dynamodb::RawRecord record;
  record.data = json::SharedText(*item);
  record.arrival = now;
  std::optional<ReadItem> read = read_item(std::move(record));
  if (!read) return std::nullopt;
  repair.item = std::move(read->change);
  return repair;
}

}  // namespace ctk::verify
