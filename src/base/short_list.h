// A list that nearly always has one element.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

namespace ctk {

/// One element lies in the list itself; only with a second one does it take memory of its own. `T{}` costs nothing.
template <class T>
class ShortList {
 public:
  ShortList() = default;
  ShortList(std::initializer_list<T> elements) {
    for (const T& element : elements) push_back(element);
  }

  size_t size() const { return more_.empty() ? static_cast<size_t>(has_one_) : more_.size(); }
  bool empty() const { return size() == 0; }
  T* begin() { return more_.empty() ? &one_ : more_.data(); }
  T* end() { return begin() + size(); }
  const T* begin() const { return more_.empty() ? &one_ : more_.data(); }
  const T* end() const { return begin() + size(); }
  T& operator[](size_t place) { return begin()[place]; }
  const T& operator[](size_t place) const { return begin()[place]; }
  T& front() { return *begin(); }
  const T& front() const { return *begin(); }

  void push_back(T element) { insert(size(), std::move(element)); }
  void clear() {
    one_ = T{};
    more_.clear();
    has_one_ = false;
  }
  /// Before what stands at that place.
  void insert(size_t place, T element) {
    if (empty()) {
      one_ = std::move(element);
      has_one_ = true;
      return;
    }
    if (more_.empty()) more_.push_back(std::move(one_));
    more_.insert(more_.begin() + static_cast<std::ptrdiff_t>(place), std::move(element));
  }

 private:
  T one_{};              ///< while it is alone
  std::vector<T> more_;  ///< else all of them
  bool has_one_ = false;
};

}  // namespace ctk
