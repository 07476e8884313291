// What several changes are made of, in one piece of memory: their nodes and the texts beside these; and their records'
// texts, which it keeps where they stand. It lives as long as one of them does.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <utility>

#include "dynamodb/value.h"
#include "json/shared_text.h"

namespace ctk::dynamodb {

/// Filled by one thread; what it holds stays where it is, and as it is.
class Slab {
 public:
  /// `first`: bytes that it takes up at once, beside texts.
  explicit Slab(size_t first) : memory_(first) {}

  std::string_view keep(std::string&& text) { return keep_open(std::move(text)); }
  /// A record; those of one page stand in the same memory, which is there whole whoever keeps it.
  std::string_view keep(const json::SharedText& record) {
    if (memory_of_records_.empty() || memory_of_records_.back() != record.memory()) {
      memory_of_records_.push_back(record.memory());
      bytes_ += record.size();
    }
    return record;
  }
  /// One that may be written to.
  std::string& keep_open(std::string&& text) {
    bytes_ += text.capacity();
    return texts_.emplace_back(std::move(text));
  }
  Node* nodes(size_t count) {
    bytes_ += count * sizeof(Node);
    return static_cast<Node*>(memory_.allocate(count * sizeof(Node), alignof(Node)));
  }
  char* chars(size_t count) {
    bytes_ += count;
    return static_cast<char*>(memory_.allocate(count, 1));
  }
  /// Bytes that it holds, but for the pages in which records stand.
  size_t bytes() const { return bytes_; }

 private:
  std::pmr::monotonic_buffer_resource memory_;
  std::pmr::list<std::string> texts_{&memory_};  ///< which own what they hold
  std::pmr::list<std::shared_ptr<const void>> memory_of_records_{&memory_};
  size_t bytes_ = 0;
};

}  // namespace ctk::dynamodb
