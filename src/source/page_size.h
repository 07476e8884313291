// How many records to ask a shard for, and what room that needs, by the records that it gave before. Pure.
#pragma once

#include <cstddef>

namespace ctk::source {

class PageSize {
 public:
  /// Of a stream's shard.
  PageSize() = default;
  /// Of a segment of a load, whose first page may be a whole one of `average` bytes an item; 0: not known.
  static PageSize of_segment(size_t average);

  int records() const { return records_; }
  /// The room that the next page needs within a budget of `limit` bytes of which `free` are free. Asks for less where one
  /// page would need too much of it.
  size_t room(size_t limit, size_t free);
  /// A page has come whose `count` records cost `bytes`; `cut_off`: there were more, for which there was no room.
  void took(size_t count, size_t bytes, bool cut_off);
  /// Not even one record has found room.
  void found_no_room();

 private:
  bool whole_first_ = false;
  size_t average_ = 2048;
  int records_ = 100;
};

}  // namespace ctk::source
